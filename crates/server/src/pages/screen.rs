//! The page of a projector: what the hall sees, and how to join.
//! Whoever holds a projector's link opens it; its script fetches it again whenever something has changed.
//! It shows what participants may see, and writes nowhere.

use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::{AuthorView, ContributionPut, Forum, Stage};
use stimmwerk_core::live::WindowRequest;
use stimmwerk_core::network::{CodeKind, Joining};
use stimmwerk_core::poll::Poll;
use stimmwerk_ui::page::Look;
use stimmwerk_ui::pages::{OnStage, PollOnStage, Quote, ScreenPage, WayIn};

use super::render::{Asked, show};
use crate::app::AppState;
use crate::chance;
use crate::gate::Gate;
use crate::guard;
use crate::problem::{Answer, Fault};
use crate::qr::picture;

/// What a projector's page is asked with.
#[derive(Debug, Deserialize)]
pub struct ScreenQuery {
    /// `dark`: light on dark.
    #[serde(default)]
    look: String,
}

/// `/screen/{token}`: what the hall sees. The token says of which forum.
pub async fn screen(
    State(app): State<AppState>,
    gate: Gate,
    Query(query): Query<ScreenQuery>,
    mut request: Request,
) -> Answer<Response> {
    let asked = Asked::of(&mut request);
    let base = app.config.base(guard::host(request.headers()));
    let directory = app.directory();
    let place = gate.who.screen().and_then(|forum| directory.forum(forum)).ok_or_else(Fault::not_found)?;
    let process = directory.process(place.process).ok_or_else(Fault::not_found)?;
    let audience = gate
        .who
        .position(&directory, Some(place.process), directory.place(place.stream))
        .audience
        .ok_or_else(Fault::not_found)?;
    let room = app.forum(place).await?;
    let state = room.state();
    let window = WindowRequest { before: Some(0), ..WindowRequest::default() };
    let view = Forum::view(&state, audience, &window);
    let shows = match view.stage {
        Stage::Off => OnStage::Off,
        Stage::Welcome => OnStage::Welcome,
        Stage::Topic { topic } => {
            let topic = view.topics.into_iter().find(|have| have.id == topic);
            topic.map_or(OnStage::Welcome, |topic| OnStage::Topic(topic.title))
        }
        Stage::Poll { poll } => {
            let place = directory.poll(poll).ok_or_else(Fault::not_found)?;
            let state = app.poll(place, audience).await?.state();
            let view = Poll::view(&state, audience, &WindowRequest::default());
            OnStage::Poll(Box::new(PollOnStage { stream: place.stream, seq: state.seq(), view }))
        }
        Stage::Speaking => OnStage::Speaking(view.floor),
        Stage::Contributions { contributions } => {
            OnStage::Quotes(contributions.into_iter().filter_map(|id| state.one(id, audience)).map(quote).collect())
        }
    };
    let join = (process.joining == Joining::Open).then(|| {
        let picture = picture(&format!("{base}/j/{}", app.code(process, CodeKind::Link)?));
        let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host);
        Some(WayIn { address: format!("{host}/join"), spoken: app.code(process, CodeKind::Spoken)?, picture })
    });
    let page = ScreenPage {
        stream: place.stream,
        seq: state.seq(),
        title: view.forum.title,
        shows,
        join: join.flatten(),
        people: room.people_present(),
        now: chance::now(),
        look: if query.look == "dark" { Look::Dark } else { Look::Light },
    };
    let mut response = show(&app, &gate, asked, None, page).await?;
    // The token stands in the address, so the address is sent nowhere. The page has no form that would need an origin.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

/// A contribution for the hall: the name it is shown under, and its words.
fn quote(ContributionPut { contribution: one, people }: ContributionPut) -> Quote {
    let hall = one.hall.is_some();
    let author = if hall {
        // The author is the moderator who wrote it down, so the name of the speaker is shown.
        AuthorView { name: one.speaker(&people).cloned(), number: 0, role: None, participant: None }
    } else {
        people.author(one.author)
    };
    Quote { author, hall, text: one.text.to_string(), lang: one.lang }
}
