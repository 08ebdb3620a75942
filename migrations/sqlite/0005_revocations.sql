-- From whom `stimmwerk admin` took something, for a server that runs beside it: it closes their sockets.
CREATE TABLE revocation (
    -- Ascending: a server remembers up to where it has read.
    id     INTEGER PRIMARY KEY,
    person BLOB    NOT NULL
);
