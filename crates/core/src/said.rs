//! Free text beside the log.
//!
//! An event holds a key and a commitment; the words and their salt live in a side row of the same transaction and can
//! be deleted without touching the log. See DESIGN "Personal data and an append-only log".

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use crate::ids::SaidKey;

/// SHA-256 over salt and text. Once the salt is deleted it says nothing about the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Commitment(pub [u8; 32]);

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Commitment(…)")
    }
}

impl Serialize for Commitment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use fmt::Write;
        let mut hex = String::with_capacity(64);
        for byte in self.0 {
            write!(hex, "{byte:02x}").map_err(serde::ser::Error::custom)?;
        }
        serializer.serialize_str(&hex)
    }
}

impl<'de> Deserialize<'de> for Commitment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = std::borrow::Cow::<str>::deserialize(deserializer)?;
        let bad = || serde::de::Error::custom("a commitment is 64 hexadecimal digits");
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(bad());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| bad())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| bad())?;
        }
        Ok(Self(bytes))
    }
}

/// A free text as an event and a state hold it. Serialised it is key and commitment alone.
#[derive(Clone, Serialize, Deserialize)]
pub struct Said {
    /// Where the words are.
    pub key: SaidKey,
    /// What the words were, to whoever has the salt.
    pub commitment: Commitment,
    /// The words, unless they were erased (or not resolved yet).
    #[serde(skip)]
    pub text: Option<Arc<str>>,
}

impl Said {
    /// The words; empty once they are erased.
    pub fn as_str(&self) -> &str {
        self.text.as_deref().unwrap_or_default()
    }
}

impl PartialEq for Said {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.text == other.text
    }
}
impl Eq for Said {}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Said({}, {} bytes)", self.key, self.as_str().len())
    }
}

/// A side row to be written with the event that names it.
#[derive(Clone, PartialEq, Eq)]
pub struct SideText {
    /// The key the event holds.
    pub key: SaidKey,
    /// Dies with the row; until then it lets the text be checked against the commitment.
    pub salt: [u8; 16],
    /// The words.
    pub text: Arc<str>,
}

impl fmt::Debug for SideText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SideText({}, {} bytes)", self.key, self.text.len())
    }
}

/// Something that holds [`Said`] texts: events and states.
pub trait HoldsTexts {
    /// Calls `visit` with each text it holds.
    fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said));

    /// Fills in the words from side rows. What is not there was erased.
    fn resolve(&mut self, texts: &dyn Fn(&SaidKey) -> Option<Arc<str>>)
    where
        Self: Sized,
    {
        self.each_text(&mut |said| said.text = texts(&said.key));
    }
}

/// A language, as a short BCP 47 tag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
pub struct Lang(String);

impl Lang {
    /// German, the source language unless another is said.
    pub fn german() -> Self {
        Self("de".to_owned())
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Lang {
    type Error = &'static str;
    fn try_from(tag: String) -> Result<Self, Self::Error> {
        crate::text::lang_tag(&tag).map(Self).ok_or("not a language tag")
    }
}

impl From<Lang> for String {
    fn from(lang: Lang) -> Self {
        lang.0
    }
}

/// What staff write for everyone, in several languages, as it is shown and as it is sent in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Texts {
    /// The language the others were translated from. Its text is always there.
    pub source: Lang,
    /// Text by language.
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::HashMap<String, String>))]
    pub texts: BTreeMap<Lang, Arc<str>>,
}

impl Texts {
    /// A text in one language.
    pub fn of(lang: Lang, text: &str) -> Self {
        Self { source: lang.clone(), texts: BTreeMap::from([(lang, text.into())]) }
    }

    /// The text for a reader of `lang`, and its language: where there is no translation, the original, to be labelled.
    pub fn pick(&self, lang: &str) -> (&str, &Lang) {
        self.texts
            .iter()
            .find(|(have, _)| have.as_str() == lang)
            .or_else(|| self.texts.get_key_value(&self.source))
            .map_or(("", &self.source), |(lang, text)| (text, lang))
    }
}

/// [`Texts`] as an event and a state hold them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidTexts {
    /// The language the others were translated from.
    pub source: Lang,
    /// Text by language.
    pub texts: BTreeMap<Lang, Said>,
}

impl SaidTexts {
    /// As it is shown.
    pub fn shown(&self) -> Texts {
        Texts {
            source: self.source.clone(),
            texts: self.texts.iter().map(|(lang, said)| (lang.clone(), said.as_str().into())).collect(),
        }
    }

    /// Calls `visit` with each text.
    pub fn each_text(&mut self, visit: &mut dyn FnMut(&mut Said)) {
        self.texts.values_mut().for_each(visit);
    }
}
