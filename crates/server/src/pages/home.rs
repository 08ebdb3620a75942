//! The pages outside of any process: the list of processes, and the list of languages for staff.
//! The router calls them.
//! They write nothing.

use axum::extract::{Request, State};
use axum::response::Response;
use stimmwerk_core::domain::Summary;
use stimmwerk_core::ids::ForumId;
use stimmwerk_ui::pages::{ForumCard, Home, Languages, ProcessCard};

use super::render::{Asked, show};
use crate::app::AppState;
use crate::gate::Gate;
use crate::problem::Answer;

/// `/`
pub async fn home(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let processes = app
        .processes_of(&gate.who)
        .into_iter()
        .map(|process| ProcessCard {
            id: process.id,
            title: process.title,
            joined: gate.who.in_process(process.id).is_some(),
            joining: process.joining,
            forums: process.forums.into_iter().filter_map(|forum| Some(card(forum.id, forum.summary?))).collect(),
        })
        .collect();
    show(&app, &gate, asked, None, Home { processes }).await
}

/// `/languages`
pub async fn languages(State(app): State<AppState>, gate: Gate, mut request: Request) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    show(&app, &gate, asked, None, Languages).await
}

/// A forum in a list.
pub(super) fn card(id: ForumId, summary: Summary) -> ForumCard {
    let Summary { title, state, count, last_at } = summary;
    ForumCard { id, title, state, count, last_at }
}
