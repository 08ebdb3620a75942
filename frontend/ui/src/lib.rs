//! The pages of Stimmwerk: the server renders them to HTML, the browser hydrates the same components.
//!
//! There is no router: each page is a document of its own with plain links and forms. What a page shows travels as
//! [`data::PageData`], which the server embeds as JSON beside the HTML it rendered from it, with the words of the
//! reader's language.
//!
//! - [`data`]: what travels around every page.
//! - [`page`]: what a page is; those that live have a program of their own.
//! - [`pages`]: the pages, each with its data and its drawing in one file. Every form in them is a plain form.
//! - `command`: which command a form stands for, and back to the request it is without a socket.
//! - [`live`]: the store that keeps a page up to date and loses no command. It knows no browser.
//! - `browser`: the browser it runs in.
//! - `words`: the interface's words, one table per language.

// View types nest as deep as the pages.
#![recursion_limit = "512"]

mod address;
mod clock;
mod command;
mod cx;
pub mod data;
mod dom;
pub mod live;
pub mod page;
pub mod pages;
mod plural;
#[cfg(all(test, feature = "ssr"))]
mod sample;
mod utterance;
mod view;
mod words;

#[cfg(feature = "hydrate")]
mod browser;
#[cfg(feature = "ssr")]
mod document;
#[cfg(feature = "ssr")]
mod problem;
#[cfg(all(test, feature = "ssr"))]
mod tests;

#[cfg(feature = "hydrate")]
pub use browser::hydrate;
pub use clock::iso;
#[cfg(feature = "ssr")]
pub use document::{document, render};
#[cfg(feature = "ssr")]
pub use problem::{automatic_names, notice_text, problem_title};
pub use words::{LANGUAGES, autonym, direction};
#[cfg(feature = "ssr")]
pub use words::{Review, reviews};

/// The element whose children are rendered and hydrated.
pub const ROOT_ID: &str = "app";

/// The `<script type="application/json">` that holds the page data.
pub const DATA_ID: &str = "page";

/// The `<script type="application/json">` that holds the words.
pub const WORDS_ID: &str = "words";
