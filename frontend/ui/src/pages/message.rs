//! Nothing else to show: why, and where to go from here.

use leptos::prelude::*;

use crate::board::Cx;
use crate::data::Message;
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// See [`crate::data::PageKind::Message`].
pub fn message(cx: Cx, words: DocumentWords, message: Message) -> AnyView {
    // What was typed stands below, with ways back in that do not lead away from it.
    let kept = cx.refused.with_value(|refused| refused.as_ref().is_some_and(|refused| !refused.again.is_empty()));
    let ways = (!kept).then(|| {
        view! {
            <p class="line">
                <a class="button main" href="/">
                    {words.message_home()}
                </a>
                <a class="button" href="/join">
                    {words.message_join()}
                </a>
                <a class="button" href="/return">
                    {words.home_back()}
                </a>
            </p>
        }
        .into_any()
    });
    view! {
        <div class="narrow message">
            <h1>{message.problem.title}</h1>
            {ways}
        </div>
    }
    .into_any()
}
