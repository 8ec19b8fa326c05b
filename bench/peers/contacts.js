'use strict';

// The contacts of the bench, record by record: the same values that bench/contacts.lua makes.

const STATUS = ['new', 'active', 'paused', 'closed', 'lost'];

// What a record brings, in the order in which it is written.
const COLUMNS = [
    'id', 'name', 'email', 'status', 'age', 'balance', 'active', 'born', 'last_seen', 'company', 'notes', 'tags',
    'score',
];

const pad = (number, width) => String(number).padStart(width, '0');

const id = (i) => `01890000-0000-7000-8000-${pad(i, 12)}`;
const email = (i) => `person${i}@example.org`;

function make(i) {
    const cents = (i * 37) % 1000000;
    const [month, day] = [pad((i % 12) + 1, 2), pad((i % 28) + 1, 2)];
    return {
        id: id(i),
        name: `Person number ${i} of the bench`,
        email: email(i),
        status: STATUS[i % 5],
        age: (i * 7) % 100,
        balance: `${Math.floor(cents / 100)}.${pad(cents % 100, 2)}`,
        active: i % 2 === 1,
        born: `19${pad(i % 100, 2)}-${month}-${day}`,
        last_seen: `2024-${month}-${day}T${pad(i % 24, 2)}:${pad(i % 60, 2)}:00.000000Z`,
        company: `company-${i % 100}`,
        notes: `Note ${i}: `.padEnd(200, 'x'),
        tags: ['alpha', 'beta', 'gamma'],
        score: (i * 13) % 1000,
    };
}

function pool() {
    return Array.from({ length: 1000 }, (_, i) => make(i));
}

// An iterator over n records of a pool: all but id and email repeat. What it gives is made here, so that making
// records is not what is measured: call it before the clock runs.
function stream(n) {
    const records = pool();
    const ids = Array.from({ length: n }, (_, i) => id(i));
    const emails = Array.from({ length: n }, (_, i) => email(i));
    let i = -1;
    return () => {
        i += 1;
        if (i >= n) return undefined;
        const record = records[i % 1000];
        record.id = ids[i];
        record.email = emails[i];
        return record;
    };
}

// Does the work and prints how many units of it a second.
async function rate(units, work) {
    const start = performance.now();
    await work();
    console.log((units / ((performance.now() - start) / 1000)).toFixed(3));
}

// Spread over the whole table, and the same in every program.
const pick = (i, n) => (i * 7919) % n;

// Runs one row of a program: node PROGRAM ROW TARGET N
async function main(rows, open = () => undefined, close = () => undefined) {
    const [row, target, n] = process.argv.slice(2);
    if (!rows[row]) throw new Error(`unknown row ${row}`);
    const db = await open(target);
    await rows[row](Number(n), db);
    await close(db);
}

module.exports = { COLUMNS, id, pool, stream, rate, pick, main };
