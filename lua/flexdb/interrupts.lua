--- Whether what was raised says that somebody has pressed Ctrl-C: Lua's own program raises it wherever it is just then.
-- It is nobody's error, and whoever catches it has to raise it again. Needs nothing.

return function(raised) return type(raised) == "string" and raised:find "interrupted!$" ~= nil end
