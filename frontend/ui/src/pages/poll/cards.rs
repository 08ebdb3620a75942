//! Sheets of voting cards: eight on a page, to be cut apart and handed out at the door.

use leptos::prelude::*;

use super::super::parts::{icon, icons, texts};
use super::draft::page as address_of;
use crate::board::Cx;
use crate::data::{CardSheet, VotingCard};
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// How many cards a page of paper holds.
const A_PAGE: usize = 8;

/// See [`crate::data::PageKind::Cards`].
pub fn cards(cx: Cx, document: DocumentWords, page: CardSheet) -> AnyView {
    let Some(poll) = page.view.poll else { return ().into_any() };
    let card = |one: &VotingCard| {
        view! {
            <li class="card">
                <p class="number">{document.cards_number(&one.number.to_string())}</p>
                <p class="asks">{texts(cx.words, &poll.question.title)}</p>
                <span class="qr" aria-hidden="true" inner_html=one.picture.clone() />
                <p class="code">
                    <code dir="ltr" translate="no">
                        {one.code.clone()}
                    </code>
                </p>
                <p class="how">{document.cards_how()}</p>
            </li>
        }
    };
    let sheets = page.cards.chunks(A_PAGE).map(|sheet| {
        let cards = sheet.iter().map(card).collect_view();
        view! { <ol class="sheet">{cards}</ol> }
    });
    let sheets = sheets.collect_view();
    view! {
        <div class="voting-cards">
            <header class="head no-print">
                <p class="way-back">
                    <a href=address_of(poll.id)>{icon(icons::BACK)} <span>{document.print_back()}</span></a>
                </p>
                <h1>{document.cards_title()}</h1>
                <p class="note">{icon(icons::WARN)} <span>{document.cards_once()}</span></p>
                <p class="hint">{document.cards_cut()}</p>
            </header>
            {sheets}
        </div>
    }
    .into_any()
}
