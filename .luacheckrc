std = "lua54"
max_line_length = 120
codes = true
files["spec"] = { std = "+busted" }
files[".busted"] = { std = "lua54" }
files["rockspec"] = { std = "+rockspec" }
