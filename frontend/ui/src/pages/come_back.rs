//! Coming back with the words of a return code.

use leptos::prelude::*;

use super::forum::ForumPage;
use super::parts::{hidden, icon, icons, refusal};
use crate::cx::Cx;
use crate::page::{Document, Frame, LivePage, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// Where the form goes.
const ACTION: &str = "/api/v1/return";

/// `/return`: coming back with words.
#[derive(Clone, Debug, PartialEq)]
pub struct Return {
    /// From a QR picture; empty if it is to be typed. The form goes to `POST /api/v1/return`, field `code`.
    pub code: String,
}

impl Document for Return {
    fn title(&self, reader: Reader<'_>) -> String {
        DocumentWords::of(reader.lang).home_back().to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        come_back(cx, DocumentWords::of(reader.lang), self.clone(), reader.me.is_some())
    }

    fn frame(&self) -> Frame {
        Frame { ahead: Some(ForumPage::PROGRAM), ..Frame::default() }
    }
}

fn come_back(cx: Cx, words: DocumentWords, page: Return, known: bool) -> AnyView {
    // A picture may bring the words; what was just typed counts more.
    let code = cx.refused_by(ACTION).and_then(|refused| refused.fields.get("code").cloned()).unwrap_or(page.code);
    // The form leads here where there is more than one conversation, or none.
    let known = known.then(|| {
        view! {
            <div class="panel thanks" role="status">
                <h2>{words.return_in()}</h2>
                <p>
                    <a class="button main" href="/">
                        {words.message_home()}
                        {icon(icons::GO)}
                    </a>
                </p>
            </div>
        }
    });
    view! {
        <div class="narrow">
            <h1>{words.home_back()}</h1>
            {known}
            <form class="panel" method="post" action=ACTION>
                {refusal(cx, |_| false)}
                <div class="field">
                    <label for="code">{words.return_words()}</label>
                    <p class="hint" id="code-hint">
                        {words.return_hint()}
                    </p>
                    <input
                        id="code"
                        class="words"
                        name="code"
                        type="text"
                        required
                        maxlength="120"
                        autocomplete="off"
                        autocapitalize="none"
                        spellcheck="false"
                        dir="ltr"
                        aria-describedby="code-hint"
                        value=code
                    />
                </div>
                {hidden("next", "/return".to_owned())}
                <button class="main wide">
                    {icon(icons::KEY)}
                    {words.home_code_go()}
                </button>
            </form>
            <p class="quiet-text">
                {words.return_lost()} " " <a href="/join">{words.home_join()}</a>
            </p>
        </div>
    }
    .into_any()
}
