//! Who voted what in an open poll whose result is shown.

use leptos::prelude::*;

use super::super::parts::{icon, icons};
use super::draft::page as address_of;
use super::parts::{Shown, chosen, question, round_name};
use crate::board::Cx;
use crate::data::{PollVoters, VoterRow};
use crate::view::{AnyView, IntoAny};
use crate::words::{DocumentWords, PollWords};

/// See [`crate::data::PageKind::PollVoters`].
pub fn voters(cx: Cx, words: PollWords, document: DocumentWords, page: PollVoters) -> AnyView {
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
