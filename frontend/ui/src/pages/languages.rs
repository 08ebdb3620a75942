//! The languages of the interface, and which of them a person has checked.

use leptos::prelude::*;

use crate::view::{AnyView, IntoAny};
use crate::words::{LANGUAGES, StaffWords, autonym, direction};

/// Language and who checked it. Where reviews are kept: `reviews().iter().map(|one| (one.lang, one.reviewed_by))`.
fn checked() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    LANGUAGES.iter().map(|lang| (*lang, None))
}

/// See [`crate::data::PageKind::Languages`].
pub fn languages(words: StaffWords) -> AnyView {
    let row = |(lang, by): (&'static str, Option<&'static str>)| {
        let (class, text) = match by {
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
                <tbody>{checked().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}
