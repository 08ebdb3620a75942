//! Sheets of voting cards: eight on a page, to be cut apart and handed out at the door.

use leptos::prelude::*;
use stimmwerk_core::poll::PollView;

use super::super::parts::{icon, icons, texts};
use super::draft::page as address_of;
use super::title_of;
use crate::cx::Cx;
use crate::page::{Document, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{DocumentWords, Words};

/// How many cards a page of paper holds.
const A_PAGE: usize = 8;

/// `/p/{poll}/cards`: voting cards to be cut apart, for moderators.
#[derive(Clone, Debug, PartialEq)]
pub struct CardSheet {
    /// What the poll asks.
    pub view: PollView,
    /// The cards in the order of their numbers.
    pub cards: Vec<VotingCard>,
}

/// A voting card as it is printed.
#[derive(Clone, Debug, PartialEq)]
pub struct VotingCard {
    /// Its number, from 1 on.
    pub number: u32,
    /// Its code, in groups that can be read.
    pub code: String,
    /// The address of the ballot with the code, as a QR picture (SVG markup).
    pub picture: String,
}

impl Document for CardSheet {
    fn title(&self, reader: Reader<'_>) -> String {
        format!("{} – {}", DocumentWords::of(reader.lang).cards_title(), title_of(Words::of(reader.lang), &self.view))
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        cards(cx, DocumentWords::of(reader.lang), self.clone())
    }
}

fn cards(cx: Cx, document: DocumentWords, page: CardSheet) -> AnyView {
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
