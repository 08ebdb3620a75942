//! What a page shows, as data: made by the server and, for pages that live, embedded as JSON and read again by the
//! browser. The others are documents with plain links and forms, and no program looks at them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
#[cfg(feature = "ssr")]
use stimmwerk_core::forum::{ActView, AuthorView, ContributionView, FloorView, Header, People, Record, TopicView};
use stimmwerk_core::forum::{ForumView, OwnView};
use stimmwerk_core::ids::{CommandId, ParticipantId, PollId, StreamId};
#[cfg(feature = "ssr")]
use stimmwerk_core::ids::{ContributionId, ForumId, ProcessId, TopicId};
use stimmwerk_core::live::{Problem, Seq};
#[cfg(feature = "ssr")]
use stimmwerk_core::network::Joining;
#[cfg(feature = "ssr")]
use stimmwerk_core::poll::PollHeader;
use stimmwerk_core::poll::{PollOwn, PollView};
#[cfg(feature = "ssr")]
use stimmwerk_core::said::Lang;
use stimmwerk_core::said::Texts;
use stimmwerk_core::time::{Timestamp, Zone};

/// One page. Server and browser build the same component tree from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageData<P> {
    /// The interface language, one of [`crate::LANGUAGES`].
    pub lang: String,
    /// The network's time zone.
    pub zone: Zone,
    /// The network's name. Not for the browser.
    #[serde(skip)]
    pub network: Option<Texts>,
    /// The address of this page by GET, with its query.
    pub path: String,
    /// Who looks, if they have joined or logged in.
    pub me: Option<Me>,
    /// A form that came back: it shows the problem and keeps what was typed.
    pub refused: Option<Refused>,
    /// The page itself.
    pub page: P,
}

impl<P> PageData<P> {
    /// The same around another page.
    pub fn around<Q>(&self, page: Q) -> PageData<Q> {
        PageData {
            lang: self.lang.clone(),
            zone: self.zone.clone(),
            network: self.network.clone(),
            path: self.path.clone(),
            me: self.me.clone(),
            refused: self.refused.clone(),
            page,
        }
    }
}

/// Who looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Me {
    /// The name in the process of this page.
    pub name: Option<String>,
    /// Joined with a code, without an account.
    pub guest: bool,
    /// As whom they take part in the process of this page.
    pub participant: Option<ParticipantId>,
    /// Admin there.
    pub admin: bool,
}

/// A form that came back with its page: it was refused, or another language was chosen while it was being filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// The address the form was sent to.
    pub action: String,
    /// Its fields as they were sent (no passwords). One that was sent more than once holds a line for each.
    pub fields: BTreeMap<String, String>,
    /// All it takes to send it again, in order: its fields, and what the page added to them. Not for the browser.
    #[serde(skip)]
    pub again: Vec<(String, String)>,
    /// What is wrong, in the reader's language. `None`: nothing, it was not sent yet.
    pub problem: Option<Problem>,
}

#[cfg(feature = "ssr")]
impl Refused {
    /// Was it refused for this reason?
    pub fn is_for(&self, code: &str) -> bool {
        self.problem.as_ref().is_some_and(|problem| problem.code == code)
    }
}

/// The kinds of page there are.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub enum PageKind {
    /// `/`: public processes, own ones, and the way in.
    Home(Home),
    /// `/join`: the joining notice, name and code.
    Join(Join),
    /// `/f/{forum}`.
    Forum(Box<ForumPage>),
    /// `/f/{forum}/moderation`, for moderators.
    Moderation(Box<DeskPage>),
    /// `/p/{poll}`.
    Poll(Box<PollPage>),
    /// `/p/{poll}/print`: question and result on paper, for those who translate and for those who keep it.
    PollPrint(Box<PollPrint>),
    /// `/p/{poll}/voters`: who voted what in an open poll whose result is shown.
    PollVoters(Box<PollVoters>),
    /// `/p/{poll}/cards`: voting cards to be cut apart, for moderators.
    Cards(Box<CardSheet>),
    /// `/f/{forum}/polls/new` and `/p/{poll}/edit`: preparing a poll, for moderators.
    Prepare(Box<PreparePage>),
    /// `/login/link`: a link is used up by a press, not by being looked at.
    LoginLink(LoginLink),
    /// `/welcome/{process}`: what one needs to come back, right after joining.
    Welcome(Welcome),
    /// `/return`: coming back with words.
    Return(Return),
    /// `/f/{forum}/list`: searched and sorted. It stands still.
    List(Box<ListPage>),
    /// `/f/{forum}/c/{contribution}`: a contribution with what it answers and what answers it.
    Thread(Box<ThreadPage>),
    /// `/f/{forum}/c/{contribution}/report`: pointing the moderators to something, or that it was done.
    Report(Box<ReportPage>),
    /// `/f/{forum}/log`: what staff did, for moderators.
    Log(Box<LogPage>),
    /// `/f/{forum}/record`: what is kept and printed of a forum.
    Record(Box<RecordPage>),
    /// `/languages`: which languages a person has checked, for admins.
    Languages,
    /// `/screen/{token}`: what the hall sees.
    Screen(Box<ScreenPage>),
    /// Nothing else to show: not found, no right, link used up.
    Message(Message),
}

#[cfg(feature = "ssr")]
impl PageKind {
    /// Is it made of words only staff have?
    pub fn of_staff(&self) -> bool {
        matches!(self, Self::Moderation(_) | Self::Prepare(_) | Self::Log(_) | Self::Languages)
    }

    /// Does the page change by itself, so that the browser takes it over?
    pub fn lives(&self) -> bool {
        matches!(self, Self::Forum(_) | Self::Moderation(_) | Self::Poll(_))
    }
}

/// See [`PageKind::Home`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    /// Processes the reader may see.
    pub processes: Vec<ProcessCard>,
}

/// A process in a list.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct ProcessCard {
    /// Its id.
    pub id: ProcessId,
    /// Its title.
    pub title: Texts,
    /// Has the reader joined it?
    pub joined: bool,
    /// Can it be joined?
    pub joining: Joining,
    /// Its forums.
    pub forums: Vec<ForumCard>,
}

/// A forum in a list.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct ForumCard {
    /// Its id.
    pub id: ForumId,
    /// Its title.
    pub title: Texts,
    /// Its state in one word: open, slow, locked, closed.
    pub state: String,
    /// Visible contributions.
    pub count: u32,
    /// When the last one came.
    pub last_at: Option<Timestamp>,
}

/// See [`PageKind::Join`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// A code from a link; empty if it is to be typed.
    pub code: String,
    /// The title of the process, if the code is right.
    pub process: Option<Texts>,
    /// The version of the joining notice shown.
    pub notice: u32,
    /// A fresh id for the form, so that sending it twice joins once.
    pub idempotency_key: CommandId,
}

/// See [`PageKind::Forum`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ForumPage {
    /// Its stream, to subscribe to.
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// What the reader sees.
    pub view: ForumView,
    /// What concerns the reader alone; `None` for those who have not joined.
    pub own: Option<OwnView>,
    /// May the reader moderate?
    pub moderates: bool,
    /// A fresh id for each plain form on the page.
    pub idempotency_key: CommandId,
    /// The clock when the page was made, to word what is timed.
    pub now: Timestamp,
}

/// See [`PageKind::Moderation`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeskPage {
    /// The forum as its staff see it.
    pub forum: ForumPage,
    /// The spoken code of the process and the join link.
    pub codes: Option<Codes>,
    /// How the newest polls of the forum stand.
    pub polls: Vec<(PollId, PollView)>,
}

/// See [`PageKind::Poll`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PollPage {
    /// Its stream, to subscribe to.
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// What the reader sees.
    pub view: PollView,
    /// What concerns the reader alone; `None` for those who have not joined.
    pub own: Option<PollOwn>,
    /// May the reader vote?
    pub may: MayVote,
    /// In which round the reader has just cast a ballot with a card, without a program: only the server can know.
    pub cast: Option<u32>,
    /// A fresh id for the plain form.
    pub idempotency_key: CommandId,
    /// The clock when the page was made, to word what is timed.
    pub now: Timestamp,
}

/// How a reader stands to a ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MayVote {
    /// They may.
    Yes,
    /// They only visit.
    NotJoined,
    /// They were shut out.
    Banned,
    /// The poll is for others.
    NotEntitled,
}

/// See [`PageKind::PollPrint`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct PollPrint {
    /// What the reader sees.
    pub view: PollView,
    /// The first 16 characters of the head of the poll's log.
    pub head: String,
    /// The clock when the page was made.
    pub now: Timestamp,
}

/// See [`PageKind::PollVoters`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct PollVoters {
    /// What the reader sees.
    pub view: PollView,
    /// Who voted what; of a poll that is not open, nobody.
    pub ballots: Vec<VoterRow>,
    /// The clock when the page was made.
    pub now: Timestamp,
}

/// One ballot of an open poll.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct VoterRow {
    /// In which round.
    pub round: u32,
    /// The name they have now, if they have one and are known by it.
    pub name: Option<String>,
    /// The number of the voting card.
    pub card: Option<u32>,
    /// A mark for each option.
    pub marks: Vec<u8>,
}

/// See [`PageKind::Cards`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct CardSheet {
    /// What the poll asks.
    pub view: PollView,
    /// The cards in the order of their numbers.
    pub cards: Vec<VotingCard>,
}

/// See [`PageKind::Prepare`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct PreparePage {
    /// In which process it is asked.
    pub process: ProcessId,
    /// In which forum.
    pub forum: Option<ForumId>,
    /// What is asked so far; `None`: a new one. The form goes to `POST /api/v1/processes/{process}/polls` or to
    /// `PATCH /api/v1/polls/{poll}`.
    pub poll: Option<PollHeader>,
    /// A fresh id for the form.
    pub idempotency_key: CommandId,
}

/// A voting card as it is printed.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct VotingCard {
    /// Its number, from 1 on.
    pub number: u32,
    /// Its code, in groups that can be read.
    pub code: String,
    /// The address of the ballot with the code, as a QR picture (SVG markup).
    pub picture: String,
}

/// How people come in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Codes {
    /// To be said aloud.
    pub spoken: String,
    /// For a message.
    pub url: String,
    /// The same as a QR picture (SVG markup).
    pub picture: String,
}

/// See [`PageKind::Welcome`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct Welcome {
    /// The process one has joined.
    pub process: ProcessId,
    /// Its title.
    pub title: Texts,
    /// The return code, five words; it is shown once. `None`: not now, but a new one can be asked for
    /// (`POST /api/v1/me/return-code`, field `process`).
    pub code: Option<String>,
    /// The return code as a QR picture (SVG markup).
    pub picture: Option<String>,
    /// The forums of the process.
    pub forums: Vec<ForumCard>,
    /// The poll or forum they were on their way to (query `next`).
    pub next: Option<String>,
}

/// See [`PageKind::Return`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct Return {
    /// From a QR picture; empty if it is to be typed. The form goes to `POST /api/v1/return`, field `code`.
    pub code: String,
}

/// What pages about one forum have in common.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The forum.
    pub forum: Header,
    /// Its topics.
    pub topics: Vec<TopicView>,
    /// Those whom the contributions on the page name.
    pub people: People,
    /// What concerns the reader alone; `None` for those who have not joined.
    pub own: Option<OwnView>,
    /// May the reader moderate?
    pub moderates: bool,
    /// The clock when the page was made.
    pub now: Timestamp,
    /// A fresh id for each plain form on the page.
    pub idempotency_key: CommandId,
}

/// See [`PageKind::List`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct ListPage {
    /// The forum.
    pub place: Place,
    /// The order: `newest`, `supported` or `unanswered` (field `sort`).
    pub sort: String,
    /// What was looked for (field `q`).
    pub words: String,
    /// Only this topic (field `topic`).
    pub topic: Option<TopicId>,
    /// What was found, at most one page.
    pub found: Vec<ContributionView>,
    /// How many there are, on all pages.
    pub total: usize,
    /// How many stand on the pages before (field `after`).
    pub after: usize,
}

/// See [`PageKind::Thread`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadPage {
    /// The forum.
    pub place: Place,
    /// The contribution the page is about.
    pub this: ContributionId,
    /// What it answers, itself, and what answers it, oldest first. What was hidden keeps its place.
    pub thread: Vec<ContributionView>,
}

/// See [`PageKind::Report`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct ReportPage {
    /// The forum.
    pub place: Place,
    /// What is to be reported. The form goes to `POST /api/v1/notices`, fields `forum`, `contribution`, `what` (`text`
    /// or `name`), `reason` (`insult`, `private_data`, `spam`, `other`) and `text`; with `next` this page and `?sent=1`.
    pub contribution: ContributionView,
    /// It was sent.
    pub sent: bool,
}

/// See [`PageKind::Log`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct LogPage {
    /// The forum.
    pub place: Place,
    /// What staff did, newest first.
    pub acts: Vec<Logged>,
    /// There is more before this number (query `before`).
    pub older: Option<Seq>,
}

/// Something staff did, with the names people have now.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    /// What.
    pub act: ActView,
    /// What they are called who did it.
    pub name: Option<String>,
    /// What they are called whom it was done to, where it was a person.
    pub person: Option<String>,
}

/// See [`PageKind::Record`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct RecordPage {
    /// The forum.
    pub place: Place,
    /// The title of the process.
    pub process: Texts,
    /// How many joined the process.
    pub joined: u64,
    /// The record.
    pub record: Record,
    /// The polls that were held in it, with what came of them.
    pub polls: Vec<PollView>,
    /// With names (query `names=1`, moderators only)?
    pub names: bool,
    /// Sixteen characters of the head of the log: with them a later copy can be compared.
    pub head: String,
    /// The summary as it was written, for the form of moderators (`POST /api/v1/forums/{forum}/summary`, field `text`);
    /// the hall is counted by `POST /api/v1/forums/{forum}/hall`, field `people`.
    pub summary: String,
}

/// See [`PageKind::Screen`]. A small script fetches the page again whenever something on it has changed.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct ScreenPage {
    /// The stream of the forum, to be told of changes.
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// The title of the forum.
    pub title: Texts,
    /// What is on.
    pub shows: OnStage,
    /// How to join; `None` while nobody new comes in.
    pub join: Option<WayIn>,
    /// How many are here.
    pub people: u32,
    /// The clock when the page was made.
    pub now: Timestamp,
    /// Light on a dark ground.
    pub look: Look,
}

/// What the hall sees, as everyone who joined may see it.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub enum OnStage {
    /// Nothing.
    Off,
    /// The title, and how to join.
    Welcome,
    /// A topic.
    Topic(Texts),
    /// A poll.
    Poll(Box<PollOnStage>),
    /// The speaking list.
    Speaking(FloorView),
    /// Single contributions.
    Quotes(Vec<Quote>),
}

/// A poll the hall sees.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct PollOnStage {
    /// Its stream, to be told of changes.
    pub stream: StreamId,
    /// As of which event.
    pub seq: Seq,
    /// What everyone who joined sees.
    pub view: PollView,
}

/// A contribution the hall sees.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// Who wrote it, or said it.
    pub author: AuthorView,
    /// It was said in the hall.
    pub hall: bool,
    /// The words without markup.
    pub text: String,
    /// The language of the words, if it is known.
    pub lang: Option<Lang>,
}

/// How people in the hall come in.
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct WayIn {
    /// Where the code is typed, as one types it.
    pub address: String,
    /// The code to be typed.
    pub spoken: String,
    /// The link as a QR picture (SVG markup).
    pub picture: String,
}

/// How a projector's page looks.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Dark on light, whatever the device prefers: a projector cannot make black, only light, and a wall in a lit hall
    /// is never dark.
    #[default]
    Light,
    /// Light on dark (query `look=dark`), for screens that shine by themselves.
    Dark,
}

/// See [`PageKind::LoginLink`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct LoginLink {
    /// The secret of the link.
    pub token: String,
    /// The local address to go on to.
    pub next: String,
}

/// See [`PageKind::Message`].
#[cfg(feature = "ssr")]
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Why, as a problem in the reader's language.
    pub problem: Problem,
}

/// What the document around the page needs to know.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// Of the content security policy.
    pub nonce: String,
    /// Hashed names by logical name, as in the site's manifest. Empty: a plain page without WebAssembly.
    pub assets: BTreeMap<String, String>,
    /// The address of this page by GET, on an answer to a POST.
    pub data_url: Option<String>,
}
