'use strict';

// One measurement of ajv and fast-json-stringify: an object is judged, then written as JSON text.
// usage: node validate.js validate - N   prints records a second.

const contacts = require('./contacts');
const { check, stringify } = require('./schema');

const rows = {
    async validate(n) {
        const pool = contacts.pool();
        let length = 0;
        await contacts.rate(n, () => {
            for (let i = 0; i < n; i++) {
                const record = pool[i % 1000];
                check(record);
                length += stringify(record).length;
            }
        });
        if (length < n * 400) throw new Error('the texts are too short');
    },
};

contacts.main(rows);
