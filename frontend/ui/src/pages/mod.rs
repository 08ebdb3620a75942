//! The components. The same tree on server and browser: nothing here asks for a clock, a locale or a window while it
//! renders, and what differs later comes through signals.

#[cfg(feature = "ssr")]
mod cards;
mod charts;
#[cfg(feature = "ssr")]
mod come_back;
pub mod forum;
#[cfg(feature = "ssr")]
mod home;
#[cfg(feature = "ssr")]
mod join;
#[cfg(feature = "ssr")]
mod languages;
#[cfg(feature = "ssr")]
mod list;
#[cfg(feature = "ssr")]
mod log;
#[cfg(feature = "ssr")]
mod login;
#[cfg(feature = "ssr")]
mod message;
pub mod moderation;
mod parts;
#[cfg(feature = "ssr")]
mod place;
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

pub use forum::ForumPage;
pub use moderation::{Codes, DeskPage};
pub use poll::{MayVote, PollPage};

#[cfg(feature = "ssr")]
pub use self::{
    come_back::Return,
    home::{ForumCard, Home, ProcessCard},
    join::Join,
    languages::Languages,
    list::ListPage,
    log::{LogPage, Logged},
    login::LoginLink,
    message::Message,
    moderation::PreparePage,
    place::Place,
    poll::{CardSheet, PollPrint, PollVoters, VoterRow, VotingCard},
    record::RecordPage,
    report::ReportPage,
    screen::{OnStage, PollOnStage, Quote, ScreenPage, WayIn},
    thread::ThreadPage,
    welcome::Welcome,
};

#[cfg(feature = "ssr")]
pub use join::notice;
#[cfg(feature = "ssr")]
pub use parts::{area_html, default_button};
