//! Every SQL text, kept to what SQLite and PostgreSQL both understand.

use std::sync::LazyLock;

/// An INSERT of many rows, in a few fixed sizes so that the statement cache holds them.
pub(super) struct Rows {
    /// What one row takes.
    pub columns: usize,
    sized: LazyLock<[(usize, String); 3]>,
}

impl Rows {
    /// The statement to use for `waiting` rows, and how many it takes at most. What is not bound is passed over.
    pub(super) fn fitting(&'static self, waiting: usize) -> (usize, &'static str) {
        let (rows, sql) = self.sized.iter().find(|(rows, _)| waiting <= *rows).unwrap_or(&self.sized[2]);
        (*rows, sql)
    }
}

/// Each crossing to the database's thread costs more than many empty rows, so a statement may be used for fewer rows
/// than it has: the first column is never NULL in a row that is meant. Parameters have no names, since SQLite looks a
/// named one up by walking the list of all of them, which costs as much as the insert when there are hundreds.
fn sized(into: &str, columns: usize, conflict: &str) -> [(usize, String); 3] {
    [4, 32, 256].map(|rows| {
        let row = format!("({})", vec!["?"; columns].join(","));
        let rows_sql = vec![row; rows].join(",");
        (rows, format!("INSERT INTO {into} SELECT * FROM (VALUES {rows_sql}) WHERE column1 IS NOT NULL {conflict}"))
    })
}

macro_rules! rows {
    ($($(#[$doc:meta])* $name:ident = $columns:literal $into:literal $conflict:literal;)*) => {$(
        $(#[$doc])*
        pub(super) static $name: Rows =
            Rows { columns: $columns, sized: LazyLock::new(|| sized($into, $columns, $conflict)) };
    )*};
}

rows! {
    /// Streams come to be and move on by the same statement.
    PUT_STREAMS = 7 "stream (id, uuid, kind, head_seq, head_hash, summary, due)"
        "ON CONFLICT (id) DO UPDATE SET head_seq = excluded.head_seq, head_hash = excluded.head_hash, \
         summary = coalesce(excluded.summary, stream.summary), due = excluded.due";
    /// A row left out is a command id used before, or a number: the caller counts.
    ADD_EVENTS = 10 "event (stream, seq, at, actor, command, digest, kind, version, body, hash)" "ON CONFLICT DO NOTHING";
    ADD_TEXTS = 4 "side_text (stream, key, salt, text)" "";
    ADD_FOLLOW_UPS = 4 "follow_up (target, command, kind, body)" "ON CONFLICT (target, command) DO NOTHING";
    ADD_BALLOTS = 3 "ballot_box (stream, key, choice)" "";
}

pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(super) const COMMIT: &str = "COMMIT";
pub(super) const ROLLBACK: &str = "ROLLBACK";
pub(super) const SAVE: &str = "SAVEPOINT batch";
pub(super) const KEEP: &str = "RELEASE SAVEPOINT batch";
pub(super) const UNDO: &str = "ROLLBACK TO SAVEPOINT batch";
/// SQLite alone: moves what is committed from the write-ahead log into the database and empties the former.
pub(super) const CLEAN: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
/// Says that tables are to be rebuilt, until [`REBUILT`] in the transaction that did it: a crash in between is made good
/// when the database is opened.
pub(super) const MUST_REBUILD: &str =
    "INSERT INTO setting (name, value) VALUES ('rebuild', x'') ON CONFLICT DO NOTHING";
/// Says that texts were erased which may not be in the journal yet, until [`JOURNALED`].
pub(super) const MUST_JOURNAL: &str =
    "INSERT INTO setting (name, value) VALUES ('unjournaled', x'') ON CONFLICT DO NOTHING";
/// The same of a participant.
pub(super) const MUST_JOURNAL_PARTICIPANT: &str =
    "INSERT INTO setting (name, value) VALUES ('unjournaled ' || hex($1), $1) ON CONFLICT DO NOTHING";
pub(super) const UNJOURNALED: &str =
    "SELECT value FROM setting WHERE name >= 'unjournaled' AND name < 'unjournalee' ORDER BY name";
pub(super) const JOURNALED: &str = "DELETE FROM setting WHERE name >= 'unjournaled' AND name < 'unjournalee'";
pub(super) const ERASED_TEXTS: &str = "SELECT stream.uuid, side_text.key FROM side_text \
     JOIN stream ON stream.id = side_text.stream WHERE side_text.erased = 1";
pub(super) const IS_TO_REBUILD: &str = "SELECT 1 FROM setting WHERE name = 'rebuild'";
pub(super) const REBUILT: &str = "DELETE FROM setting WHERE name = 'rebuild'";
/// SQLite alone: takes the rows of a table from which people or ballots are deleted out and puts them back. Emptying
/// a table cleans each of its pages as a whole, also the gaps in which moved rows leave copies behind. Must run without
/// foreign keys, which would make it delete row by row, and what depends on them.
pub(super) fn rebuild(table: &str) -> String {
    format!(
        "CREATE TEMP TABLE kept AS SELECT * FROM {table}; DELETE FROM {table}; \
         INSERT INTO {table} SELECT * FROM temp.kept; DROP TABLE temp.kept; "
    )
}
pub(super) const REBUILT_TABLES: [&str; 5] = ["person", "participant", "session", "ballot_box", "follow_up"];
/// SQLite alone.
pub(super) const BACKUP: &str = "VACUUM INTO $1";

pub(super) const LAST_STREAM: &str = "SELECT coalesce(max(id), 0) FROM stream";
pub(super) const STREAM: &str = "SELECT id, head_seq, head_hash, due FROM stream WHERE uuid = $1";
pub(super) const TAKEN: &str = "SELECT 1 FROM event WHERE stream = $1 AND command = $2";
/// How many texts [`ERASE_TEXTS`] takes at most, after the stream.
pub(super) const ERASE_AT_ONCE: usize = 256;
/// Zeros of the same length, which SQLite writes over the old bytes in place. What is not bound erases nothing.
pub(super) static ERASE_TEXTS: LazyLock<String> = LazyLock::new(|| {
    let keys = vec!["?"; ERASE_AT_ONCE].join(",");
    format!(
        "UPDATE side_text SET erased = 1, salt = zeroblob(octet_length(salt)), text = zeroblob(octet_length(text)) \
         WHERE stream = ? AND erased = 0 AND key IN ({keys})"
    )
});
pub(super) const EMPTY_BOX: &str = "DELETE FROM ballot_box WHERE stream = $1";
pub(super) const ADD_FOLLOW_UP: &str = "INSERT INTO follow_up (target, command, kind, body) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (target, command) DO NOTHING";
pub(super) const DONE: &str = "DELETE FROM follow_up WHERE target = $1 AND command = $2";
pub(super) const REFUSED: &str = "UPDATE follow_up SET refused = $3 WHERE target = $1 AND command = $2";
pub(super) const PUT_SNAPSHOT: &str = "INSERT INTO snapshot (stream, seq, format, body) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, format = excluded.format, body = excluded.body \
     WHERE snapshot.format <> excluded.format OR snapshot.seq < excluded.seq";

pub(super) const READ: &str = "SELECT seq, at, actor, command, digest, kind, version, body, hash FROM event \
     WHERE stream = (SELECT id FROM stream WHERE uuid = $1) AND seq > $2 ORDER BY seq LIMIT $3";
pub(super) const TEXTS: &str =
    "SELECT key, text FROM side_text WHERE erased = 0 AND stream = (SELECT id FROM stream WHERE uuid = $1)";
pub(super) const SALTED_TEXTS: &str =
    "SELECT key, salt, text, erased FROM side_text WHERE stream = (SELECT id FROM stream WHERE uuid = $1)";
pub(super) const FIND_COMMAND: &str = "SELECT digest, seq, actor, stream FROM event WHERE stream = (SELECT id FROM stream WHERE uuid = $1) AND command = $2";
/// How many texts of one command [`SALTS`] looks for at once, after the stream.
pub(super) const SALTS_AT_ONCE: usize = 32;
pub(super) static SALTS: LazyLock<String> = LazyLock::new(|| {
    let keys = vec!["?"; SALTS_AT_ONCE].join(",");
    format!("SELECT key, salt, erased FROM side_text WHERE stream = ? AND key IN ({keys})")
});
pub(super) const SNAPSHOT: &str =
    "SELECT seq, format, body FROM snapshot WHERE stream = (SELECT id FROM stream WHERE uuid = $1)";
pub(super) const STREAMS: &str = "SELECT uuid, kind FROM stream ORDER BY id";
pub(super) const SUMMARIES: &str = "SELECT uuid, summary FROM stream WHERE summary IS NOT NULL ORDER BY id";
pub(super) const DUES: &str = "SELECT due, uuid, kind FROM stream WHERE due IS NOT NULL ORDER BY due, id";
pub(super) const FOLLOW_UPS: &str =
    "SELECT target, command, kind, body FROM follow_up WHERE refused IS NULL ORDER BY id";
pub(super) const REFUSED_FOLLOW_UPS: &str =
    "SELECT target, command, kind, body, refused FROM follow_up WHERE refused IS NOT NULL ORDER BY id";
pub(super) const BALLOTS: &str =
    "SELECT key, choice FROM ballot_box WHERE stream = (SELECT id FROM stream WHERE uuid = $1) ORDER BY choice, key";

/// SQLite alone: damage within the file, and rows that refer to nothing.
pub(super) const INTEGRITY: &str = "PRAGMA integrity_check";
pub(super) const REFERENCES: &str = "PRAGMA foreign_key_check";
pub(super) const PROCESSES_OF_PEOPLE: &str =
    "SELECT process FROM participant UNION SELECT process FROM person_role WHERE length(process) > 0";

pub(super) const ADD_PERSON: &str = "INSERT INTO person (id, kind, label) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
/// Ids of people are UUIDs of version 7: in order of their making.
pub(super) const LABELLED: &str = "SELECT id FROM person WHERE kind = $1 AND label = $2 ORDER BY id";
pub(super) const ACCOUNT: &str = "SELECT id, kind, label FROM person WHERE kind = 2 AND label = $1";
pub(super) const ERASE_PERSON: &str = "DELETE FROM person WHERE id = $1";
/// All of a person in one statement, so that it is one moment and one crossing to the database.
pub(super) const STANDING: &str = "\
     SELECT 1 AS part, id, kind, label, NULL AS lang, 0 AS notice, 0 AS banned, 0 AS guest, 0 AS at, NULL AS process \
     FROM person WHERE id = $1 \
     UNION ALL SELECT 2, person, 0, role, NULL, 0, 0, 0, 0, process FROM person_role WHERE person = $1 \
     UNION ALL SELECT 3, id, 0, name, lang, notice, banned, guest, joined_at, process FROM participant WHERE person = $1 \
     ORDER BY part, at, process, label";
pub(super) const ADD_PARTICIPANT: &str = "\
     INSERT INTO participant (id, process, person, name, lang, notice, banned, guest, joined_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
pub(super) const PARTICIPANT: &str =
    "SELECT id, process, person, name, lang, notice, banned, guest, joined_at FROM participant WHERE id = $1";
pub(super) const PARTICIPANT_OF: &str = "SELECT id, process, person, name, lang, notice, banned, guest, joined_at \
     FROM participant WHERE process = $1 AND person = $2";
pub(super) const PARTICIPANTS_OF: &str = "SELECT id, process, person, name, lang, notice, banned, guest, joined_at \
     FROM participant WHERE person = $1 ORDER BY id";
pub(super) const COUNT_PARTICIPANTS: &str = "SELECT count(*) FROM participant WHERE process = $1";
pub(super) const RENAME: &str = "UPDATE participant SET name = $2, lang = $3 WHERE id = $1";
pub(super) const SET_BANNED: &str = "UPDATE participant SET banned = $2 WHERE id = $1";
pub(super) const GRANT: &str =
    "INSERT INTO person_role (person, process, role) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
pub(super) const REVOKE: &str = "DELETE FROM person_role WHERE person = $1 AND process = $2 AND role = $3";
pub(super) const REVOKE_ROLES: &str = "DELETE FROM person_role WHERE person = $1";
pub(super) const REVOKE_RETURN_CODE: &str = "DELETE FROM return_code WHERE person = $1";
pub(super) const ADD_REVOCATION: &str = "INSERT INTO revocation (person) VALUES ($1)";
pub(super) const REVOCATIONS: &str = "SELECT id, person FROM revocation WHERE id > $1 ORDER BY id";
pub(super) const PEOPLE_WITH_ROLES: &str = "SELECT DISTINCT person FROM person_role ORDER BY person";
pub(super) const NAMES_IN: &str =
    "SELECT id, name FROM participant WHERE process = $1 AND name IS NOT NULL ORDER BY id";
pub(super) const STAFF_NAMES: &str = "SELECT DISTINCT name FROM participant \
     WHERE name IS NOT NULL AND person IN (SELECT person FROM person_role) ORDER BY name";
pub(super) const ADD_TOKEN: &str =
    "INSERT INTO token (hash, person, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
pub(super) const TOKEN_HOLDER: &str =
    "SELECT person FROM token WHERE hash = $1 AND (expires_at IS NULL OR expires_at > $2)";
pub(super) const REVOKE_TOKENS: &str = "DELETE FROM token WHERE person = $1";
/// 1 = guest.
pub(super) const TOKENS: &str = "SELECT token.person, token.expires_at FROM token \
     JOIN person ON person.id = token.person \
     WHERE person.kind <> 1 AND (token.expires_at IS NULL OR token.expires_at > $1) ORDER BY token.person";
pub(super) const LOGIN_LINKS: &str =
    "SELECT person, expires_at FROM login_link WHERE expires_at > $1 ORDER BY expires_at, person";
pub(super) const REVOKE_LOGIN_LINKS: &str = "DELETE FROM login_link WHERE person = $1";
pub(super) const ADD_LOGIN_LINK: &str =
    "INSERT INTO login_link (hash, person, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
pub(super) const SET_RETURN_CODE: &str = "INSERT INTO return_code (hash, person) VALUES ($1, $2)
     ON CONFLICT (person) DO UPDATE SET hash = excluded.hash";
pub(super) const RETURNING: &str = "SELECT person FROM return_code WHERE hash = $1";
pub(super) const USE_LOGIN_LINK: &str = "DELETE FROM login_link WHERE hash = $1 AND expires_at > $2 RETURNING person";
pub(super) const CREATE_SESSION: &str =
    "INSERT INTO session (id, data, person, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
/// Not an upsert: a request that was under way when its session ended must not bring it back.
pub(super) const SAVE_SESSION: &str = "UPDATE session SET data = $2, person = $3, expires_at = $4 WHERE id = $1";
pub(super) const LOAD_SESSION: &str =
    "SELECT id, data, person, expires_at FROM session WHERE id = $1 AND expires_at > $2";
pub(super) const DELETE_SESSION: &str = "DELETE FROM session WHERE id = $1";
pub(super) const DELETE_SESSIONS_OF: &str = "DELETE FROM session WHERE person = $1";
pub(super) const SWEEP_SESSIONS: &str = "DELETE FROM session WHERE expires_at <= $1";
pub(super) const SWEEP_LOGIN_LINKS: &str = "DELETE FROM login_link WHERE expires_at <= $1";
pub(super) const SETTING: &str = "SELECT value FROM setting WHERE name = $1";
pub(super) const INIT_SETTING: &str = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
