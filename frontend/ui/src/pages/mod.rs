//! The components. The same tree on server and browser: nothing here asks for a clock, a locale or a window while it
//! renders, and what differs later comes through signals.

mod forum;
mod home;
mod join;
mod login;
mod message;
#[cfg(feature = "staff")]
mod moderation;
mod parts;

use leptos::prelude::*;

use crate::board::Cx;
use crate::data::{PageData, PageKind};
use crate::words::AllWords;

#[cfg(feature = "hydrate")]
pub use forum::LIST_ID;
#[cfg(feature = "ssr")]
pub use join::notice;

/// The component tree of a page.
pub fn page(page: PageData, words: AllWords) -> AnyView {
    let network = page.network;
    let cx = Cx {
        words: words.participant,
        zone: StoredValue::new(page.zone),
        path: StoredValue::new(page.path),
        refused: StoredValue::new(page.refused),
    };
    match page.page {
        PageKind::Home(home) => home::home(cx, home),
        PageKind::Join(join) => join::join(cx, join, network.as_ref()),
        PageKind::Forum(forum) => forum::forum(cx, *forum, page.me),
        #[cfg(feature = "staff")]
        PageKind::Moderation(forum) => moderation::moderation(cx, words.staff, *forum),
        // The document loads the program that has it.
        #[cfg(not(feature = "staff"))]
        PageKind::Moderation(_) => ().into_any(),
        PageKind::LoginLink(link) => login::login(cx, link),
        PageKind::Message(message) => message::message(cx, message),
    }
}
