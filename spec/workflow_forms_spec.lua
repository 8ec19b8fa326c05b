-- Whole documents in every form that the format has: flat and nested, loops, setters, templates, jumps, and both data
-- nodes with what they leave in the state for the steps behind them.

local engines = require "spec.support.engines"
local flexdb = require "flexdb"

-- What is done, as steps one after the other, and as steps inside of each other's edges.
local create = [==["operation": "create", "applicationId": "$.shop", "tableName": "visitors", "displayName": "Visitors",
    "columns": [
        {"name": "name", "dataType": "string", "required": true},
        {"name": "mail", "dataType": "string", "unique": true, "indexed": true},
        {"name": "state", "dataType": "string", "defaultValue": "here"}]]==]
local insert = [==["operation": "insert", "tableId": "$.flexTableId",
    "data": {"name": "$.guest.name", "mail": "{{$.guest.box}}@example.org"}]==]
local find = [==["operation": "findMany", "tableId": "$.flexTableId", "filter": {"state": "here"},
    "orderBy": [{"field": "created_at", "direction": "desc"}], "limit": 10]==]
local update = [==["operation": "update", "recordId": "$.flexRecordId", "data": {"state": "gone"},
    "version": "$.flexRecord.version"]==]
local remove = [==["operation": "delete", "recordId": "$.flexRecordId", "hardDelete": false]==]

local failed = [==["error?": {"log": {"message": "failed: {{$.error}}"}}]==]

local function fill(text)
    return (text:gsub("@(%l+)", { create = create, insert = insert, find = find, update = update, remove = remove,
        failed = failed }))
end

local flat = fill [==[
    {"flex-table": {@create, "exists?": {"log": {"message": "is there"}}, @failed}},
    {"log": {"message": "{{$.flexTable.displayName}}: {{$.flexTableSchema.columns.length}} columns"}},
    {"flex-table": {"operation": "get", "applicationId": "$.shop", "tableName": "visitors",
        "not_found?": {"log": {"message": "no table"}}}},
    {"flex-table": {"operation": "list", "applicationId": "$.shop", "success?":
        {"log": {"message": "{{$.flexTables.length}} table, {{$.flexTables.0.name}}"}}}},
    {"flex-record": {@insert, @failed}},
    {"flex-record": {"operation": "findOne", "recordId": "$.flexRecordId", "found?":
        {"log": {"message": "found {{$.flexRecord.data.name}}, {{$.flexRecord.data.mail}}"}}, "not_found?": null}},
    {"flex-record": {@find, "empty?": {"log": {"message": "nobody"}}}},
    {"log": {"message": "{{$.flexRecordCount}} here, {{$.flexRecords.0.data.name}}"}},
    {"flex-record": {@update, "conflict?": {"log": {"message": "somebody was first"}}, "not_found?": null}},
    {"log": {"message": "{{$.flexRecord.data.state}}, version {{$.flexRecord.version}}"}},
    {"flex-record": {@remove, @failed}},
    {"log": {"message": "deleted: {{$.deleted}}"}},
    {"flex-record": {@find, "empty?": {"log": {"message": "nobody"}}}}]==]

local nested = fill [==[
    {"flex-table": {@create, @failed, "success?": [
        {"log": {"message": "{{$.flexTable.displayName}}: {{$.flexTableSchema.columns.length}} columns"}},
        {"flex-table": {"operation": "list", "applicationId": "$.shop", "success?": [
            {"log": {"message": "{{$.flexTables.length}} table, {{$.flexTables.0.name}}"}},
            {"flex-record": {@insert, @failed, "success?": {"flex-record": {
                "operation": "findOne", "recordId": "$.flexRecordId", "found?": [
                    {"log": {"message": "found {{$.flexRecord.data.name}}, {{$.flexRecord.data.mail}}"}},
                    {"flex-record": {@find, "success?": {"log": {"message":
                        "{{$.flexRecordCount}} here, {{$.flexRecords.0.data.name}}", "success?": {"flex-record": {
                            @update, "success?": [
                                {"log": {"message": "{{$.flexRecord.data.state}}, version {{$.flexRecord.version}}"}},
                                {"flex-record": {@remove, "success?": {"log":
                                    {"message": "deleted: {{$.deleted}}"}}}}]}}}}}}],
                "not_found?": {"log": {"message": "lost"}}}}}}]}}]}},
    {"flex-record": {@find, "empty?": {"log": {"message": "nobody"}}}}]==]

local story = [[
Visitors: 7 columns
1 table, visitors
found Ada, ada@example.org
1 here, Ada
gone, version 2
deleted: true
nobody]]

-- name, the steps, the first state (shop is another application each time), what is said, what the last state holds
local documents = {
    { "tables and records, one step after the other", flat, '{"guest": {"name": "Ada", "box": "ada"}}', story },
    { "tables and records, inside of each other", nested, '{"guest": {"name": "Ada", "box": "ada"}}', story },
    { "a table that is there already", fill '{"flex-table": {@create}}, {"flex-table": {@create, "exists?": '
        .. '{"log": {"message": "{{$.errorCode}}: {{$.flexTable.name}}"}}}}', '{}', "exists: visitors" },
    { "a loop that counts, with a loop in it", [==[
        {"logic...": {"operation": "less", "values": ["$.row", 2], "true?": [
            {"$.column": 0},
            {"logic...": {"operation": "less", "values": ["$.column", 3], "true?": [
                {"$.cells": "$.cells + 1"}, {"$.column": "$.column + 1"}], "false?": null}},
            {"log": {"message": "row {{$.row}}: {{$.cells}}"}},
            {"$.row": "$.row + 1"}], "false?": null}},
        {"log": {"message": "{{$.cells}} cells"}}]==], '{"row": 0, "cells": 0}', "row 0: 3\nrow 1: 6\n6 cells" },
    { "every form of a setter", [==[
        {"$.text": "plain"}, {"$.number": 5000}, {"$.truth": false}, {"$.list": [1, "two", {"x": "$.number"}]},
        {"$.object": {"name": "Ada", "age": 36}}, {"$.deep.down.here": {"value": "$.list.2.x"}},
        {"$.whole": {"value": {"a": 1, "b": [true]}}}, {"$.copy": "$.whole.b"},
        {"$.first": {"value": "one", "success?": "$.second"}}, {"$.never": 1}, {"$.second": {"value": "two"}},
        {"$.outer": {"value": true, "success?": {"$.inner.most": {"value": {"dark": "yes"}}}}}]==], "{}", "",
        { text = '"plain"', number = "5000", truth = "false", list = '[1,"two",{"x":5000}]',
            object = '{"age":36,"name":"Ada"}', deep = '{"down":{"here":5000}}', whole = '{"a":1,"b":[true]}',
            copy = "[true]", first = '"one"', second = '"two"', never = "null", outer = "true",
            inner = '{"most":{"dark":"yes"}}' } },
    { "templates beside texts that only look like them", [==[
        {"log": {"message": "{{$.who.name}} has {{$.n}}"}}, {"log": {"message": "it is $.who.name"}},
        {"log": {"message": "$.who.name"}}, {"log": {"message": "<{{$.missing}}>"}},
        {"log": {"message": "{{$.who}}"}}]==], '{"who": {"name": "Ada"}, "n": 3}',
        'Ada has 3\nit is $.who.name\nAda\n<>\n{"name":"Ada"}' },
    { "nodes without configuration",
        '"empty", {"empty": {}}, "log", {"log": {"message": "said", "success?": ["empty"]}}', "{}", "\nsaid" },
    { "the other name of what empty does", [==[
        {"empty": {"nothing?": "$.there"}}, {"$.never": 1}, {"$.there": 1},
        {"empty": {"nothing?": {"log": {"message": "nothing"}}, "success?": {"log": {"message": "success"}}}}]==], "{}",
        "nothing", { there = "1", never = "null" } },
    { "branches with nothing behind one of them", [==[
        {"logic": {"operation": "and", "values": ["$.role", true], "true?": [
            {"logic": {"operation": "equal", "values": ["$.role", "owner"], "true?": {"$.may": "all"}, "false?": null}},
            {"logic": {"operation": "greater", "values": ["$.level", 5], "false?": {"$.low": true}}}], "false?": null}},
        {"logic": {"operation": "or", "values": ["", 0], "true?": null, "false?": {"$.none": "$.logicResult"}}}]==],
        '{"role": "owner", "level": 5}', "", { may = '"all"', low = "true", none = "false" } },
    { "steps that others go on at", [==[
        {"logic": {"operation": "equal", "values": ["$.tries", 2], "true?": "log", "false?": null}},
        {"$.tries": "$.tries + 1"},
        {"empty": {"success?": "logic"}},
        {"log": {"message": "tried {{$.tries}} times"}}]==], '{"tries": 0}', "tried 2 times" },
}

engines.each(function(engine)
    describe("a whole document", function()
        local db
        before_each(function() db = engine.open() end)
        after_each(function() db:close() end)

        for number, scenario in ipairs(documents) do
            it("with " .. scenario[1], function()
                local head = [[{"id": "a_document-1", "name": "A document", "version": "10.20.30",
                    "description": "", "initialState": ]]
                local document = assert(flexdb.json.decode(
                    head .. scenario[3] .. ', "workflow": [' .. scenario[2] .. "]}"))
                local said = {}
                local state = assert(flexdb.workflow.run(document, {
                    db = db, state = { shop = db.application .. number },
                    log = function(message) said[#said + 1] = message end,
                }))
                assert.equal(scenario[4], table.concat(said, "\n"))
                for name, value in pairs(scenario[5] or {}) do
                    local held = state[name]
                    if held == nil then held = flexdb.null end
                    assert.same(assert(flexdb.json.decode("[" .. value .. "]"))[1], held, name)
                end
            end)
        end
    end)
end)
