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

#[cfg(feature = "ssr")]
use crate::data::{PageData, PageKind};
#[cfg(feature = "ssr")]
use crate::page::LivePage;
#[cfg(feature = "ssr")]
use crate::view::AnyView;
#[cfg(all(feature = "ssr", not(feature = "staff")))]
use crate::view::IntoAny;
#[cfg(all(feature = "ssr", feature = "staff"))]
use crate::words::StaffWords;
#[cfg(feature = "ssr")]
use crate::words::{DocumentWords, PollWords, Words};

#[cfg(feature = "hydrate")]
pub use forum::LIST_ID;
pub use forum::{ASK, TAKE_BACK};
#[cfg(feature = "ssr")]
pub use join::notice;
#[cfg(feature = "ssr")]
pub use parts::{area_html, default_button};

/// The component tree of a page, in its words.
#[cfg(feature = "ssr")]
pub fn page(page: PageData<PageKind>) -> AnyView {
    let lang = page.lang.clone();
    let (words, polls, document) = (Words::of(&lang), PollWords::of(&lang), DocumentWords::of(&lang));
    #[cfg(feature = "staff")]
    let staff = StaffWords::of(&lang);
    let network = page.network.clone();
    let (cx, page, me) = page.open(words);
    match page {
        PageKind::Home(home) => home::home(cx, document, home),
        PageKind::Join(join) => join::join(cx, document, join, network.as_ref()),
        PageKind::Forum(page) => page.draw(cx, (), me),
        PageKind::Poll(page) => page.draw(cx, polls, me),
        PageKind::PollPrint(page) => poll::print(cx, polls, document, *page),
        PageKind::PollVoters(page) => poll::voters(cx, polls, document, *page),
        PageKind::Cards(page) => poll::cards(cx, document, *page),
        #[cfg(feature = "staff")]
        PageKind::Moderation(page) => page.draw(cx, (staff, polls), me),
        #[cfg(feature = "staff")]
        PageKind::Prepare(page) => moderation::prepare(cx, staff, *page),
        #[cfg(feature = "staff")]
        PageKind::Log(page) => log::log(cx, staff, *page),
        PageKind::Record(page) => record::record(cx, document, polls, *page),
        #[cfg(feature = "staff")]
        PageKind::Languages => languages::languages(staff),
        PageKind::LoginLink(link) => login::login(cx, document, link),
        PageKind::Message(message) => message::message(cx, document, message),
        PageKind::Welcome(page) => welcome::welcome(cx, document, page),
        PageKind::Return(back) => come_back::come_back(cx, document, back, me.is_some()),
        PageKind::List(page) => list::list(cx, document, *page),
        PageKind::Thread(page) => thread::thread(cx, document, *page),
        PageKind::Screen(page) => screen::screen(cx, document, polls, *page),
        PageKind::Report(page) => report::report(cx, document, *page),
        #[cfg(not(feature = "staff"))]
        _ => ().into_any(),
    }
}
