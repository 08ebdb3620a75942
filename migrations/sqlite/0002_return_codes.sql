-- With which a lost session or another phone comes back: one code a person, as a hash.
CREATE TABLE return_code (
    hash   BLOB NOT NULL PRIMARY KEY,
    person BLOB NOT NULL UNIQUE REFERENCES person (id) ON DELETE CASCADE
);
