//! A login link is used up by a press, not by being looked at: mail programs look at links too.

use leptos::prelude::*;

use super::parts::{hidden, refusal};
use crate::board::Cx;
use crate::data::LoginLink;
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// See [`crate::data::PageKind::LoginLink`].
pub fn login(cx: Cx, words: DocumentWords, link: LoginLink) -> AnyView {
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
