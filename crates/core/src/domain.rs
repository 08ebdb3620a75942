//! What every kind of stream is to the server: decide, apply, and what each audience may see.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::changes::{self, Facet};
use crate::commands::Commands;
use crate::ids::{CommandId, ParticipantId, ProcessId, StreamId};
use crate::live::{Delta, LiveTypes, Seq, WindowRequest};
use crate::people::{Actor, Audience, Need};
use crate::rejection::Rejection;
use crate::said::{Commitment, HoldsTexts, Said, SaidKey, SaidTexts, SideText, Texts};
use crate::text::{TextLimits, TextProblem};
use crate::time::Timestamp;

/// The kinds of stream there are. The discriminant is what the log stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamKind {
    /// Processes, their forums and join codes.
    Network = 1,
    /// One dialogue forum.
    Forum = 2,
    Poll = 3,
}

impl StreamKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Network, Self::Forum, Self::Poll];

    /// Its name in addresses: `{forum}` in a path stands for the id of one.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Forum => "forum",
            Self::Poll => "poll",
        }
    }

    /// The kind stored as `number`.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as i64 == number)
    }
}

/// Evaluates an expression with a name for the [`Domain`] that a [`StreamKind`] stands for. Together with the enum this is
/// the list of all kinds; whatever holds for each of them goes through here, so that a new kind is forgotten nowhere.
#[macro_export]
macro_rules! with_kind {
    ($kind:expr, $Kind:ident => $body:expr) => {
        match $kind {
            $crate::domain::StreamKind::Network => {
                type $Kind = $crate::network::Network;
                $body
            }
            $crate::domain::StreamKind::Forum => {
                type $Kind = $crate::forum::Forum;
                $body
            }
            $crate::domain::StreamKind::Poll => {
                type $Kind = $crate::poll::Poll;
                $body
            }
        }
    };
}

/// What befalls a person in a process, other than that they are erased: see [`Domain::on_person`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonChange {
    /// They chose another name, or have another role.
    Renamed,
    /// Their name was taken away; they can choose another.
    NameReset,
    /// They were shut out, or let in again.
    ShutOut {
        /// Shut out, or let in again.
        banned: bool,
        /// By whom; `None`: a token.
        by: Option<ParticipantId>,
    },
}

/// As whom a command that follows from a [`PersonChange`] is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The program itself.
    Program,
    /// Whoever brought the change about.
    Actor,
}

/// All that [`Domain::decide`] may know beside the state.
#[derive(Clone, Debug)]
pub struct Context {
    /// The stream the command is for.
    pub stream: StreamId,
    /// The command's id; ids of new things derive from it.
    pub command: CommandId,
    /// When the command reached the door. Commands are judged by it.
    pub received_at: Timestamp,
    /// Who issues it.
    pub actor: Actor,
    /// Fresh random bytes; the salts of this command's texts derive from it.
    pub salt_seed: [u8; 32],
    /// What is in the stream's ballot box, in no order, for commands that open it: see [`Domain::opens_box`].
    pub ballot_box: Option<Vec<Vec<u8>>>,
}

/// What an accepted command leads to, all of it in one transaction.
#[derive(Clone, Debug)]
pub struct Decision<E> {
    /// What happened, in order. Empty: it was so already; nothing is written and the command counts as accepted.
    pub events: Vec<E>,
    /// Side rows the events name.
    pub texts: Vec<SideText>,
    /// Side rows to delete.
    pub erase: Vec<SaidKey>,
    /// Commands to other streams that must follow.
    pub follow_ups: Vec<FollowUp>,
    /// A ballot for the stream's ballot box.
    pub box_put: Option<Vec<u8>>,
    /// Empties the ballot box and cleans up after it.
    pub box_empty: bool,
}

/// A command to another stream that the program issues until it is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowUp {
    /// Its id, derived, so that repeating it is safe.
    pub id: CommandId,
    /// Where it goes.
    pub stream: StreamId,
    /// What kind of stream that is.
    pub kind: StreamKind,
    /// The command as JSON.
    pub command: String,
}

/// The follow-up `command` to another stream. One command leads to at most one in each stream.
///
/// # Panics
/// Never: commands are plain data.
pub fn follow_up<D: Domain>(context: &Context, stream: StreamId, command: &D::Command) -> FollowUp {
    FollowUp {
        // Named by where it comes from too: a key of a command holds for its stream alone.
        id: CommandId(context.command.derive(stream, &format!("follow-up of {}", context.stream))),
        stream,
        kind: D::KIND,
        command: serde_json::to_string(command).expect("commands are plain data"),
    }
}

impl<E> Default for Decision<E> {
    fn default() -> Self {
        Self {
            events: Vec::new(),
            texts: Vec::new(),
            erase: Vec::new(),
            follow_ups: Vec::new(),
            box_put: None,
            box_empty: false,
        }
    }
}

impl<E> Decision<E> {
    /// These events and nothing else.
    pub fn of(events: Vec<E>) -> Self {
        Self { events, ..Self::default() }
    }

    /// Cleans `text` and makes it a side row of this decision.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn say(&mut self, context: &Context, text: &str, limits: TextLimits) -> Result<Said, TextProblem> {
        Ok(self.say_clean(context, crate::text::clean(text, limits)?.as_str().into()))
    }

    /// Makes a text that was cleaned before a side row of this decision.
    pub fn say_clean(&mut self, context: &Context, text: std::sync::Arc<str>) -> Said {
        use sha2::{Digest, Sha256};
        let nth = self.texts.len();
        let key = SaidKey::of(context.stream, context.command, nth);
        let mut salt = [0; 16];
        salt.copy_from_slice(
            &Sha256::new().chain_update(context.salt_seed).chain_update(key.0.as_bytes()).finalize()[..16],
        );
        let commitment = Commitment(Sha256::new().chain_update(salt).chain_update(text.as_bytes()).finalize().into());
        self.texts.push(SideText { key, salt, text: text.clone() });
        Said { key, commitment, text: Some(text) }
    }

    /// [`Decision::say`] for a text in several languages.
    ///
    /// # Errors
    /// What is wrong with one of the texts, or that the source language has none.
    pub fn say_texts(&mut self, context: &Context, texts: &Texts, limits: TextLimits) -> Result<SaidTexts, Rejection> {
        if !texts.texts.contains_key(&texts.source) {
            return Err(TextProblem::Empty.into());
        }
        if texts.texts.len() > MAX_LANGUAGES {
            return Err(Rejection::TooMany { max: MAX_LANGUAGES as u32 });
        }
        let mut said = SaidTexts { source: texts.source.clone(), texts: std::collections::BTreeMap::new() };
        for (lang, text) in &texts.texts {
            said.texts.insert(lang.clone(), self.say(context, text, limits)?);
        }
        Ok(said)
    }
}

/// Whoever was erased is answered like somebody who never joined. Every kind of stream asks this before it judges a
/// command, so nothing that was under way while a person was erased is written after it.
///
/// # Errors
/// [`Rejection::NotJoined`].
pub fn refuse_erased(erased: &imbl::OrdSet<ParticipantId>, actor: &Actor) -> Result<(), Rejection> {
    match actor.participant {
        Some(participant) if erased.contains(&participant) => Err(Rejection::NotJoined),
        _ => Ok(()),
    }
}

/// The most languages one text of staff can have.
pub const MAX_LANGUAGES: usize = 40;

/// What the log says beside the events of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// Who issued it, and when it was received.
    Signed,
    /// When it was received.
    Unsigned,
    /// Nothing.
    Bare,
}

/// What the log says of an event beside its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Its number in the stream, from 1 without gaps.
    pub seq: Seq,
    /// When the command was received. `None`: left out on purpose.
    pub at: Option<Timestamp>,
    /// Who acted.
    pub actor: Option<ParticipantId>,
}

/// An event cannot be read: it was written by a newer program, or damaged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {kind} of version {version} cannot be read: {reason}")]
pub struct Unreadable {
    pub kind: String,
    pub version: u16,
    pub reason: String,
}

impl Meta {
    /// Of the event numbered `seq`.
    pub fn of(seq: Seq, trace: Trace, received_at: Timestamp, actor: &Actor) -> Self {
        Self {
            seq,
            at: (trace != Trace::Bare).then_some(received_at),
            actor: actor.participant.filter(|_| trace == Trace::Signed),
        }
    }
}

/// How an event stands in the log.
pub trait StoredEvent: Sized {
    /// Kind and version this program writes.
    fn kind(&self) -> (&'static str, u16);
    /// The body as it is written.
    fn body(&self) -> Vec<u8>;
    /// Reads a body of any version this program knows: the seam where older ones are lifted to today's shape.
    ///
    /// # Errors
    /// The kind or version is unknown, or the body does not fit.
    fn read(kind: &str, version: u16, body: &[u8]) -> Result<Self, Unreadable>;
}

/// What a stream's public face in lists is: facts only, no text of participants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Summary {
    pub title: Texts,
    /// Its state in one word, as in the stream's view.
    pub state: String,
    /// How many things can be seen in it.
    pub count: u32,
    /// When something was last added.
    pub last_at: Option<Timestamp>,
}

/// What changed of a stream, ascending by number.
pub type Deltas<D> = Vec<Delta<<D as LiveTypes>::Key, <D as LiveTypes>::Value>>;

/// See [`Domain::reported`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenReports {
    /// What it is about: a thing, and what of it.
    pub about: (Uuid, u8),
    /// When those were made that nobody has dealt with.
    pub open: Vec<Timestamp>,
}

/// One kind of stream.
pub trait Domain: LiveTypes {
    /// Which kind.
    const KIND: StreamKind;
    /// Changes whenever the serialised state means something else. A snapshot of another format is folded anew.
    const STATE_FORMAT: u32;

    /// What can be asked.
    type Command: Commands + Serialize + DeserializeOwned + Clone + fmt::Debug + Send + Sync + 'static;
    /// What happened.
    type Event: StoredEvent + HoldsTexts + Clone + fmt::Debug + Send + Sync + 'static;
    /// What changes on its own in the state.
    type Facet: Facet;
    /// Everything that follows from the events. Cheap to clone. Serialises without text.
    type State: Clone + Default + Serialize + DeserializeOwned + HoldsTexts + Send + Sync + 'static;

    /// Judges a command.
    ///
    /// # Errors
    /// Why it is refused.
    fn decide(
        state: &Self::State,
        command: &Self::Command,
        context: &Context,
    ) -> Result<Decision<Self::Event>, Rejection>;

    /// The id of the thing `command` makes or is about.
    fn object(command: &Self::Command, stream: StreamId, id: CommandId) -> Option<Uuid>;

    /// Takes one event into the state. Its texts are resolved, or erased.
    fn apply(state: &mut Self::State, event: &Self::Event, meta: Meta);

    /// Builds what a serialised state leaves out. Called once after deserialising.
    fn rebuild(state: &mut Self::State);

    /// The number of the last event applied.
    fn seq(state: &Self::State) -> Seq;

    /// The next moment at which the clock must issue [`Domain::tick`].
    fn next_due(state: &Self::State) -> Option<Timestamp>;

    /// The command the clock issues at `moment`.
    fn tick(moment: Timestamp) -> Self::Command;

    /// What `audience` may see now of every key that changed after `after`, ascending by number.
    fn deltas(state: &Self::State, after: Seq, audience: Audience) -> Vec<Delta<Self::Key, Self::Value>>;

    /// [`Domain::deltas`] that stops between two numbers once `most` are there. Returns the number they lead to. What
    /// is left out is not built, where there can be much.
    fn deltas_within(state: &Self::State, after: Seq, audience: Audience, most: usize) -> (Deltas<Self>, Seq) {
        let mut deltas = Self::deltas(state, after, audience);
        let head = Self::seq(state).max(after);
        let Some(last) = deltas.get(most.saturating_sub(1)).map(Delta::seq) else { return (deltas, head) };
        let whole = deltas.partition_point(|delta| delta.seq() <= last);
        let reached = if whole < deltas.len() { last } else { head };
        deltas.truncate(whole);
        (deltas, reached)
    }

    /// When each facet of the state last changed.
    fn changes(state: &Self::State) -> &changes::Changes<Self::Facet>;

    /// The one person whose view this facet is. `None`: it is a part of what many see.
    fn owner(state: &Self::State, facet: Self::Facet) -> Option<ParticipantId>;

    /// Is it a number that merely grows, so that readers can wait for it a little where there are many of them?
    fn is_counter(facet: Self::Facet) -> bool;

    /// How many facets changed after `after`, at most `limit`.
    fn changed(state: &Self::State, after: Seq, limit: usize) -> usize {
        Self::changes(state).count_after(after, limit)
    }

    /// What the log says beside the events of this command. Visitors' commands are never signed.
    fn trace(_state: &Self::State, command: &Self::Command) -> Trace {
        if command.rule().need == Need::Visitor { Trace::Unsigned } else { Trace::Signed }
    }

    /// What a visitor's command reports, and what is open of it. Somebody who reports the same once more is counted once.
    fn reported(_state: &Self::State, _command: &Self::Command) -> Option<OpenReports> {
        None
    }

    /// Does its answer promise that words are gone, from the files too? Then it waits for their cleaning.
    fn erases(_command: &Self::Command) -> bool {
        false
    }

    /// Can `command` need what is in the ballot box?
    fn opens_box(_command: &Self::Command) -> bool {
        false
    }

    /// Who said what, as the log may remember it for recognising repetitions. `None`: as it is. What is secret must not
    /// stand behind a digest, since whoever tries all there is finds out what it was. Words that the command writes in
    /// its own stream may: the digest is keyed with their salts. Words that go to another stream may not.
    fn remembered(_state: &Self::State, _command: &Self::Command, _actor: &Actor) -> Option<(Uuid, Self::Command)> {
        None
    }

    /// Is there anything for this audience to see? Not before the stream's first event, and not in a draft of staff.
    fn is_there(state: &Self::State, audience: Audience) -> bool;

    /// The `nth` command that follows here when something befalls a person who may have acted here, counted from 0. `state`
    /// is the one that the commands before it led to, so it also has what was on its way to the stream until then. `None`:
    /// that was all.
    fn on_person(
        state: &Self::State,
        participant: ParticipantId,
        change: PersonChange,
        nth: usize,
    ) -> Option<(Self::Command, Issuer)>;

    /// The command that deletes every word of a person, and their name. Whoever was erased writes nothing afterwards:
    /// see [`refuse_erased`].
    fn erase_person(process: ProcessId, participant: ParticipantId) -> Self::Command;

    /// Everything that is kept of one person here, for themselves. `None`: nothing is.
    fn export(state: &Self::State, participant: ParticipantId) -> Option<serde_json::Value>;

    /// Has anything changed after `after` that people wait for? Counters and personal views alone can wait a little
    /// where many listen.
    fn pressing(state: &Self::State, after: Seq) -> bool {
        let waits = |facet| Self::is_counter(facet) || Self::owner(state, facet).is_some();
        Self::changes(state).after(after).any(|(_, facet)| !waits(facet))
    }

    /// Whose personal view changed after `after`.
    fn owners(state: &Self::State, after: Seq) -> Vec<ParticipantId> {
        Self::changes(state).after(after).filter_map(|(_, facet)| Self::owner(state, facet)).collect()
    }

    /// What `audience` sees.
    fn view(state: &Self::State, audience: Audience, window: &WindowRequest) -> Self::View;

    /// [`Domain::view`] without the older part of its window, where all of it would be far longer than `bytes` of JSON.
    /// What is left out is not built: [`Domain::window_start`] tells where it ends. [`Domain::shorten`] cuts exactly.
    fn view_within(state: &Self::State, audience: Audience, window: &WindowRequest, _bytes: usize) -> Self::View {
        Self::view(state, audience, window)
    }

    /// Cuts the oldest part of a view's window off, so that its JSON stays about `bytes` long. Returns from where the
    /// rest is to be asked, if anything was cut.
    fn shorten(view: &mut Self::View, bytes: usize) -> Option<u64>;

    /// Takes out of a view what keeps its JSON from being about `bytes` long and is of no window, to follow as changes.
    fn set_aside(_view: &mut Self::View, _bytes: usize) -> Vec<(Self::Key, Self::Value)> {
        Vec::new()
    }

    /// The oldest position a view shows; with it the personal view of the same window can be asked. 0 where all of it is
    /// in every view.
    fn window_start(_view: &Self::View) -> u64 {
        0
    }

    /// Where the page begins that ends at `before` (without: the newest page): [`Domain::window_start`] of that view.
    fn page_start(
        _state: &Self::State,
        _audience: Audience,
        _before: Option<u64>,
        _topic: Option<crate::ids::TopicId>,
    ) -> u64 {
        0
    }

    /// What concerns one person alone, for what a window from `from` on shows.
    fn own(state: &Self::State, participant: ParticipantId, from: u64) -> Self::Own;

    /// The stream's row in lists. `None`: it is in no list.
    fn summary(state: &Self::State) -> Option<Summary>;
}

/// Defines an event enum together with how each variant stands in the log.
macro_rules! events {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $kind:literal v $version:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$vdoc])* $variant($variant),)* }

        impl $crate::domain::StoredEvent for $name {
            fn kind(&self) -> (&'static str, u16) {
                match self { $(Self::$variant(_) => ($kind, $version),)* }
            }

            fn body(&self) -> Vec<u8> {
                match self { $(Self::$variant(body) => serde_json::to_vec(body),)* }.expect("event bodies are plain data")
            }

            fn read(kind: &str, version: u16, body: &[u8]) -> Result<Self, $crate::domain::Unreadable> {
                let unreadable = |reason: String| $crate::domain::Unreadable { kind: kind.to_owned(), version, reason };
                match (kind, version) {
                    $(($kind, $version) => serde_json::from_slice(body).map(Self::$variant).map_err(|e| unreadable(e.to_string())),)*
                    _ => Err(unreadable("unknown kind or version".to_owned())),
                }
            }
        }
    };
}
pub(crate) use events;
