//! The languages of the interface, and which of them a person has checked.

use leptos::prelude::*;

use crate::cx::Cx;
use crate::page::{Document, Frame, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{Review, StaffWords, autonym, direction, reviews};

/// `/languages`: which languages a person has checked, for admins.
#[derive(Clone, Copy, Debug)]
pub struct Languages;

impl Document for Languages {
    fn title(&self, reader: Reader<'_>) -> String {
        StaffWords::of(reader.lang).languages().to_owned()
    }

    fn draw(&self, _cx: Cx, reader: Reader<'_>) -> AnyView {
        languages(StaffWords::of(reader.lang))
    }

    fn frame(&self) -> Frame {
        Frame { of_staff: true, ..Frame::default() }
    }
}

fn languages(words: StaffWords) -> AnyView {
    let row = |Review { lang, reviewed_by }: &Review| {
        let lang = *lang;
        let (class, text) = match reviewed_by {
            Some(name) => ("badge open", words.languages_checked(name)),
            None => ("badge slow", words.languages_unchecked().to_owned()),
        };
        view! {
            <tr>
                <th scope="row" lang=lang dir=direction(lang)>
                    {autonym(lang)}
                </th>
                <td>
                    <span class=class>{text}</span>
                </td>
            </tr>
        }
    };
    view! {
        <div class="staff-page languages-page">
            <header class="head">
                <h1>{words.languages()}</h1>
                <p class="lead">{words.languages_lead()}</p>
            </header>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{words.languages_language()}</th>
                        <th scope="col">{words.languages_state()}</th>
                    </tr>
                </thead>
                <tbody>{reviews().iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
