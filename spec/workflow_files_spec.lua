-- Workflows in files, workflows that call each other, and files that lead out of their folder.

local flexdb = require "flexdb"
local core = require "flexdb.core"
local workflows = require "spec.support.workflows"

local folder

local function write(name, text)
    local file <close> = assert(io.open(folder .. "/" .. name, "wb"))
    assert(file:write(text))
end

local function sh(command) assert(os.execute(("cd '%s' && %s"):format(folder, command))) end

local function workflow(steps, initial)
    return ('{"id": "inner", "name": "I", "version": "1.0.0", "initialState": %s, "workflow": %s}'):format(
        initial or "{}", steps)
end

setup(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    sh "mkdir in in/deep out && ln -s ../../out in/deep/up && ln -s deep in/same && mkfifo in/pipe"
    write("in/good.json", workflow('[{"$.y": "$.x + 1"}]', '{"x": 1}'))
    write("in/deep/good.json", workflow '[{"$.deep": true}]')
    write("out/secret.json", workflow '["empty"]')
    write("in/empty.json", "")
    write("in/bad.json", '{"id": "a b"}')
    write("in/big.json", (" "):rep((8 << 20) + 1))
    sh "ln -s ../out/secret.json in/link.json && ln -s deep/good.json in/inside.json && ln -s loop in/loop"
    sh "ln -s nowhere in/dangling.json"
end)
teardown(function() os.execute("rm -rf " .. folder) end)

-- path, the error; nil where it is read
local paths = {
    { "good.json" }, { "deep/good.json" }, { "./deep/../good.json" }, { "deep//good.json" }, { "same/good.json" },
    { "inside.json" },
    { "nowhere.json", 'not_found: there is no file "nowhere.json"' },
    { "dangling.json", 'not_found: there is no file "dangling.json"' },
    { "good.json/x", 'not_found: there is no file "good.json/x"' },
    { "../out/secret.json", 'invalid_document: the file "../out/secret.json" lies outside of the folder of files' },
    { "deep/../../out/secret.json",
        'invalid_document: the file "deep/../../out/secret.json" lies outside of the folder of files' },
    { "../in/good.json", 'invalid_document: the file "../in/good.json" lies outside of the folder of files' },
    { "/etc/passwd", 'invalid_document: the file "/etc/passwd" lies outside of the folder of files' },
    { "link.json", 'invalid_document: the file "link.json" lies outside of the folder of files' },
    { "deep/up/secret.json", 'invalid_document: the file "deep/up/secret.json" lies outside of the folder of files' },
    { "loop", 'internal: the file "loop" cannot be read: Too many levels of symbolic links' },
    { "deep", 'invalid_document: "deep" is not a regular file' },
    { ".", 'invalid_document: the file "." lies outside of the folder of files' },
    { "pipe", 'invalid_document: "pipe" is not a regular file' },
    { "big.json", 'limit: the file "big.json" has more than 8388608 bytes' },
}

describe("a file of a workflow", function()
    for _, scenario in ipairs(paths) do
        it(scenario[1], function()
            local text, real = core.read_inside(folder .. "/in", scenario[1])
            if scenario[2] then
                assert.is_nil(text)
                assert.equal(scenario[2], tostring(real))
            else
                assert.truthy(text:find "inner")
                assert.truthy(real:find("/in/", 1, true))
            end
        end)
    end

    it("that is empty is empty", function() assert.equal("", (core.read_inside(folder .. "/in", "empty.json"))) end)

    it("may lie in the root, or in a folder that a link names", function()
        sh "ln -s in also"
        assert(core.read_inside(folder .. "/also", "good.json"))
        assert(core.read_inside("/", folder:sub(2) .. "/in/good.json"))
        assert.equal(('not_found: there is no file "%s/none"'):format(folder),
            tostring(select(2, core.read_inside(folder .. "/none", "x"))))
    end)

    it("must have a name without NUL", function()
        assert.has_error(function() core.read_inside(folder, "a\0b") end)
        assert.has_error(function() core.read_inside(folder .. "\0", "a") end)
    end)
end)

describe("the node workflow", function()
    local function run(steps, state)
        return workflows.run(steps, { files = folder .. "/in", state = state })
    end

    it("runs another one with a state of its own", function()
        local one = run('[{"workflow": {"file": "good.json", "state": {"x": "$.n"}, "as": "$.got"}}, '
            .. '{"workflow": {"file": "good.json"}}]', { n = 41 })
        assert.is_nil(one.err)
        assert.equal('{"got":{"x":41,"y":42},"n":41,"workflowState":{"x":1,"y":2}}', workflows.json(one.state))
    end)

    it("is part of the run: an idempotency key is for one write of them all", function()
        local db <close> = assert(flexdb.open "sqlite::memory:")
        local t = assert(db:create_table("t", { columns = { { name = "n", dataType = "integer" } } }))
        write("in/keyed.json", workflow [=[[{"flex-record": {
            "operation": "insert", "tableName": "t", "idempotencyKey": "k", "data": {"n": "$.n"}}}]]=])
        local function each(items)
            local steps = ([=[[{"each": {"items": %s, "body":
                {"workflow": {"file": "keyed.json", "state": {"n": "$.item"}}}}}]]=]):format(items)
            return workflows.run(steps, { db = db, files = folder .. "/in" }).err
        end
        assert.equal('conflict: the idempotency key "k" was used for another write of this run',
            tostring(each "[1, 2]"))
        assert.is_nil(each "[1, 1]")
        assert.equal(1, t:count())
    end)

    it("is checked with the first one, before anything runs", function()
        local one = run '[{"log": {"message": "x"}}, {"workflow": {"file": "bad.json"}}]'
        assert.equal("invalid_document: workflow[1].workflow.file: bad.json: id: must be a text of letters, digits, - "
            .. "and _; name: is missing; version: is missing (and 1 more)", tostring(one.err))
        assert.same({}, one.said)
        assert.equal(4, #one.err.issues)
        one = run '[{"workflow": {"file": "link.json"}}]'
        assert.equal('invalid_document: workflow[0].workflow.file: the file "link.json" lies outside of the folder of '
            .. "files", tostring(one.err))
        assert.equal("invalid_document", select(2, flexdb.workflow.check(
            workflows.document '[{"workflow": {"file": "bad.json"}}]', { files = folder .. "/in" })).code)
    end)

    it("reads a file that only the state names when it comes to it", function()
        local one = run('[{"workflow": {"file": "$.f"}}]', { f = "good.json" })
        assert.equal(2, one.state.workflowState.y)
        one = run('[{"workflow": {"file": "$.f", "error?": {"$.met": "$.error.message"}}}]',
            { f = "../out/secret.json" })
        assert.equal('the file "../out/secret.json" lies outside of the folder of files', one.state.met)
        one = run('[{"workflow": {"file": "$.f"}}]', { f = { 1 } })
        assert.equal("invalid_document: the path of a file must be a text that is not empty", tostring(one.err))
        one = run('[{"workflow": {"file": "$.f"}}]', { f = "a\0b" })
        assert.equal("invalid_document: the path of a file must be a text that is not empty", tostring(one.err))
    end)

    it("reads nothing where no folder is given", function()
        local one = workflows.run '[{"workflow": {"file": "good.json"}}]'
        assert.equal('invalid_document: workflow[0].workflow.file: the file "good.json": this run may not read files '
            .. "(files = folder)", tostring(one.err))
    end)

    it("fails with the step that has failed inside", function()
        write("in/fails.json", workflow '[{"$.a": 1}, {"$.a.b": 1}]')
        local one = run '[{"workflow": {"file": "fails.json"}}]'
        assert.equal("invalid_document: $.a.b cannot be set: $.a is a number, not an object", tostring(one.err))
        assert.equal("workflow[1].$.a.b", one.err.step)
        assert.equal("inner", one.err.workflow)
    end)

    it("ends where workflows call each other in a circle", function()
        write("in/one.json", workflow '[{"workflow": {"file": "two.json"}}]')
        write("in/two.json", workflow '[{"workflow": {"file": "one.json"}}]')
        local one = run '[{"workflow": {"file": "one.json"}}]'
        assert.equal("limit: bodies and workflows nest deeper than 100 levels (limits.depth)", tostring(one.err))
    end)

    it("refuses a state that is none", function()
        local one = run('[{"workflow": {"file": "good.json", "state": "$.n"}}]', { n = 5 })
        assert.equal("invalid_document: state must be an object, is a number", tostring(one.err))
    end)
end)

describe("a workflow in a file", function()
    it("runs from its path", function()
        local state = assert(flexdb.workflow.run(folder .. "/in/good.json"))
        assert.equal(2, state.y)
        assert.is_true(flexdb.workflow.check(folder .. "/in/good.json"))
    end)

    it("says which file is wrong, and where", function()
        write("in/torn.json", '{"id": "x",')
        for path, why in pairs {
            ["in/torn.json"] = "invalid_document: %s: the text ends where a key should begin at byte 11",
            ["in/empty.json"] = "invalid_document: %s: the text ends where a value should begin at byte 0",
            ["in/none.json"] = "not_found: the file cannot be read: %s: No such file or directory",
            ["in"] = 'not_found: the file "%s" cannot be read: Is a directory',
        } do
            local _, err = flexdb.workflow.run(folder .. "/" .. path)
            assert.equal(why:format(folder .. "/" .. path), tostring(err))
        end
    end)
end)
