//! Pages: one file for each group of them. Their data is read from published states first and then rendered.
//! The router mounts them; browsers, also those without JavaScript, read them.
//! A page writes nothing and asks use cases alone: it does not use the API or live connections.

mod desk;
mod forum;
mod home;
mod joining;
mod poll;
mod render;
mod screen;

use axum::Router;
use axum::routing::get;

pub use self::render::message;
use crate::app::AppState;

/// The routes of all pages.
pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(home::home))
        .route("/join", get(joining::join))
        .route("/j/{code}", get(joining::join_link))
        .route("/login/link", get(joining::login_link))
        .route("/welcome/{process}", get(joining::welcome))
        .route("/return", get(joining::come_back))
        .route("/languages", get(home::languages))
        .route("/f/{forum}", get(forum::forum))
        .route("/f/{forum}/moderation", get(desk::moderation))
        .route("/f/{forum}/list", get(forum::list))
        .route("/f/{forum}/c/{contribution}", get(forum::thread))
        .route("/f/{forum}/c/{contribution}/report", get(forum::report))
        .route("/f/{forum}/log", get(desk::log))
        .route("/f/{forum}/record", get(desk::record))
        .route("/p/{poll}", get(poll::poll))
        .route("/p/{poll}/print", get(poll::poll_print))
        .route("/p/{poll}/voters", get(poll::poll_voters))
        .route("/p/{poll}/cards", get(poll::cards))
        .route("/screen/{token}", get(screen::screen))
        .route("/p/{poll}/edit", get(poll::edit_poll))
        .route("/f/{forum}/polls/new", get(poll::new_poll))
}
