//! What tests are made of: the plainest of each thing. A test changes what it is about.

use leptos::prelude::StoredValue;
use stimmwerk_core::forum::{
    ContributionView, FloorEntryView, FloorView, ForumView, Header, Mode, OwnView, People, PersonView,
    PollPlaceInForum, Stage, Totals, Waiting, Window,
};
use stimmwerk_core::ids::{CommandId, ContributionId, FloorId, ForumId, PollId, ProcessId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::poll::{Electorate, Phase, PollHeader, Question, Results, Secrecy, Weight};
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::tally::{Majority, Method};
use stimmwerk_core::time::{Timestamp, Zone};
use uuid::Uuid;

use crate::cx::Cx;
use crate::data::Me;
use crate::pages::{ForumPage, Place};
use crate::words::Words;

/// When everything happens.
pub const NOW: i64 = 1_795_430_000_000;

/// Tried in every text.
pub const HOSTILE: &str = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(1)>&lt;</textarea><!--";

/// A small number as an id.
pub fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0000 | n)
}

/// A text in German alone.
pub fn texts(text: &str) -> Texts {
    Texts::of(Lang::german(), text)
}

/// A visible contribution at this position, by a guest.
pub fn contribution(n: u64, text: &str) -> ContributionView {
    ContributionView {
        id: ContributionId(uuid(n.into())),
        position: n,
        author: n as u32,
        text: text.into(),
        links: Vec::new(),
        lang: Some(Lang::german()),
        at: Timestamp(NOW),
        edited: false,
        reply_to: None,
        topic: None,
        support: 0,
        replies: 0,
        waits: false,
        pending: None,
        additions: Vec::new(),
        hall: None,
        addition: None,
        reports: Vec::new(),
        claim: None,
        hidden: None,
    }
}

/// Guests with names, by their numbers.
pub fn people<'a>(named: impl IntoIterator<Item = (u32, &'a str)>) -> People {
    let person = |name: &str| PersonView { name: Some(name.into()), ..PersonView::default() };
    People(named.into_iter().map(|(number, name)| (number, person(name))).collect())
}

/// An open forum.
pub fn header(title: &str) -> Header {
    Header {
        id: ForumId(uuid(2)),
        process: ProcessId(uuid(3)),
        title: texts(title),
        mode: Mode::Open,
        until: None,
        waiting: Waiting::None,
    }
}

/// A page of it for somebody who joined, newest contribution first.
pub fn forum_page(contributions: Vec<ContributionView>) -> ForumPage {
    let from = contributions.last().map_or(0, |last| last.position);
    ForumPage {
        stream: StreamId(uuid(1)),
        seq: Seq(90),
        view: ForumView {
            forum: header("Wie wollen wir zusammen leben?"),
            totals: Totals::default(),
            topics: Vec::new(),
            polls: Vec::new(),
            stage: Stage::default(),
            floor: FloorView::default(),
            contributions,
            waiting: Vec::new(),
            attention: Vec::new(),
            people: People::default(),
            window: Window { from, topic: None },
        },
        own: Some(OwnView::default()),
        moderates: false,
        idempotency_key: CommandId(uuid(77)),
        now: Timestamp(NOW),
    }
}

/// A poll of that forum.
pub fn poll(n: u128, phase: Phase, title: &str, method: Method) -> PollHeader {
    let listed = matches!(method, Method::YesNo);
    PollHeader {
        id: PollId(uuid(n)),
        process: ProcessId(uuid(3)),
        forum: Some(ForumId(uuid(2))),
        round: 1,
        phase,
        opened_at: None,
        until: None,
        closing: false,
        question: Question {
            title: texts(title),
            note: None,
            method,
            options: if listed { Vec::new() } else { vec![texts(title), texts("Wohnen"), texts("Arbeit")] },
            ends: None,
            electorate: Electorate::default(),
            secrecy: Secrecy::default(),
            weight: Weight::default(),
            results: Results::default(),
            majority: Majority::default(),
            quorum: None,
        },
    }
}

/// Its place in the forum, as the `number`th.
pub fn poll_place(number: u32, poll: &PollHeader) -> PollPlaceInForum {
    let title = poll.question.title.clone();
    PollPlaceInForum { id: poll.id, number, stream: StreamId(poll.id.0), phase: poll.phase, title }
}

/// Somebody who waits for the floor.
pub fn speaker(n: u128, name: Option<&str>) -> FloorEntryView {
    FloorEntryView {
        id: FloorId(uuid(n)),
        name: name.map(Into::into),
        number: 7,
        hall: false,
        interpreted: false,
        turns: 0,
        pinned: false,
        asked_at: Timestamp(NOW),
        participant: None,
    }
}

/// What its other pages have of it.
pub fn place(page: ForumPage) -> Place {
    Place {
        forum: page.view.forum,
        topics: page.view.topics,
        people: page.view.people,
        own: page.own,
        moderates: page.moderates,
        now: page.now,
        idempotency_key: page.idempotency_key,
    }
}

/// Somebody with a name.
pub fn me(name: &str) -> Me {
    Me { name: Some(name.to_owned()), guest: false, participant: None, admin: false }
}

/// A German page at this address. Under an owner.
pub fn cx(path: &str) -> Cx {
    Cx {
        words: Words::of("de"),
        zone: StoredValue::new(Zone::default()),
        path: StoredValue::new(path.to_owned()),
        refused: StoredValue::new(None),
    }
}
