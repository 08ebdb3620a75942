//! Right after joining: the words that bring one back, and one button on.

use leptos::prelude::*;
use stimmwerk_core::ids::ProcessId;
use stimmwerk_core::said::Texts;

use super::forum::ForumPage;
use super::home::ForumCard;
use super::parts::{hidden, icon, icons, refusal, texts};
use super::poll::PollPage;
use crate::address::ForumPlace;
use crate::cx::Cx;
use crate::page::{Document, Frame, LivePage, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// `/welcome/{process}`: what one needs to come back, right after joining.
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

impl Document for Welcome {
    fn title(&self, reader: Reader<'_>) -> String {
        DocumentWords::of(reader.lang).welcome_title().to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        welcome(cx, DocumentWords::of(reader.lang), self.clone())
    }

    fn frame(&self) -> Frame {
        let poll = self.next.as_ref().is_some_and(|next| next.starts_with("/p/"));
        Frame { ahead: Some(if poll { PollPage::PROGRAM } else { ForumPage::PROGRAM }), ..Frame::default() }
    }
}

fn welcome(cx: Cx, words: DocumentWords, page: Welcome) -> AnyView {
    let Welcome { process, title, code, picture, forums, next } = page;
    let ways = match (next, &forums[..]) {
        (Some(next), _) => way(next, words.home_code_go().into_any()),
        (None, [one]) => way(address_of(one), words.welcome_go().into_any()),
        (None, many) => {
            many.iter().map(|one| way(address_of(one), texts(cx.words, &one.title))).collect_view().into_any()
        }
    };
    let words_of_return = match code {
        Some(code) => shown(words, &code, picture),
        None => view! {
            <form class="panel" method="post" action="/api/v1/me/return-code">
                <p>{words.welcome_again()}</p>
                <p class="hint">{words.welcome_new_means()}</p>
                {hidden("process", process.to_string())}
                {hidden("next", format!("/welcome/{process}"))}
                <button>
                    {icon(icons::KEY)}
                    {words.welcome_new()}
                </button>
            </form>
        }
        .into_any(),
    };
    view! {
        <div class="narrow welcome">
            <header class="hero">
                <h1>{words.welcome_title()}</h1>
                <p class="lead">{texts(cx.words, &title)}</p>
            </header>
            {refusal(cx, |_| false)}
            {words_of_return}
            <div class="ways">{ways}</div>
        </div>
    }
    .into_any()
}

fn address_of(forum: &ForumCard) -> String {
    ForumPlace { forum: forum.id, moderation: false, topic: None, before: None }.href()
}

fn way(href: String, word: AnyView) -> AnyView {
    view! {
        <a class="button main wide" href=href>
            <span>{word}</span>
            {icon(icons::GO)}
        </a>
    }
    .into_any()
}

/// The code, to be written down, photographed or scanned.
fn shown(words: DocumentWords, code: &str, picture: Option<String>) -> AnyView {
    let items = code.split('-').map(|word| view! { <li>{word.to_owned()}</li> }).collect_view();
    let picture = picture.filter(|picture| !picture.is_empty()).map(|picture| {
        view! { <div class="qr" role="img" aria-label=words.welcome_picture() inner_html=picture /> }
    });
    view! {
        <section class="panel ticket" aria-labelledby="words">
            <h2 id="words">{words.return_words()}</h2>
            <p>{words.welcome_means()}</p>
            <ol class="code-words" lang="de" dir="ltr" translate="no">
                {items}
            </ol>
            {picture}
            <p class="advice">
                {icon(icons::PHOTO)}
                <strong>{words.welcome_photo()}</strong>
            </p>
        </section>
    }
    .into_any()
}
