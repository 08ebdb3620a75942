//! The components. The same tree on server and browser: nothing here asks for a clock, a locale or a window while it
//! renders, and what differs later comes through signals.

#[cfg(feature = "ssr")]
mod cards;
#[cfg(feature = "ssr")]
mod come_back;
mod forum;
#[cfg(feature = "ssr")]
mod home;
#[cfg(feature = "ssr")]
mod join;
#[cfg(all(feature = "ssr", feature = "staff"))]
mod languages;
#[cfg(feature = "ssr")]
mod list;
#[cfg(all(feature = "ssr", feature = "staff"))]
mod log;
#[cfg(feature = "ssr")]
mod login;
#[cfg(feature = "ssr")]
mod message;
#[cfg(feature = "staff")]
mod moderation;
mod parts;
pub mod poll;
#[cfg(feature = "ssr")]
mod record;
#[cfg(feature = "ssr")]
mod report;
#[cfg(feature = "ssr")]
mod screen;
mod status;
#[cfg(feature = "ssr")]
mod thread;
#[cfg(feature = "ssr")]
mod welcome;

use leptos::prelude::*;

use crate::board::Cx;
use crate::data::{PageData, PageKind};
use crate::view::AnyView;
#[cfg(not(feature = "staff"))]
use crate::view::IntoAny;
use crate::words::AllWords;
#[cfg(feature = "ssr")]
use crate::words::DocumentWords;

#[cfg(feature = "hydrate")]
pub use forum::LIST_ID;
pub use forum::{ASK, TAKE_BACK};
#[cfg(feature = "ssr")]
pub use join::notice;
#[cfg(feature = "ssr")]
pub use parts::{area_html, default_button};

/// The component tree of a page.
pub fn page(page: PageData, words: AllWords) -> AnyView {
    let cx = Cx {
        words: words.participant,
        zone: StoredValue::new(page.zone),
        path: StoredValue::new(page.path),
        refused: StoredValue::new(page.refused),
    };
    #[cfg(feature = "ssr")]
    let document = DocumentWords::of(&page.lang);
    match page.page {
        #[cfg(feature = "ssr")]
        PageKind::Home(home) => home::home(cx, document, home),
        #[cfg(feature = "ssr")]
        PageKind::Join(join) => join::join(cx, document, join, page.network.as_ref()),
        PageKind::Forum(forum) => forum::forum(cx, *forum, page.me),
        PageKind::Poll(page) => poll::poll(cx, words.polls, *page),
        #[cfg(feature = "ssr")]
        PageKind::PollPrint(page) => poll::print(cx, words.polls, document, *page),
        #[cfg(feature = "ssr")]
        PageKind::PollVoters(page) => poll::voters(cx, words.polls, document, *page),
        #[cfg(feature = "ssr")]
        PageKind::Cards(page) => poll::cards(cx, document, *page),
        #[cfg(feature = "staff")]
        PageKind::Moderation(forum) => moderation::moderation(cx, words.staff, words.polls, *forum, page.me),
        #[cfg(all(feature = "ssr", feature = "staff"))]
        PageKind::Prepare(page) => moderation::prepare(cx, words.staff, *page),
        // The document loads the program that has it.
        #[cfg(not(feature = "staff"))]
        PageKind::Moderation(_) => ().into_any(),
        #[cfg(all(feature = "ssr", feature = "staff"))]
        PageKind::Log(page) => log::log(cx, words.staff, *page),
        #[cfg(feature = "ssr")]
        PageKind::Record(page) => record::record(cx, document, words.polls, *page),
        #[cfg(all(feature = "ssr", feature = "staff"))]
        PageKind::Languages => languages::languages(words.staff),
        #[cfg(feature = "ssr")]
        PageKind::LoginLink(link) => login::login(cx, document, link),
        #[cfg(feature = "ssr")]
        PageKind::Message(message) => message::message(cx, document, message),
        #[cfg(feature = "ssr")]
        PageKind::Welcome(page) => welcome::welcome(cx, document, page),
        #[cfg(feature = "ssr")]
        PageKind::Return(back) => come_back::come_back(cx, document, back, page.me.is_some()),
        #[cfg(feature = "ssr")]
        PageKind::List(page) => list::list(cx, document, *page),
        #[cfg(feature = "ssr")]
        PageKind::Thread(page) => thread::thread(cx, document, *page),
        #[cfg(feature = "ssr")]
        PageKind::Screen(page) => screen::screen(cx, document, words.polls, *page),
        #[cfg(feature = "ssr")]
        PageKind::Report(page) => report::report(cx, document, *page),
        #[cfg(all(feature = "ssr", not(feature = "staff")))]
        _ => ().into_any(),
    }
}
