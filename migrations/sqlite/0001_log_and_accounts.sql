-- The log.

CREATE TABLE stream (
    -- Given in order of creation by the one writer; small, since every row of the log carries it.
    id        INTEGER PRIMARY KEY,
    uuid      BLOB    NOT NULL UNIQUE,
    kind      BIGINT  NOT NULL,
    head_seq  BIGINT  NOT NULL,
    head_hash BLOB    NOT NULL,
    -- The row of lists, JSON.
    summary   BLOB,
    -- The next moment the clock must tell.
    due       BIGINT
);
CREATE INDEX stream_due ON stream (due) WHERE due IS NOT NULL;

CREATE TABLE event (
    stream  BIGINT NOT NULL REFERENCES stream (id),
    seq     BIGINT NOT NULL,
    at      BIGINT,
    actor   BLOB,
    command BLOB,
    digest  BLOB,
    kind    TEXT   NOT NULL,
    version BIGINT NOT NULL,
    body    BLOB   NOT NULL,
    hash    BLOB   NOT NULL,
    PRIMARY KEY (stream, seq)
);
CREATE UNIQUE INDEX event_command ON event (stream, command) WHERE command IS NOT NULL;

-- Free text beside the log. Erasing one overwrites words and salt with zeros of the same length, in place; the event's
-- commitment then says nothing. The row stays: where rows are deleted, SQLite moves their neighbours to other pages and
-- can leave a copy of them in the gaps of the old ones, which `secure_delete` does not clean. Rows here never move, as
-- they are only ever added at the end.
-- No index by key: keys are random, so each text would rewrite a page of its own in it, which halves the rate of the
-- whole log. Texts are read by stream, and an erasure looks through those of its stream once.
CREATE TABLE side_text (
    stream BIGINT NOT NULL REFERENCES stream (id),
    key    BLOB   NOT NULL,
    erased BIGINT NOT NULL DEFAULT 0,
    salt   BLOB   NOT NULL,
    text   TEXT   NOT NULL
);
CREATE INDEX side_text_stream ON side_text (stream);

CREATE TABLE follow_up (
    -- Ascending, oldest first.
    id      INTEGER PRIMARY KEY,
    target  BLOB    NOT NULL,
    command BLOB    NOT NULL,
    kind    BIGINT  NOT NULL,
    body    TEXT    NOT NULL,
    UNIQUE (target, command)
);

CREATE TABLE snapshot (
    stream BIGINT PRIMARY KEY REFERENCES stream (id),
    seq    BIGINT NOT NULL,
    format BIGINT NOT NULL,
    body   BLOB   NOT NULL
);

-- Without a row id: it would number the ballots in the order in which they were cast.
CREATE TABLE ballot_box (
    stream BIGINT NOT NULL REFERENCES stream (id),
    key    BLOB   NOT NULL,
    choice BLOB   NOT NULL,
    PRIMARY KEY (stream, key)
) WITHOUT ROWID;

-- People.

CREATE TABLE person (
    id    BLOB   NOT NULL PRIMARY KEY,
    kind  BIGINT NOT NULL,
    label TEXT
);
-- Addresses of accounts are unique; labels of tokens need not be. 2 = account.
CREATE UNIQUE INDEX person_address ON person (label) WHERE kind = 2;

CREATE TABLE participant (
    id        BLOB   NOT NULL PRIMARY KEY,
    process   BLOB   NOT NULL,
    person    BLOB   NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    name      TEXT,
    lang      TEXT,
    notice    BIGINT NOT NULL,
    banned    BIGINT NOT NULL,
    guest     BIGINT NOT NULL,
    joined_at BIGINT NOT NULL,
    UNIQUE (process, person)
);
CREATE INDEX participant_person ON participant (person);

CREATE TABLE person_role (
    person  BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    -- Empty: the whole network. Not NULL, which would never be equal to itself.
    process BLOB NOT NULL,
    role    TEXT NOT NULL,
    PRIMARY KEY (person, process, role)
);

CREATE TABLE token (
    hash       BLOB NOT NULL PRIMARY KEY,
    person     BLOB NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    expires_at BIGINT
);
CREATE INDEX token_person ON token (person);

CREATE TABLE login_link (
    hash       BLOB   NOT NULL PRIMARY KEY,
    person     BLOB   NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX login_link_person ON login_link (person);
CREATE INDEX login_link_expires ON login_link (expires_at);

CREATE TABLE session (
    id         BLOB   NOT NULL PRIMARY KEY,
    data       BLOB   NOT NULL,
    person     BLOB   REFERENCES person (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_person ON session (person);
CREATE INDEX session_expires ON session (expires_at);

CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
);
