//! The words of the interface, typed by key: see `build.rs`.
//!
//! The server holds the tables of all languages. A page brings the table of its own language as JSON, from which the
//! browser makes the same types.

use stimmwerk_core::said::{Lang, Texts};

use crate::plural;

/// Lets a set of words travel with pages.
macro_rules! travels {
    ($set:ident) => {
        impl WordSets for $set {
            #[cfg(feature = "ssr")]
            fn of(lang: &str) -> Self {
                Self::of(lang)
            }

            #[cfg(feature = "ssr")]
            fn list(lang: &str, tables: &mut Vec<(u32, &'static [&'static str])>) {
                tables.push((Self::KEYS, Self::of(lang).0.entries));
            }

            #[cfg(any(feature = "hydrate", test))]
            fn read(tables: &mut dyn Iterator<Item = (u32, Table)>) -> Option<Self> {
                let (keys, table) = tables.next()?;
                (keys == Self::KEYS).then_some(Self(table))
            }
        }
    };
}

// The types of `SETS` in `build.rs`.
include!(concat!(env!("OUT_DIR"), "/words.rs"));

/// One language's words in the order of their keys. Forms of a plural are lines of one string.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct Table {
    lang: &'static str,
    entries: &'static [&'static str],
}

impl Table {
    fn plain(self, index: usize) -> &'static str {
        self.entries.get(index).copied().unwrap_or_default()
    }

    fn filled(self, index: usize, values: &[(&str, &str)]) -> String {
        fill(self.plain(index), values)
    }

    fn counted(self, index: usize, count: u32, values: &[(&str, &str)]) -> String {
        let category = plural::category(self.lang, count);
        let nth = plural::categories(self.lang).and_then(|have| have.iter().position(|one| *one == category));
        let form = self.plain(index).split('\n').nth(nth.unwrap_or_default()).unwrap_or_default();
        // In Latin digits in every language: that is how numbers stand on the phones and letters of readers here, and
        // screen readers say them in the language of the page.
        let number = count.to_string();
        let mut all = vec![("count", number.as_str())];
        all.extend_from_slice(values);
        fill(form, &all)
    }
}

/// The pattern with `{name}` replaced. Values are not looked into: one that says `{name}` stays as it is.
fn fill(pattern: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some((before, (name, after))) = rest.split_once('{').and_then(|(b, a)| Some((b, a.split_once('}')?))) {
        text.push_str(before);
        text.push_str(values.iter().find(|(have, _)| *have == name).map_or("", |(_, value)| value));
        rest = after;
    }
    text.push_str(rest);
    text
}

/// The language of a page only staff see: the reader's own, or English where nobody wrote such words in it. The whole
/// page is in that language, so that nothing on it has to be marked as being in another.
#[cfg(feature = "ssr")]
pub(crate) fn staff_language(lang: &str) -> &'static str {
    STAFF_LANGUAGES.iter().find(|have| **have == lang).unwrap_or(&"en")
}

#[cfg(feature = "ssr")]
impl Table {
    /// The table of a language; an unknown one is read in the source language.
    fn of(lang: &str, languages: &[&'static str], tables: &[&'static [&'static str]]) -> Self {
        let place = languages.iter().position(|have| *have == lang).unwrap_or_default();
        Self { lang: languages[place], entries: tables[place] }
    }
}

#[cfg(feature = "ssr")]
impl DocumentWords {
    /// The language of these words.
    pub fn lang(self) -> &'static str {
        self.0.lang
    }
}

/// What a page brings: of each of its sets the fingerprint of the keys and the table of the page's language,
/// `[[u32, […]], …]`. Those for everyone come first.
#[cfg(feature = "ssr")]
pub(crate) fn table_json<W: WordSets>(lang: &str) -> serde_json::Result<String> {
    let mut tables = Vec::new();
    <(Words, W)>::list(lang, &mut tables);
    serde_json::to_string(&tables)
}

/// The words a page brought, those for everyone first; `None` if some are of another build.
///
/// The tables live as long as the page, so they are never freed: each word is then a plain `&'static str`.
#[cfg(any(feature = "hydrate", test))]
pub(crate) fn of_page<W: WordSets>(lang: &str, json: &str) -> Option<(Words, W)> {
    let lang = LANGUAGES.iter().copied().find(|have| *have == lang)?;
    let leak = |word: String| -> &'static str { Box::leak(word.into_boxed_str()) };
    let tables: Vec<(u32, Vec<String>)> = stimmwerk_core::json::read(json).ok()?;
    let mut tables = tables.into_iter().map(|(keys, words)| {
        let entries = Box::leak(words.into_iter().map(leak).collect::<Vec<_>>().into_boxed_slice());
        (keys, Table { lang, entries })
    });
    let all = WordSets::read(&mut tables)?;
    tables.next().is_none().then_some(all)
}

/// Sets of words that travel with a page.
pub trait WordSets: Copy + 'static {
    /// The words of a language.
    #[cfg(feature = "ssr")]
    #[doc(hidden)]
    fn of(lang: &str) -> Self;

    /// Adds what the page brings, in order.
    #[cfg(feature = "ssr")]
    #[doc(hidden)]
    fn list(lang: &str, tables: &mut Vec<(u32, &'static [&'static str])>);

    /// Takes what the page brought, in the same order. `None`: they are of another build.
    #[cfg(any(feature = "hydrate", test))]
    #[doc(hidden)]
    fn read(tables: &mut dyn Iterator<Item = (u32, Table)>) -> Option<Self>;
}

impl WordSets for () {
    #[cfg(feature = "ssr")]
    fn of(_lang: &str) -> Self {}

    #[cfg(feature = "ssr")]
    fn list(_lang: &str, _tables: &mut Vec<(u32, &'static [&'static str])>) {}

    #[cfg(any(feature = "hydrate", test))]
    fn read(_tables: &mut dyn Iterator<Item = (u32, Table)>) -> Option<Self> {
        Some(())
    }
}

impl<A: WordSets, B: WordSets> WordSets for (A, B) {
    #[cfg(feature = "ssr")]
    fn of(lang: &str) -> Self {
        (A::of(lang), B::of(lang))
    }

    #[cfg(feature = "ssr")]
    fn list(lang: &str, tables: &mut Vec<(u32, &'static [&'static str])>) {
        A::list(lang, tables);
        B::list(lang, tables);
    }

    #[cfg(any(feature = "hydrate", test))]
    fn read(tables: &mut dyn Iterator<Item = (u32, Table)>) -> Option<Self> {
        Some((A::read(tables)?, B::read(tables)?))
    }
}

/// What a language calls itself; its tag if it is none of the interface's.
pub fn autonym(lang: &str) -> &str {
    FACTS.iter().find(|(have, ..)| *have == lang).map_or(lang, |(_, autonym, _)| autonym)
}

/// `ltr` or `rtl`.
pub fn direction(lang: &str) -> &'static str {
    FACTS.iter().find(|(have, ..)| *have == lang).map_or("ltr", |(.., dir)| dir)
}

/// Whether a person who speaks a language has read its words.
#[cfg(feature = "ssr")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Review {
    /// One of [`LANGUAGES`].
    pub lang: &'static str,
    /// Who has; `None`: nobody yet.
    pub reviewed_by: Option<&'static str>,
}

/// The reviews of all languages, from `locales/review.json`.
#[cfg(feature = "ssr")]
pub fn reviews() -> &'static [Review] {
    REVIEWS
}

impl Words {
    /// The language of these words.
    pub fn lang(self) -> &'static str {
        self.0.lang
    }

    /// A text for a reader of these words, with its language where that is another one.
    pub(crate) fn pick(self, texts: &Texts) -> (&str, Option<&Lang>) {
        let (text, lang) = texts.pick(self.lang());
        (text, (lang.as_str() != self.lang()).then_some(lang))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_pattern_then_its_names_are_replaced_once() {
        assert_eq!(fill("{a} und {b}", &[("a", "{b}"), ("b", "x")]), "{b} und x");
        assert_eq!(fill("offen {", &[]), "offen {");
        assert_eq!(fill("{unbekannt}!", &[]), "!");
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn given_a_count_then_the_form_of_the_language_is_taken() {
        assert_eq!(Words::of("de").forum_count(1), "1 Beitrag");
        assert_eq!(Words::of("de").forum_count(0), "0 Beiträge");
        assert_eq!(Words::of("en").forum_count(2), "2 contributions");
        assert_eq!(Words::of("ar").forum_count(2), "مشاركتان");
        assert_eq!(Words::of("ar").forum_count(103), "103 مشاركات");
        assert_eq!(Words::of("uk").forum_count(22), "22 дописи");
        assert_eq!(Words::of("xx").forum_count(2), "2 Beiträge", "an unknown language reads the source");
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn given_a_language_then_its_direction_and_own_name_are_known() {
        let directions: Vec<_> = LANGUAGES.iter().map(|lang| (*lang, direction(lang))).collect();
        let expected = ["de", "en", "ar", "fa", "fr", "ru", "tr", "uk"]
            .map(|lang| (lang, if ["ar", "fa"].contains(&lang) { "rtl" } else { "ltr" }));
        assert_eq!(directions, expected, "in the order of the choice");
        assert_eq!(direction("xx"), "ltr");
        assert_eq!((autonym("uk"), autonym("xx")), ("Українська", "xx"));
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn given_a_name_of_the_other_direction_then_it_keeps_its_place_in_the_sentence() {
        for lang in LANGUAGES {
            let words = Words::of(lang);
            assert!(words.item_reply_to("Lena (2)").contains("\u{2068}Lena (2)\u{2069}"), "{lang}");
            assert!(!words.forum_count(7).contains('\u{2068}'), "{lang}: a number has no direction");
        }
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn given_a_language_then_it_is_said_whether_a_person_has_read_it() {
        let listed: Vec<_> = reviews().iter().map(|review| review.lang).collect();
        assert_eq!(listed, LANGUAGES);
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn given_a_reader_of_another_language_then_staff_words_are_english() {
        assert_eq!(StaffWords::of("de").approve(), "Freigeben");
        for lang in LANGUAGES.iter().filter(|lang| **lang != "de") {
            assert_eq!(staff_language(lang), "en");
            assert_eq!(StaffWords::of(lang).approve(), "Approve", "{lang}");
        }
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn given_the_table_of_a_page_when_read_then_the_words_are_the_same() {
        for lang in LANGUAGES {
            let json = table_json::<(StaffWords, PollWords)>(lang).expect("plain data");
            let (words, (staff, polls)) = of_page::<(StaffWords, PollWords)>(lang, &json).expect("words of this build");
            assert_eq!(words.forum_count(7), Words::of(lang).forum_count(7));
            assert_eq!(words.write_send(), Words::of(lang).write_send());
            assert_eq!(polls.send_vote(), PollWords::of(lang).send_vote());
            assert_eq!(staff.approve(), StaffWords::of(lang).approve());
        }
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn given_words_of_another_build_then_they_are_not_taken() {
        let json = table_json::<PollWords>("de").expect("plain data");
        let other = json.replacen(char::is_numeric, "", 1);
        assert!(of_page::<PollWords>("de", &other).is_none());
        assert!(of_page::<()>("de", &json).is_none(), "the page is of another kind");
        assert!(of_page::<(PollWords, StaffWords)>("de", &json).is_none(), "some are missing");
    }
}
