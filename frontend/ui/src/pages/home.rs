//! The front page: the conversations a reader may see, and the way in with a code.

use leptos::prelude::*;
use stimmwerk_core::ids::{ForumId, ProcessId};
use stimmwerk_core::network::Joining;
use stimmwerk_core::said::Texts;
use stimmwerk_core::time::Timestamp;

use super::parts::{hidden, icon, icons, refusal, state, texts};
use crate::address::ForumPlace;
use crate::clock;
use crate::cx::Cx;
use crate::page::{Document, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// `/`: public processes, own ones, and the way in.
#[derive(Clone, Debug, PartialEq)]
pub struct Home {
    /// Processes the reader may see.
    pub processes: Vec<ProcessCard>,
}

/// A process in a list.
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

impl Document for Home {
    fn title(&self, reader: Reader<'_>) -> String {
        DocumentWords::of(reader.lang).home_title().to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        home(cx, DocumentWords::of(reader.lang), self.clone())
    }
}

fn home(cx: Cx, words: DocumentWords, home: Home) -> AnyView {
    // What goes on right now comes first.
    let mut processes = home.processes;
    let live = |forum: &ForumCard| matches!(forum.state.as_str(), "open" | "slow");
    for process in &mut processes {
        process.forums.sort_by_key(|forum| (!live(forum), std::cmp::Reverse(forum.last_at)));
    }
    processes.sort_by_key(|process| (!process.forums.iter().any(live), !process.joined));
    let talks = (!processes.is_empty()).then(|| {
        let cards = processes.iter().map(|process| card(cx, words, process)).collect_view();
        view! {
            <section class="talks" aria-labelledby="talks">
                <h2 id="talks">{words.home_talks()}</h2>
                {cards}
            </section>
        }
    });
    let none = processes.is_empty().then(|| view! { <p class="empty">{words.home_none()}</p> });
    view! {
        <div class="home">
            <header class="hero">
                <h1>{words.home_title()}</h1>
                <p class="lead">{words.home_lead()}</p>
            </header>
            {refusal(cx, |_| false)}
            {talks}
            <form class="panel code" action="/api/v1/join" method="post">
                {hidden("next", "/join".to_owned())}
                <h2>
                    <label for="code">{words.home_code_title()}</label>
                </h2>
                <p class="hint" id="code-hint">
                    {words.home_code_hint()}
                </p>
                <div class="line">
                    <input
                        id="code"
                        name="code"
                        type="text"
                        required
                        maxlength="40"
                        autocomplete="off"
                        autocapitalize="characters"
                        spellcheck="false"
                        dir="ltr"
                        aria-describedby="code-hint"
                    />
                    <button class="main">{words.home_code_go()}</button>
                </div>
            </form>
            {none}
            {back(words)}
        </div>
    }
    .into_any()
}

/// The way for who was here before.
pub fn back(words: DocumentWords) -> AnyView {
    view! {
        <p class="way">
            <a class="button" href="/return">
                {icon(icons::KEY)}
                {words.home_back()}
            </a>
        </p>
    }
    .into_any()
}

fn card(cx: Cx, words: DocumentWords, process: &ProcessCard) -> AnyView {
    let standing = if process.joined {
        Some(view! { <span class="badge mine">{words.home_joined()}</span> }.into_any())
    } else if process.joining == Joining::Open {
        Some(view! { <a class="button" href="/join">{words.home_join()}</a> }.into_any())
    } else {
        Some(view! { <span class="hint">{words.home_full()}</span> }.into_any())
    };
    let none = process.forums.is_empty().then(|| view! { <p class="empty">{words.home_no_talks()}</p> });
    let forums = process.forums.iter().map(|forum| line(cx, words, forum)).collect_view();
    view! {
        <section class="panel process">
            <header>
                <h3>{texts(cx.words, &process.title)}</h3>
                {standing}
            </header>
            {none}
            <ul>{forums}</ul>
        </section>
    }
    .into_any()
}

fn line(cx: Cx, words: DocumentWords, forum: &ForumCard) -> AnyView {
    let place = ForumPlace { forum: forum.id, moderation: false, topic: None, before: None };
    let last = forum.last_at.map(|at| {
        let when = cx.zone.with_value(|zone| clock::moment(cx.words, zone, at, None));
        view! { <time datetime=clock::iso(at)>{words.home_last(&when)}</time> }
    });
    view! {
        <li>
            <a class="talk-link" href=place.href()>
                {icon(icons::TALK)} <span class="name">{texts(cx.words, &forum.title)}</span>
            </a>
            <p class="facts">
                {state(cx.words, &forum.state)} <span>{cx.words.forum_count(forum.count)}</span> {last}
            </p>
        </li>
    }
    .into_any()
}
