'use strict';

// The definition of contacts.lua in JSON Schema: ajv judges a record by it, fast-json-stringify writes it as text.
// The formats are the fast ones of ajv-formats: a date is judged by its shape, so 30 February passes.

const Ajv = require('ajv');
const addFormats = require('ajv-formats');
const fastJson = require('fast-json-stringify');

const schema = {
    type: 'object',
    required: ['email'],
    additionalProperties: false,
    properties: {
        id: { type: 'string', maxLength: 128 },
        name: { type: 'string', maxLength: 80 },
        email: { type: 'string', maxLength: 255, pattern: '^[^@\\s]+@[^@\\s]+\\.[a-z]+$' },
        status: { type: 'string', enum: ['new', 'active', 'paused', 'closed', 'lost'] },
        age: { type: 'integer', minimum: 0, maximum: 150 },
        balance: { type: 'string', pattern: '^-?\\d{1,10}(\\.\\d{1,2})?$' },
        active: { type: 'boolean' },
        born: { type: 'string', format: 'date' },
        last_seen: { type: 'string', format: 'date-time' },
        company: { type: 'string', maxLength: 128 },
        notes: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        score: { type: 'integer' },
    },
};

const ajv = new Ajv({ allErrors: true });
addFormats(ajv, { mode: 'fast' });
const judge = ajv.compile(schema);

function check(record) {
    if (!judge(record)) throw new Error(ajv.errorsText(judge.errors));
}

module.exports = { check, stringify: fastJson(schema) };
