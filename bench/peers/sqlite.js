'use strict';

// One measurement of better-sqlite3 in a process of its own: prepared statements on a typed table, and ajv judges a
// record before it is written.   usage: node sqlite.js ROW FILE N   prints units a second.
//
// Done by hand, as an application would: booleans from and to 1 and 0, tags from and to JSON text. Times and decimals
// are kept as the texts that are handed out.

const Database = require('better-sqlite3');

const contacts = require('./contacts');
const { check } = require('./schema');

const WRITTEN = contacts.COLUMNS.join(', ');
const READ = `${WRITTEN}, version, created_at, updated_at`;
const NOW = "(strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))";

function open(file) {
    const db = new Database(file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    return db;
}

function create(db) {
    db.exec(`
        CREATE TABLE contacts (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT, email TEXT NOT NULL UNIQUE,
            status TEXT, age INTEGER, balance TEXT, active INTEGER, born TEXT, last_seen TEXT, company TEXT, notes TEXT,
            tags TEXT, score INTEGER, version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL DEFAULT ${NOW},
            updated_at TEXT NOT NULL DEFAULT ${NOW}, deleted_at TEXT);
        CREATE INDEX contacts_status ON contacts(status);
        CREATE INDEX contacts_age ON contacts(age);
        CREATE INDEX contacts_company ON contacts(company)`);
}

// A function that writes every record that next gives.
function writer(db, next) {
    const places = contacts.COLUMNS.map(() => '?').join(', ');
    const insert = db.prepare(`INSERT INTO contacts (${WRITTEN}) VALUES (${places})`);
    return () => {
        for (let r = next(); r; r = next()) {
            check(r);
            insert.run(r.id, r.name, r.email, r.status, r.age, r.balance, r.active ? 1 : 0, r.born, r.last_seen,
                r.company, r.notes, JSON.stringify(r.tags), r.score);
        }
    };
}

function decode(row) {
    row.active = row.active === null ? null : row.active === 1;
    row.tags = row.tags === null ? null : JSON.parse(row.tags);
    return row;
}

const count = (db) => db.prepare('SELECT count(*) FROM contacts').pluck().get();

const rows = {
    async insert_many(n, db) {
        create(db);
        const write = db.transaction(writer(db, contacts.stream(n)));
        await contacts.rate(n, () => write.immediate());
    },

    async insert_one(n, db) {
        create(db);
        const write = writer(db, contacts.stream(n));
        await contacts.rate(n, write);
    },

    async get(n, db) {
        const total = count(db);
        const select = db.prepare(`SELECT ${READ} FROM contacts WHERE id = ? AND deleted_at IS NULL`);
        await contacts.rate(n, () => {
            for (let i = 0; i < n; i++) decode(select.get(contacts.id(contacts.pick(i, total))));
        });
    },

    async filter(n, db) {
        const select = db.prepare(
            `SELECT ${READ} FROM contacts WHERE age = ? AND deleted_at IS NULL ORDER BY seq LIMIT 50`);
        await contacts.rate(n, () => {
            for (let i = 0; i < n; i++) {
                const found = select.all(i % 100);
                found.forEach(decode);
                if (found.length === 0) throw new Error('nothing was found');
            }
        });
    },

    async stream(_, db) {
        const total = count(db);
        const select = db.prepare(`SELECT ${READ} FROM contacts WHERE deleted_at IS NULL ORDER BY seq`);
        let seen = 0;
        await contacts.rate(total, () => {
            for (const row of select.iterate()) seen += decode(row).id ? 1 : 0;
        });
        if (seen !== total) throw new Error(`${seen} of ${total} records`);
    },
};
rows.fill = rows.insert_many;

contacts.main(rows, open, (db) => db.close());
