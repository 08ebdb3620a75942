//! Right after joining: the words that bring one back, and one button on.

use leptos::prelude::*;

use super::parts::{hidden, icon, icons, refusal, texts};
use crate::address::ForumPlace;
use crate::board::Cx;
use crate::data::{ForumCard, Welcome};
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// See [`crate::data::PageKind::Welcome`].
pub fn welcome(cx: Cx, words: DocumentWords, page: Welcome) -> AnyView {
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
