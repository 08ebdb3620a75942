//! Nothing else to show: why, and where to go from here.

use leptos::prelude::*;
use stimmwerk_core::live::Problem;

use crate::cx::Cx;
use crate::page::{Document, Frame, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// Nothing else to show: not found, no right, link used up.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Why, as a problem in the reader's language.
    pub problem: Problem,
}

impl Document for Message {
    fn title(&self, _reader: Reader<'_>) -> String {
        self.problem.title.clone()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        message(cx, DocumentWords::of(reader.lang), self.clone())
    }

    fn frame(&self) -> Frame {
        Frame { formless: true, ..Frame::default() }
    }
}

fn message(cx: Cx, words: DocumentWords, message: Message) -> AnyView {
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
