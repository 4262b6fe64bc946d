-- What holds for all accounts: one row.
CREATE TABLE settings (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    secret BLOB NOT NULL,
    names TEXT NOT NULL
) STRICT;

CREATE TABLE accounts (
    name TEXT NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    expires INTEGER
) STRICT, WITHOUT ROWID;

-- Texts that may hold any character are octets of UTF-8.
CREATE TABLE credentials (
    account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    label BLOB NOT NULL,
    word BLOB NOT NULL,
    kind BLOB NOT NULL,
    expires INTEGER,
    last_used INTEGER,
    lookup BLOB,
    PRIMARY KEY (account, place)
) STRICT, WITHOUT ROWID;

CREATE INDEX credentials_lookup ON credentials (lookup, account) WHERE lookup IS NOT NULL;

-- As whom an account may act; no identity: as anyone.
CREATE TABLE acting (
    account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    identity TEXT,
    PRIMARY KEY (account, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    counter BLOB NOT NULL PRIMARY KEY,
    amount REAL NOT NULL,
    since INTEGER NOT NULL,
    ends INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX counters_ends ON counters (ends);
