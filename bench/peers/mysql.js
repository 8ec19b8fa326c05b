'use strict';

// One measurement of mysql2 in a process of its own: prepared statements (execute) on a typed table, which nothing but
// the server judges.   usage: node mysql.js ROW URL N   prints units a second.
//
// Done by hand, as an application would: booleans from 1 and 0, tags to JSON text, times from and to RFC 3339. mysql2
// itself reads JSON columns, and decimals as exact texts.

const mysql = require('mysql2/promise');

const contacts = require('./contacts');

const ROWS_A_TEXT = 500;
const WRITTEN = contacts.COLUMNS.join(', ');
const READ = `${WRITTEN}, version, created_at, updated_at`;
const NOW = 'DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)';

async function open(url) {
    const { hostname, port, username, password, pathname } = new URL(url);
    const db = await mysql.createConnection({
        host: hostname,
        port: Number(port),
        user: decodeURIComponent(username),
        password: decodeURIComponent(password),
        database: pathname.slice(1),
        dateStrings: true,
    });
    await db.query("SET time_zone = '+00:00'");
    return db;
}

async function create(db) {
    await db.query('DROP TABLE IF EXISTS mysql2_contacts');
    await db.query(`
        CREATE TABLE mysql2_contacts (seq BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
            id VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL UNIQUE, name VARCHAR(80),
            email VARCHAR(255) NOT NULL UNIQUE, status VARCHAR(16), age BIGINT, balance DECIMAL(12,2), active BOOLEAN,
            born DATE, last_seen DATETIME(6), company VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin, notes TEXT,
            tags JSON, score BIGINT, version INT NOT NULL DEFAULT 1, created_at ${NOW}, updated_at ${NOW},
            deleted_at DATETIME(6), KEY (status), KEY (age), KEY (company))
        ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`);
}

const datetime = (text) => `${text.slice(0, 10)} ${text.slice(11, 26)}`;
const rfc3339 = (text) => `${text.slice(0, 10)}T${text.slice(11)}Z`;

function encode(r) {
    return [
        r.id, r.name, r.email, r.status, r.age, r.balance, r.active, r.born, datetime(r.last_seen), r.company, r.notes,
        JSON.stringify(r.tags), r.score,
    ];
}

function decode(row) {
    row.active = row.active === null ? null : row.active === 1;
    row.last_seen = row.last_seen === null ? null : rfc3339(row.last_seen);
    row.created_at = rfc3339(row.created_at);
    row.updated_at = rfc3339(row.updated_at);
    return row;
}

// Writes every record that next gives, as many in one text.
async function write(db, next, recordsAText) {
    const places = `(${contacts.COLUMNS.map(() => '?').join(', ')})`;
    const insert = (values) => {
        const times = values.length / contacts.COLUMNS.length;
        const sql = `INSERT INTO mysql2_contacts (${WRITTEN}) VALUES ${new Array(times).fill(places).join(', ')}`;
        return db.execute(sql, values);
    };
    let values = [];
    for (let record = next(); record; record = next()) {
        values.push(...encode(record));
        if (values.length === recordsAText * contacts.COLUMNS.length) {
            await insert(values);
            values = [];
        }
    }
    if (values.length > 0) await insert(values);
}

async function count(db) {
    const [[row]] = await db.query('SELECT count(*) AS n FROM mysql2_contacts');
    return row.n;
}

const rows = {
    async insert_many(n, db) {
        await create(db);
        const next = contacts.stream(n);
        await contacts.rate(n, async () => {
            await db.beginTransaction();
            await write(db, next, ROWS_A_TEXT);
            await db.commit();
        });
    },

    async insert_one(n, db) {
        await create(db);
        const next = contacts.stream(n);
        await contacts.rate(n, () => write(db, next, 1));
    },

    async get(n, db) {
        const total = await count(db);
        const sql = `SELECT ${READ} FROM mysql2_contacts WHERE id = ? AND deleted_at IS NULL`;
        await contacts.rate(n, async () => {
            for (let i = 0; i < n; i++) {
                const [[row]] = await db.execute(sql, [contacts.id(contacts.pick(i, total))]);
                decode(row);
            }
        });
    },

    async filter(n, db) {
        const sql = `SELECT ${READ} FROM mysql2_contacts WHERE age = ? AND deleted_at IS NULL ORDER BY seq LIMIT 50`;
        await contacts.rate(n, async () => {
            for (let i = 0; i < n; i++) {
                const [found] = await db.execute(sql, [i % 100]);
                found.forEach(decode);
                if (found.length === 0) throw new Error('nothing was found');
            }
        });
    },

    // By events, which only the connection below the promises has: faster than its readable stream.
    async stream(_, db) {
        const total = await count(db);
        const sql = `SELECT ${READ} FROM mysql2_contacts WHERE deleted_at IS NULL ORDER BY seq`;
        let seen = 0;
        await contacts.rate(total, () => new Promise((resolve, reject) => {
            const query = db.connection.execute(sql);
            query.on('error', reject).on('end', resolve).on('result', (row) => { seen += decode(row).id ? 1 : 0; });
        }));
        if (seen !== total) throw new Error(`${seen} of ${total} records`);
    },
};
rows.fill = rows.insert_many;

contacts.main(rows, open, (db) => db.end());
