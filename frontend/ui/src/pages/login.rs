//! A login link is used up by a press, not by being looked at: mail programs look at links too.

use leptos::prelude::*;

use super::parts::{hidden, refusal};
use crate::cx::Cx;
use crate::page::{Document, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// `/login/link`: a link is used up by a press, not by being looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct LoginLink {
    /// The secret of the link.
    pub token: String,
    /// The local address to go on to.
    pub next: String,
}

impl Document for LoginLink {
    fn title(&self, reader: Reader<'_>) -> String {
        DocumentWords::of(reader.lang).login_title().to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        login(cx, DocumentWords::of(reader.lang), self.clone())
    }
}

fn login(cx: Cx, words: DocumentWords, link: LoginLink) -> AnyView {
    view! {
        <div class="narrow">
            <h1>{words.login_title()}</h1>
            <form class="panel" method="post" action="/api/v1/login/link/confirm">
                {refusal(cx, |_| false)}
                {hidden("token", link.token)}
                {hidden("next", link.next)}
                <p>{words.login_means()}</p>
                <p class="hint">{words.login_once()}</p>
                <button class="main wide">{words.login_go()}</button>
            </form>
        </div>
    }
    .into_any()
}
