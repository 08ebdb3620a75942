//! What a page shows, as data: made by the server, embedded as JSON, read again by the browser.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stimmwerk_core::forum::{ForumView, OwnView};
use stimmwerk_core::ids::{CommandId, ForumId, ProcessId, StreamId};
use stimmwerk_core::live::{Problem, Seq};
use stimmwerk_core::network::Joining;
use stimmwerk_core::said::Texts;
use stimmwerk_core::time::{Timestamp, Zone};

/// One page. Server and browser build the same component tree from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageData {
    /// The interface language, one of [`crate::LANGUAGES`].
    pub lang: String,
    /// The network's time zone.
    pub zone: Zone,
    /// The network's name.
    pub network: Option<Texts>,
    /// The address of this page by GET, with its query.
    pub path: String,
    /// Who looks, if they have joined or logged in.
    pub me: Option<Me>,
    /// A form that was refused: it shows the problem and keeps what was typed.
    pub refused: Option<Refused>,
    /// The page itself.
    pub page: PageKind,
}

/// Who looks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Me {
    /// The name in the process of this page.
    pub name: Option<String>,
    /// Joined with a code, without an account.
    pub guest: bool,
}

/// A refused form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// The address the form was sent to.
    pub action: String,
    /// Its fields as they were sent (no passwords).
    pub fields: BTreeMap<String, String>,
    /// What is wrong, in the reader's language.
    pub problem: Problem,
}

/// The kinds of page there are.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "page", rename_all = "snake_case")]
pub enum PageKind {
    /// `/`: public processes, own ones, and the way in.
    Home(Home),
    /// `/join`: the joining notice, name and code.
    Join(Join),
    /// `/f/{forum}`.
    Forum(Box<ForumPage>),
    /// `/f/{forum}/moderation`, for moderators.
    Moderation(Box<ForumPage>),
    /// `/login/link`: a link is used up by a press, not by being looked at.
    LoginLink(LoginLink),
    /// Nothing else to show: not found, no right, link used up.
    Message(Message),
}

/// See [`PageKind::Home`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Home {
    /// Processes the reader may see.
    pub processes: Vec<ProcessCard>,
}

/// A process in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// The spoken code of the process and the join link; moderators only.
    pub codes: Option<Codes>,
}

/// How people come in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Codes {
    /// To be said aloud.
    pub spoken: String,
    /// For a QR picture or a message.
    pub url: String,
}

/// See [`PageKind::LoginLink`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoginLink {
    /// The secret of the link.
    pub token: String,
}

/// See [`PageKind::Message`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
