//! Nothing else to show: why, and where to go from here.

use leptos::prelude::*;

use crate::data::Message;
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// See [`crate::data::PageKind::Message`].
pub fn message(words: DocumentWords, message: Message) -> AnyView {
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
                <a class="button" href="/return">
                    {words.home_back()}
                </a>
            </p>
        </div>
    }
    .into_any()
}
