//! Joining: the language first, then what one should know, then a code, perhaps a name, and one button.

use leptos::prelude::*;
use stimmwerk_core::ids::CommandId;
use stimmwerk_core::said::Texts;

use super::forum::ForumPage;
use super::home::back;
use super::parts::{default_button, hidden, refusal, texts};
use crate::address;
use crate::cx::Cx;
use crate::page::{Document, Frame, LivePage, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{DocumentWords, LANGUAGES, autonym, direction};

/// Where the form goes.
const ACTION: &str = "/api/v1/join";

/// The points of the joining notice; see [`stimmwerk_core::people::NOTICE_VERSION`].
pub fn notice(words: DocumentWords, network: Option<&Texts>) -> [String; 5] {
    let network = network.map_or(words.join_notice_we(), |texts| texts.pick(words.lang()).0);
    [
        words.join_notice_who(network),
        words.join_notice_read().to_owned(),
        words.join_notice_name().to_owned(),
        words.join_notice_result().to_owned(),
        words.join_notice_delete().to_owned(),
    ]
}

/// `/join`: the joining notice, name and code.
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

impl Document for Join {
    fn title(&self, reader: Reader<'_>) -> String {
        DocumentWords::of(reader.lang).join_title().to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        join(cx, DocumentWords::of(reader.lang), self.clone(), reader.network)
    }

    fn frame(&self) -> Frame {
        // Joining begins with the choice of language; it stands larger there.
        Frame { language: false, ahead: Some(ForumPage::PROGRAM), ..Frame::default() }
    }
}

fn join(cx: Cx, words: DocumentWords, join: Join, network: Option<&Texts>) -> AnyView {
    let path = cx.path.get_value();
    let refused = cx.refused_by(ACTION);
    let kept = |name: &str| refused.as_ref().and_then(|refused| refused.fields.get(name).cloned()).unwrap_or_default();
    let points = notice(words, network).map(|point| view! { <li>{point}</li> }).collect_view();
    let code = if kept("code").is_empty() { join.code.clone() } else { kept("code") };
    let process = join.process.as_ref().map(|title| {
        view! {
            <p class="into">
                {words.join_process()} " " <strong>{texts(cx.words, title)}</strong>
            </p>
        }
    });
    // A code that led here and is right needs no field; one that is wrong must be seen to be corrected.
    let code = if join.process.is_some() && !refused.as_ref().is_some_and(|refused| refused.is_for("code_unknown")) {
        hidden("code", code)
    } else {
        view! {
            <div class="field">
                <label for="code">{words.join_code()}</label>
                <p class="hint" id="code-hint">
                    {words.join_code_hint()}
                </p>
                <input
                    id="code"
                    name="code"
                    type="text"
                    required
                    maxlength="80"
                    autocomplete="off"
                    autocapitalize="characters"
                    spellcheck="false"
                    dir="ltr"
                    aria-describedby="code-hint"
                    value=code
                />
            </div>
        }
        .into_any()
    };
    view! {
        <div class="join">
            <h1>{words.join_title()}</h1>
            {languages(cx, words, &path)}
            {process}
            <form id="typed" method="post" action=ACTION class="panel" data-typed>
                {refusal(cx, |_| false)}
                <section class="notice" aria-labelledby="notice">
                    <h2 id="notice">{words.join_notice()}</h2>
                    <ul>{points}</ul>
                </section>
                {hidden("notice", join.notice.to_string())}
                {hidden("lang", cx.words.lang().to_owned())}
                {hidden("idempotency_key", join.idempotency_key.to_string())}
                {hidden("next", path.clone())}
                {code}
                <div class="field">
                    <label for="name">{words.join_name()}</label>
                    <p class="hint" id="name-hint">
                        {words.join_name_hint()}
                    </p>
                    <input
                        id="name"
                        name="name"
                        type="text"
                        maxlength="80"
                        autocomplete="nickname"
                        dir="auto"
                        aria-describedby="name-hint"
                        value=kept("name")
                    />
                </div>
                <p class="hint">{words.join_agree()}</p>
                <button class="main wide">{words.join_go()}</button>
            </form>
            {back(words)}
        </div>
    }
    .into_any()
}

fn languages(cx: Cx, words: DocumentWords, path: &str) -> AnyView {
    let to = address::in_language(ACTION, path);
    let buttons = LANGUAGES
        .iter()
        .map(|lang| {
            let current = *lang == cx.words.lang();
            view! {
                <button
                    form="typed"
                    formaction=to.clone()
                    formnovalidate
                    name="interface"
                    value=*lang
                    lang=*lang
                    dir=direction(lang)
                    aria-pressed=if current { "true" } else { "false" }
                >
                    {autonym(lang)}
                </button>
            }
        })
        .collect_view();
    view! {
        <form class="languages" method="post" action="/api/v1/language">
            <span hidden inner_html=default_button("typed")></span>
            <fieldset>
                <legend>{words.join_language()}</legend>
                {hidden("next", address::without(path, "lang"))}
                <div class="line">{buttons}</div>
            </fieldset>
        </form>
    }
    .into_any()
}
