-- What holds for all accounts: one row.
CREATE TABLE settings (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    secret BYTEA NOT NULL,
    names TEXT NOT NULL
);

CREATE TABLE accounts (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    state TEXT NOT NULL,
    expires BIGINT
);

-- Texts that may hold any character are octets of UTF-8.
CREATE TABLE credentials (
    account TEXT COLLATE "C" NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    label BYTEA NOT NULL,
    word BYTEA NOT NULL,
    kind BYTEA NOT NULL,
    expires BIGINT,
    last_used BIGINT,
    lookup BYTEA,
    PRIMARY KEY (account, place)
);

CREATE INDEX credentials_lookup ON credentials (lookup, account) WHERE lookup IS NOT NULL;

-- As whom an account may act; no identity: as anyone.
CREATE TABLE acting (
    account TEXT COLLATE "C" NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
    place BIGINT NOT NULL,
    identity TEXT,
    PRIMARY KEY (account, place)
);

CREATE TABLE counters (
    counter BYTEA NOT NULL PRIMARY KEY,
    amount DOUBLE PRECISION NOT NULL,
    since BIGINT NOT NULL,
    ends BIGINT NOT NULL
);

CREATE INDEX counters_ends ON counters (ends);
