//! The chain: each event's hash covers the event before it, so that no row can be changed, moved or taken away unnoticed.
//!
//! ```text
//! hash = SHA-256( previous ‖ field(stream) ‖ field(seq) ‖ field(at) ‖ field(actor) ‖ field(command id)
//!                 ‖ field(command digest) ‖ field(kind) ‖ field(version) ‖ field(body) )
//! field(bytes) = length of bytes as u32, big-endian ‖ bytes
//! ```
//!
//! `previous` is the hash of the event before, 32 bytes; before the first event, 32 zero bytes. `stream`, `actor`,
//! `command id` are the 16 bytes of the UUID, the digest its 16 bytes; `seq` is a u64, `at` an i64 (milliseconds since
//! 1970), `version` a u16, all big-endian; `kind` is UTF-8; `body` is the bytes as they were written. What is left out
//! has length 0: everything that may be left out has a fixed length otherwise.

use sha2::{Digest, Sha256};
use stimmwerk_core::ids::{ParticipantId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::time::Timestamp;

use crate::log::{CommandKey, Head, LoggedEvent, NewEvent};

/// What stands before the first event.
pub const START: [u8; 32] = [0; 32];

/// All of an event that its hash covers.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// In which stream.
    pub stream: StreamId,
    /// Its number.
    pub seq: Seq,
    /// See [`NewEvent::at`].
    pub at: Option<Timestamp>,
    /// See [`NewEvent::actor`].
    pub actor: Option<ParticipantId>,
    /// See [`NewEvent::command`].
    pub command: Option<CommandKey>,
    pub kind: &'a str,
    /// The version of its body.
    pub version: u16,
    /// Its body as written.
    pub body: &'a [u8],
}

impl<'a> Link<'a> {
    /// An event about to be written.
    pub fn new(stream: StreamId, seq: Seq, event: &'a NewEvent) -> Self {
        let NewEvent { at, actor, command, kind, version, body } = event;
        Self { stream, seq, at: *at, actor: *actor, command: *command, kind, version: *version, body }
    }

    /// An event that was read.
    pub fn logged(stream: StreamId, event: &'a LoggedEvent) -> Self {
        let LoggedEvent { seq, at, actor, command, kind, version, body, hash: _ } = event;
        Self { stream, seq: *seq, at: *at, actor: *actor, command: *command, kind, version: *version, body }
    }

    /// The hash of this event after one with the hash `previous`.
    pub fn hash(&self, previous: &[u8; 32]) -> [u8; 32] {
        let at = self.at.map(|at| at.0.to_be_bytes());
        let fields: [&[u8]; 9] = [
            self.stream.0.as_bytes(),
            &self.seq.0.to_be_bytes(),
            at.as_ref().map_or(&[], |at| at.as_slice()),
            self.actor.as_ref().map_or(&[], |actor| actor.0.as_bytes().as_slice()),
            self.command.as_ref().map_or(&[], |command| command.id.0.as_bytes().as_slice()),
            self.command.as_ref().map_or(&[], |command| command.digest.as_slice()),
            self.kind.as_bytes(),
            &self.version.to_be_bytes(),
            self.body,
        ];
        let mut hash = Sha256::new_with_prefix(previous);
        for field in fields {
            hash.update((field.len() as u32).to_be_bytes());
            hash.update(field);
        }
        hash.finalize().into()
    }
}

impl Head {
    /// Before the first event.
    pub const EMPTY: Self = Self { seq: Seq(0), hash: START };

    /// The chain in 16 characters that can be read aloud and printed: the first 80 bits of the hash in Crockford's
    /// base 32 (without I, L, O and U), in four groups.
    pub fn short(&self) -> String {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let bits = self.hash[..10].iter().fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
        let mut out = String::with_capacity(19);
        for nth in 0..16 {
            if nth > 0 && nth % 4 == 0 {
                out.push('-');
            }
            out.push(char::from(ALPHABET[(bits >> (75 - 5 * nth) & 31) as usize]));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use stimmwerk_core::ids::CommandId;
    use uuid::Uuid;

    use super::*;

    fn link() -> Link<'static> {
        Link {
            stream: StreamId(Uuid::from_u128(1)),
            seq: Seq(7),
            at: Some(Timestamp(1_700_000_000_000)),
            actor: Some(ParticipantId(Uuid::from_u128(2))),
            command: Some(CommandKey { id: CommandId(Uuid::from_u128(3)), digest: [4; 16] }),
            kind: "posted",
            version: 1,
            body: b"{}",
        }
    }

    #[test]
    fn given_the_documented_encoding_then_the_hash_is_sha256_of_it() {
        let mut bytes = vec![9; 32];
        for field in [
            &Uuid::from_u128(1).as_bytes()[..],
            &7_u64.to_be_bytes(),
            &1_700_000_000_000_i64.to_be_bytes(),
            Uuid::from_u128(2).as_bytes(),
            Uuid::from_u128(3).as_bytes(),
            &[4; 16],
            b"posted",
            &[0, 1],
            b"{}",
        ] {
            bytes.extend((field.len() as u32).to_be_bytes());
            bytes.extend(field);
        }
        assert_eq!(link().hash(&[9; 32]), <[u8; 32]>::from(Sha256::digest(&bytes)));
    }

    #[test]
    fn given_any_field_changed_or_left_out_then_the_hash_differs() {
        let base = link();
        let all = [
            base,
            Link { stream: StreamId(Uuid::from_u128(9)), ..base },
            Link { seq: Seq(8), ..base },
            Link { at: None, ..base },
            Link { at: Some(Timestamp(0)), ..base },
            Link { actor: None, ..base },
            Link { command: None, ..base },
            Link { kind: "poste", body: b"d{}", ..base },
            Link { version: 2, ..base },
            Link { body: b"{ }", ..base },
        ];
        let mut hashes: Vec<_> = all.iter().map(|link| link.hash(&START)).collect();
        hashes.push(base.hash(&[1; 32]));
        let count = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), count);
    }

    #[test]
    fn given_a_head_then_its_short_form_is_four_groups_of_its_first_80_bits() {
        let mut hash = [0; 32];
        hash[..10].copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1]);
        assert_eq!(Head { seq: Seq(1), hash }.short(), "ZZZZ-ZZZZ-0000-0001");
        assert_eq!(Head::EMPTY.short(), "0000-0000-0000-0000");
    }
}
