//! Nothing else to show: why, and where to go from here.

use leptos::prelude::*;

use crate::board::Cx;
use crate::data::Message;

/// See [`crate::data::PageKind::Message`].
pub fn message(cx: Cx, message: Message) -> AnyView {
    let words = cx.words;
    view! {
        <div class="narrow message">
            <h1>{message.problem.title}</h1>
            <p class="line">
                <a class="button main" href="/">
                    {words.message_home()}
                </a>
                <a class="button" href="/join">
                    {words.message_join()}
                </a>
            </p>
        </div>
    }
    .into_any()
}
