//! What a page is: a value with its data, its title and how it is drawn. Each has a file of its own in `pages`.
//!
//! A [`LivePage`] changes by itself: the browser takes it over with a program of its own. Every other page is a
//! [`Document`] alone: plain links and forms, and no program looks at it.

#[cfg(feature = "ssr")]
use std::any::Any;

use leptos::prelude::StoredValue;
use serde::Serialize;
use serde::de::DeserializeOwned;
#[cfg(feature = "ssr")]
use stimmwerk_core::said::Texts;

use crate::cx::Cx;
use crate::data::{Me, PageData};
use crate::view::AnyView;
#[cfg(feature = "ssr")]
use crate::words::table_json;
use crate::words::{WordSets, Words};

/// A kind of page that lives. Its program in `frontend/wasm` knows this kind alone: `hydrate::<P>()` links the drawing,
/// the data and the words of `P`, and nothing of other pages.
pub trait LivePage: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The name of its program: `{PROGRAM}.js` and `{PROGRAM}.wasm`.
    const PROGRAM: &'static str;
    /// Is it made of words only staff have?
    const OF_STAFF: bool = false;
    /// The words it has beside those for everyone.
    type Words: WordSets;

    /// What the tab says, before the name of the network.
    #[cfg(feature = "ssr")]
    fn title(&self, words: Words, more: Self::Words) -> String;

    /// The component tree. Server and browser build the same one.
    fn draw(self, cx: Cx, words: Self::Words, me: Option<Me>) -> AnyView;
}

/// A page as the server shows it.
#[cfg(feature = "ssr")]
pub trait Document: Any + Send + Sync {
    /// What the tab says, before the name of the network.
    fn title(&self, reader: Reader<'_>) -> String;

    /// The component tree. Under an owner.
    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView;

    /// What stands around it.
    fn frame(&self) -> Frame {
        Frame::default()
    }

    /// What it brings for its program. `None`: no program looks at it.
    fn brings(&self, _around: &PageData<()>) -> Option<Brings> {
        None
    }
}

/// Who a page is drawn for.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    /// The language of the page.
    pub lang: &'a str,
    /// Who looks, if they have joined or logged in.
    pub me: Option<&'a Me>,
    /// The network's name.
    pub network: Option<&'a Texts>,
}

/// What stands around a page.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// It is made of words only staff have: the whole page is in a language they are in.
    pub of_staff: bool,
    /// The choice of language stands in the header.
    pub language: bool,
    /// The program of the page that comes next, fetched ahead.
    pub ahead: Option<&'static str>,
    /// It has no place for a form that was refused.
    pub formless: bool,
    /// It is a projector's: a stage without anything around it.
    pub stage: Option<Look>,
}

#[cfg(feature = "ssr")]
impl Default for Frame {
    fn default() -> Self {
        Self { of_staff: false, language: true, ahead: None, formless: false, stage: None }
    }
}

/// How a projector's page looks.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// Dark on light, whatever the device prefers: a projector cannot make black, only light, and a wall in a lit hall
    /// is never dark.
    #[default]
    Light,
    /// Light on dark (query `look=dark`), for screens that shine by themselves.
    Dark,
}

/// What a page that lives brings for its program.
#[cfg(feature = "ssr")]
pub struct Brings {
    /// The name of the program.
    pub program: &'static str,
    /// The data of the page as JSON.
    pub data: String,
    /// Its words as JSON.
    pub words: String,
}

#[cfg(feature = "ssr")]
impl<P: LivePage> Document for P {
    fn title(&self, reader: Reader<'_>) -> String {
        LivePage::title(self, Words::of(reader.lang), P::Words::of(reader.lang))
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        LivePage::draw(self.clone(), cx, P::Words::of(reader.lang), reader.me.cloned())
    }

    fn frame(&self) -> Frame {
        Frame { of_staff: P::OF_STAFF, ..Frame::default() }
    }

    fn brings(&self, around: &PageData<()>) -> Option<Brings> {
        let words = table_json::<P::Words>(Words::of(&around.lang).lang()).expect("words are plain data");
        let data = embedded(&around.around(self)).expect("page data is plain data");
        Some(Brings { program: P::PROGRAM, data, words: in_script(&words) })
    }
}

/// The data of a page that lives as JSON that can stand inside a `<script>` element.
#[cfg(feature = "ssr")]
pub fn embedded<P: Serialize>(page: &PageData<P>) -> serde_json::Result<String> {
    serde_json::to_string(page).map(|json| in_script(&json))
}

/// Without `<`, nothing ends the element.
#[cfg(feature = "ssr")]
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

impl<P> PageData<P> {
    /// What every component needs to know, and the rest: the page itself and who looks. Under an owner.
    pub(crate) fn open(self, words: Words) -> (Cx, P, Option<Me>) {
        let cx = Cx {
            words,
            zone: StoredValue::new(self.zone),
            path: StoredValue::new(self.path),
            refused: StoredValue::new(self.refused),
        };
        (cx, self.page, self.me)
    }
}
