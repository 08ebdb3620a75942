//! Who voted what in an open poll whose result is shown.

use leptos::prelude::*;
use stimmwerk_core::poll::PollView;
use stimmwerk_core::time::Timestamp;

use super::super::parts::{icon, icons};
use super::draft::page as address_of;
use super::parts::{Shown, chosen, question, round_name};
use super::title_of;
use crate::cx::Cx;
use crate::page::{Document, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{DocumentWords, PollWords, Words};

/// `/p/{poll}/voters`: who voted what in an open poll whose result is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct PollVoters {
    /// What the reader sees.
    pub view: PollView,
    /// Who voted what; of a poll that is not open, nobody.
    pub ballots: Vec<VoterRow>,
    /// The clock when the page was made.
    pub now: Timestamp,
}

/// One ballot of an open poll.
#[derive(Clone, Debug, PartialEq)]
pub struct VoterRow {
    /// In which round.
    pub round: u32,
    /// The name they have now, if they have one and are known by it.
    pub name: Option<String>,
    /// The number of the voting card.
    pub card: Option<u32>,
    /// A mark for each option.
    pub marks: Vec<u8>,
}

impl Document for PollVoters {
    fn title(&self, reader: Reader<'_>) -> String {
        title_of(Words::of(reader.lang), &self.view).to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        voters(cx, PollWords::of(reader.lang), DocumentWords::of(reader.lang), self.clone())
    }
}

fn voters(cx: Cx, words: PollWords, document: DocumentWords, page: PollVoters) -> AnyView {
    let shown = Shown::still(cx, words, &page.view, page.now);
    let Some(poll) = page.view.poll.clone() else { return ().into_any() };
    let row = |one: &VoterRow| {
        let name = match (&one.name, one.card) {
            (_, Some(card)) => document.cards_number(&card.to_string()),
            (Some(name), None) => name.clone(),
            (None, None) => document.voters_no_name().to_owned(),
        };
        view! {
            <tr>
                <th scope="row">
                    <bdi>{name}</bdi>
                </th>
                <td>{chosen(cx, words, &poll.question, &one.marks)}</td>
            </tr>
        }
    };
    // Each round is a vote of its own; there is mostly one.
    let tables = page.ballots.chunk_by(|a, b| a.round == b.round).map(|ballots| {
        let round = ballots.first().map_or(1, |one| one.round);
        let title = (poll.round > 1).then(|| view! { <h3>{round_name(words, round)}</h3> });
        view! {
            {title}
            <table>
                <thead>
                    <tr>
                        <th scope="col">{document.voters_name()}</th>
                        <th scope="col">{words.chart_option()}</th>
                    </tr>
                </thead>
                <tbody>{ballots.iter().map(row).collect_view()}</tbody>
            </table>
        }
    });
    let table = if page.ballots.is_empty() {
        view! { <p class="empty">{document.voters_none()}</p> }.into_any()
    } else {
        view! {
            <p>{document.voters_means()}</p>
            {tables.collect_view()}
        }
        .into_any()
    };
    view! {
        <div class="staff-page voters">
            <p class="way-back no-print">
                <a href=address_of(poll.id)>{icon(icons::BACK)} <span>{document.print_back()}</span></a>
            </p>
            {question(shown)}
            <section class="panel" aria-labelledby="who">
                <h2 id="who">{words.result_who()}</h2>
                {table}
            </section>
        </div>
    }
    .into_any()
}
