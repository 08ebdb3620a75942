//! Identifiers. All are UUIDs on the wire; each kind is a type of its own so that they cannot be mixed up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// An append-only log. Not the id of the object that lives in it.
    StreamId;
    /// A command, chosen by the client (UUIDv7; its time is never used). Repeating it is safe.
    CommandId;
    /// A participation process.
    ProcessId;
    /// A dialogue forum.
    ForumId;
    /// A topic of a forum.
    TopicId;
    /// A contribution or reply in a forum.
    ContributionId;
    PollId;
    /// A request for the floor, on the speaking list of a forum.
    FloorId;
    /// A person within one process. Nothing outside the account tables links it to the person.
    ParticipantId;
    /// A text beside the log: see [`crate::said::Said`].
    SaidKey;
    /// A way into a process: a spoken code or the long code of a link.
    JoinCodeId;
}

impl StreamId {
    /// The one stream of the network itself.
    pub const NETWORK: Self = Self(Uuid::from_u128(0x6e65_7477_6f72_6b00_8000_0000_0000_0001));
}

impl CommandId {
    /// Is it one of those the program issues itself: for ticks, follow-ups, and in the place of ids that must not be
    /// kept? They derive from what everyone can know, so no client may choose one: whoever used it first would make the
    /// program's own command look like a repetition of theirs.
    ///
    /// Told by the version alone, which is 8: whatever the variant says, the program makes no other.
    pub fn is_derived(self) -> bool {
        self.0.get_version_num() == 8
    }
}

#[cfg(feature = "decide")]
impl CommandId {
    /// The id of what this command makes in `stream`: the same command makes the same thing, however often it comes.
    ///
    /// SHA-256 over stream, command and label, shaped as a UUID of version 8 (RFC 9562, section 5.8).
    pub fn derive(self, stream: StreamId, label: &str) -> Uuid {
        derive(&[stream.0.as_bytes(), self.0.as_bytes(), label.as_bytes()])
    }

    /// The command that follows from `moment` in `stream`, the same on every node.
    pub fn of_moment(stream: StreamId, moment: crate::time::Timestamp) -> Self {
        Self(derive(&[stream.0.as_bytes(), b"moment", &moment.0.to_be_bytes()]))
    }
}

#[cfg(feature = "decide")]
impl SaidKey {
    /// Where the text number `nth` is that `command` writes in `stream`.
    pub fn of(stream: StreamId, command: CommandId, nth: usize) -> Self {
        Self(command.derive(stream, &format!("said {nth}")))
    }
}

#[cfg(feature = "decide")]
fn derive(parts: &[&[u8]]) -> Uuid {
    use sha2::{Digest, Sha256};
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
