--- How many columns of a terminal a text takes, and texts made safe to print there.
-- The ranges are those of Unicode's East Asian Width (W, F, and pictures) and of marks that take no column of their own
-- (Mn, Me, Cf), merged where nothing else lies between them. Needs nothing.

local width = {}

local wide <const> = {
    0x1100, 0x115F, 0x231A, 0x231B, 0x2329, 0x232A, 0x23E9, 0x23EC, 0x23F0, 0x23F0, 0x23F3, 0x23F3, 0x25FD, 0x25FE,
    0x2614, 0x2615, 0x2648, 0x2653, 0x267F, 0x267F, 0x2693, 0x2693, 0x26A1, 0x26A1, 0x26AA, 0x26AB, 0x26BD, 0x26BE,
    0x26C4, 0x26C5, 0x26CE, 0x26CE, 0x26D4, 0x26D4, 0x26EA, 0x26EA, 0x26F2, 0x26F3, 0x26F5, 0x26F5, 0x26FA, 0x26FA,
    0x26FD, 0x26FD, 0x2705, 0x2705, 0x270A, 0x270B, 0x2728, 0x2728, 0x274C, 0x274C, 0x274E, 0x274E, 0x2753, 0x2755,
    0x2757, 0x2757, 0x2795, 0x2797, 0x27B0, 0x27B0, 0x27BF, 0x27BF, 0x2B1B, 0x2B1C, 0x2B50, 0x2B50, 0x2B55, 0x2B55,
    0x2E80, 0x303E, 0x3041, 0x33FF, 0x3400, 0x4DBF, 0x4E00, 0x9FFF, 0xA000, 0xA4CF, 0xA960, 0xA97C, 0xAC00, 0xD7A3,
    0xF900, 0xFAFF, 0xFE10, 0xFE19, 0xFE30, 0xFE6B, 0xFF01, 0xFF60, 0xFFE0, 0xFFE6, 0x16FE0, 0x18CFF, 0x1AFF0, 0x1B2FB,
    0x1F004, 0x1F004, 0x1F0CF, 0x1F0CF, 0x1F18E, 0x1F18E, 0x1F191, 0x1F19A, 0x1F200, 0x1F320, 0x1F32D, 0x1F335,
    0x1F337, 0x1F37C, 0x1F37E, 0x1F393, 0x1F3A0, 0x1F3CA, 0x1F3CF, 0x1F3D3, 0x1F3E0, 0x1F3F0, 0x1F3F4, 0x1F3F4,
    0x1F3F8, 0x1F43E, 0x1F440, 0x1F440, 0x1F442, 0x1F4FC, 0x1F4FF, 0x1F53D, 0x1F54B, 0x1F54E, 0x1F550, 0x1F567,
    0x1F57A, 0x1F57A, 0x1F595, 0x1F596, 0x1F5A4, 0x1F5A4, 0x1F5FB, 0x1F64F, 0x1F680, 0x1F6C5, 0x1F6CC, 0x1F6CC,
    0x1F6D0, 0x1F6D2, 0x1F6D5, 0x1F6D7, 0x1F6DC, 0x1F6DF, 0x1F6EB, 0x1F6EC, 0x1F6F4, 0x1F6FC, 0x1F7E0, 0x1F7EB,
    0x1F7F0, 0x1F7F0, 0x1F90C, 0x1F93A, 0x1F93C, 0x1F945, 0x1F947, 0x1F9FF, 0x1FA70, 0x1FAFF, 0x20000, 0x2FFFD,
    0x30000, 0x3FFFD,
}

local none <const> = {
    0x0300, 0x036F, 0x0483, 0x0489, 0x0591, 0x05BD, 0x05BF, 0x05BF, 0x05C1, 0x05C2, 0x05C4, 0x05C5, 0x05C7, 0x05C7,
    0x0610, 0x061A, 0x061C, 0x061C, 0x064B, 0x065F, 0x0670, 0x0670, 0x06D6, 0x06DC, 0x06DF, 0x06E4, 0x06E7, 0x06E8,
    0x06EA, 0x06ED, 0x0711, 0x0711, 0x0730, 0x074A, 0x0900, 0x0902, 0x093A, 0x093A, 0x093C, 0x093C, 0x0941, 0x0948,
    0x094D, 0x094D, 0x0951, 0x0957, 0x0981, 0x0981, 0x09BC, 0x09BC, 0x09C1, 0x09C4, 0x09CD, 0x09CD, 0x0E31, 0x0E31,
    0x0E34, 0x0E3A, 0x0E47, 0x0E4E, 0x0EB1, 0x0EB1, 0x0EB4, 0x0EBC, 0x0EC8, 0x0ECE, 0x0F71, 0x0F7E, 0x1AB0, 0x1ACE,
    0x1DC0, 0x1DFF, 0x200B, 0x200F, 0x202A, 0x202E, 0x2060, 0x2064, 0x2066, 0x206F, 0x20D0, 0x20F0, 0x302A, 0x302D,
    0x3099, 0x309A, 0xFE00, 0xFE0F, 0xFE20, 0xFE2F, 0xFEFF, 0xFEFF, 0x1F3FB, 0x1F3FF, 0xE0001, 0xE01EF,
}

-- Whether a code point lies in one of the ranges, which are pairs of first and last, ascending.
local function lies_in(ranges, code)
    local low, high = 1, #ranges // 2
    while low <= high do
        local middle = (low + high) // 2
        if code < ranges[2 * middle - 1] then
            high = middle - 1
        elseif code > ranges[2 * middle] then
            low = middle + 1
        else
            return true
        end
    end
    return false
end

local function columns_of(code)
    if code < 0x300 then return 1 end
    if lies_in(none, code) then return 0 end
    return lies_in(wide, code) and 2 or 1
end

--- The columns that a text takes.
function width.of(text)
    if not text:find "[\x80-\xff]" then return #text end
    local sum = 0
    for _, code in utf8.codes(text) do sum = sum + columns_of(code) end
    return sum
end

local escapes <const> = { ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t" }

-- A control character as a backslash and its number.
local function escape(char) return escapes[char] or ("\\x%02x"):format(char:byte(-1)) end

--- The text on one line, with nothing in it that a terminal would obey: control characters and bytes that are not UTF-8
-- are written out, and what turns the direction of writing is left out.
function width.safe(text)
    local good, bad = utf8.len(text)
    while not good do
        text = text:sub(1, bad - 1) .. escape(text:sub(bad, bad)) .. text:sub(bad + 1)
        good, bad = utf8.len(text, bad)
    end
    if not text:find "[%c\xc2\xe2]" then return text end
    text = text:gsub("\xc2[\x80-\x9f]", escape):gsub("%c", escape)
    return (text:gsub("\xe2\x80[\xaa-\xae]", ""):gsub("\xe2\x81[\xa6-\xa9]", ""))
end

-- As much of a text as takes so many columns at most; marks that take none stay with their letter.
local function head(text, most)
    local sum = 0
    for at, code in utf8.codes(text) do
        sum = sum + columns_of(code)
        if sum > most then return text:sub(1, at - 1) end
    end
    return text
end

--- The text in at most so many columns, an ellipsis for what is left out.
function width.cut(text, most)
    if width.of(text) <= most then return text end
    return head(text, most - 1) .. "…"
end

--- The text in pieces of at most so many columns (2 or more), broken between words where there are spaces.
function width.wrap(text, most)
    local pieces, piece = {}, nil
    local function put(word)
        while width.of(word) > most do
            local piece_of = head(word, most)
            pieces[#pieces + 1] = piece_of
            word = word:sub(#piece_of + 1)
        end
        piece = word
    end
    for word in text:gmatch "%S+" do
        if piece and width.of(piece) + 1 + width.of(word) <= most then
            piece = piece .. " " .. word
        else
            if piece then pieces[#pieces + 1] = piece end
            put(word)
        end
    end
    if piece and piece ~= "" then pieces[#pieces + 1] = piece end
    return pieces
end

--- The text with spaces behind it, or before it, up to so many columns.
function width.pad(text, columns, right)
    local spaces = (" "):rep(columns - width.of(text))
    return right and spaces .. text or text .. spaces
end

return width
