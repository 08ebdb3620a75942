//! What participants read is short, free of the words of offices, and in the one language it is said to be in.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::{LANGUAGES, notice_text};

#[path = "../../build.rs"]
#[expect(dead_code, reason = "cargo calls what starts it")]
mod build;

/// The sets of words participants read.
const SETS: [&str; 4] = ["participant", "poll", "problem", "document"];

/// The most words of a sentence: German and English are written first and to the aim, others may need small words more.
fn most_words(lang: &str) -> usize {
    if ["de", "en"].contains(&lang) { 12 } else { 16 }
}

/// The letters a language is written in, without the marks on them. Letters that look alike in two scripts are the
/// mistakes nobody sees.
fn alphabet(lang: &str) -> &'static str {
    match lang {
        "de" => "abcdefghijklmnopqrstuvwxyzäöüß",
        "en" => "abcdefghijklmnopqrstuvwxyz",
        "ar" => "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًٌٍَُِّْ",
        "fa" => "ءآأؤئابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیًٔ",
        "fr" => "abcdefghijklmnopqrstuvwxyzàâæçéèêëîïôœùûüÿ",
        "ru" => "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "tr" => "abcçdefgğhıijklmnoöprsştuüvyzâîû",
        "uk" => "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
        _ => panic!("the alphabet of {lang}?"),
    }
}

/// What is written the same in every language: the name of the platform, and a code as it looks.
const SAME_EVERYWHERE: [&str; 5] = ["Stimmwerk", "BCDF", "GHJK", "CSV", "JSON"];

fn locales() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("locales")
}

/// Every text of a file, plural forms apart.
fn texts(set: &str, lang: &str) -> Vec<(String, String)> {
    fn collect(value: &Value, key: &str, texts: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) => texts.push((key.to_owned(), text.clone())),
            Value::Object(members) => members.iter().for_each(|(name, value)| {
                collect(value, &format!("{key}.{name}"), texts);
            }),
            _ => {}
        }
    }
    let json = fs::read_to_string(locales().join(set).join(format!("{lang}.json"))).expect("a file of words");
    let mut all = Vec::new();
    collect(&serde_json::from_str(&json).expect("JSON"), set, &mut all);
    all
}

fn participants(lang: &str) -> Vec<(String, String)> {
    SETS.into_iter().flat_map(|set| texts(set, lang)).collect()
}

fn participants_german() -> Vec<(String, String)> {
    participants("de")
}

/// The text without what stands in braces.
fn without_parameters(text: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('}').map_or(part, |(_, rest)| rest))
}

/// The keys of a file in its order, without the forms of plurals.
fn keys_in_order(set: &str, lang: &str) -> Vec<String> {
    let json = fs::read_to_string(locales().join(set).join(format!("{lang}.json"))).expect("a file of words");
    let mut keys: Vec<String> = json
        .split("\":")
        .filter_map(|before| before.rsplit_once('"').map(|(_, key)| key.to_owned()))
        .filter(|key| !["zero", "one", "two", "few", "many", "other"].contains(&key.as_str()))
        .collect();
    // Behind the last colon there is no key.
    keys.pop();
    keys
}

#[test]
fn given_participants_words_then_every_sentence_is_short() {
    for lang in LANGUAGES {
        for (key, text) in participants(lang) {
            for sentence in text.split(['.', '!', '?', ':', '؟', '؛', ';']) {
                let count = sentence.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
                assert!(count <= most_words(lang), "{lang} {key}: {count} words in \"{}\"", sentence.trim());
            }
        }
    }
}

#[test]
fn given_participants_words_then_every_letter_is_of_their_language() {
    for lang in LANGUAGES {
        let alphabet = alphabet(lang);
        for (key, text) in participants(lang) {
            if key == "participant.dir" {
                continue;
            }
            let mut bare = without_parameters(&text);
            for word in SAME_EVERYWHERE {
                bare = bare.replace(word, "");
            }
            let foreign: BTreeSet<char> = bare
                .to_lowercase()
                .chars()
                // Turkish İ becomes an i with a dot above.
                .filter(|c| c.is_alphabetic() && !alphabet.contains(*c) && *c != '\u{307}')
                .collect();
            assert!(foreign.is_empty(), "{lang} {key}: {foreign:?} in \"{text}\"");
            let digits = bare.chars().all(|c| !c.is_numeric() || c.is_ascii_digit());
            assert!(digits, "{lang} {key}: numbers are in Latin digits in every language: {text}");
        }
    }
}

#[test]
fn given_participants_words_then_they_hold_no_marks_nobody_sees() {
    // The marks around values are made by the build; these keep Persian letters apart, and French signs with their words.
    for lang in LANGUAGES {
        for (key, text) in participants(lang) {
            let unseen = |c: char| match c {
                '\u{200C}' => *lang != "fa",
                '\u{A0}' => *lang != "fr",
                _ => {
                    c.is_control()
                        || matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202F}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
                }
            };
            assert!(!text.contains(unseen), "{lang} {key}: {text:?}");
            assert!(!text.contains("  ") && !text.contains('\'') && !text.contains("..."), "{lang} {key}: {text}");
        }
    }
}

#[test]
fn given_french_then_its_signs_stay_with_their_words() {
    for (key, text) in participants("fr") {
        let apart = [" :", " ;", " ?", " !", " »", "« "].iter().any(|apart| text.contains(apart));
        let without = text
            .chars()
            .zip(text.chars().skip(1))
            .any(|(before, sign)| ":;?!»".contains(sign) && before != '\u{A0}' || before == '«' && sign != '\u{A0}');
        assert!(!apart && !without, "fr {key}: a no-break space belongs there: {text}");
    }
}

#[test]
fn given_a_file_of_words_then_its_keys_are_in_the_order_of_the_source() {
    for set in SETS {
        let source = keys_in_order(set, "de");
        assert!(source.len() > 20, "{set}");
        for lang in LANGUAGES {
            for (have, wanted) in keys_in_order(set, lang).iter().zip(&source) {
                assert_eq!(have, wanted, "locales/{set}/{lang}.json");
            }
        }
    }
}

/// A question stays a question, and a sentence a sentence: what is left out of a translation is often its end.
#[test]
fn given_a_text_then_it_ends_as_the_source_does() {
    let end = |text: &str| match text.trim_end_matches(['"', '“', '”', '»', '«', '\u{A0}']).chars().last() {
        Some('?' | '؟') => '?',
        Some(end @ ('.' | '!' | ':')) => end,
        _ => ' ',
    };
    let source: BTreeMap<String, String> = participants_german().into_iter().collect();
    for lang in LANGUAGES {
        for (key, text) in participants(lang) {
            // Forms the source does not have end like its last.
            let (group, form) = key.rsplit_once('.').expect("a set");
            let wanted = source.get(&key).or_else(|| {
                ["zero", "two", "few", "many"].contains(&form).then(|| source.get(&format!("{group}.other"))).flatten()
            });
            let wanted = wanted.unwrap_or_else(|| panic!("{lang} {key}"));
            assert_eq!(end(&text), end(wanted), "{lang} {key}: {text}");
        }
    }
}

#[test]
fn given_the_joining_notice_then_it_names_the_panel_and_itself_as_they_are_called() {
    for lang in LANGUAGES {
        let all: BTreeMap<String, String> = participants(lang).into_iter().collect();
        assert!(all["document.join.notice_delete"].contains(&all["participant.me.title"]), "{lang}");
        assert!(all["problem.notice"].contains(&all["document.join.notice"]), "{lang}");
        assert!(notice_text(lang, None).contains(&all["document.join.notice_we"]), "{lang}");
    }
}

/// Copies all locales, lets `change` spoil a file, and returns what the build says to it.
fn build_says(name: &str, file: &str, change: impl Fn(&str) -> String) -> Vec<String> {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("a folder") {
            let entry = entry.expect("an entry");
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &to);
            } else {
                fs::copy(entry.path(), to).expect("a copy");
            }
        }
    }
    let folder = std::env::temp_dir().join(format!("stimmwerk-locales-{name}-{}", std::process::id()));
    copy(&locales(), &folder);
    let path = folder.join(file);
    let before = fs::read_to_string(&path).expect("a file of words");
    let after = change(&before);
    assert_ne!(after, before, "this test changed nothing");
    fs::write(&path, after).expect("written");
    let mut wrong = Vec::new();
    build::generate(&folder, &mut wrong);
    fs::remove_dir_all(&folder).expect("removed");
    wrong
}

#[test]
fn given_a_key_is_missing_then_the_build_names_it_and_its_language() {
    let without = |json: &str| json.lines().filter(|line| !line.contains("\"topics_all\"")).collect::<String>();
    let wrong = build_says("missing", "participant/uk.json", without);
    assert_eq!(wrong, ["locales/participant/uk.json: uk has no \"forum.topics_all\", in de: [\"Alle Themen\"]"]);
    let wrong = build_says("more", "participant/de.json", without);
    assert_eq!(wrong.len(), LANGUAGES.len() - 1, "{wrong:?}");
    assert!(wrong.contains(&"locales/participant/en.json: en has \"forum.topics_all\", de has not".to_owned()));
}

#[test]
fn given_wrong_forms_or_parameters_then_the_build_says_which() {
    let says = |name, file, from: &'static str, to: &'static str| {
        let wrong = build_says(name, file, |json| json.replacen(from, to, 1));
        assert!(!wrong.is_empty());
        wrong.join(" | ")
    };
    let wrong = says("form", "participant/ar.json", "\"two\": \"مشاركتان\",", "");
    assert!(wrong.contains("ar needs a form \"two\" of \"forum.count\""), "{wrong}");
    let wrong = says(
        "extra",
        "participant/fa.json",
        "\"one\": \"{count} نوشته\",",
        "\"one\": \"{count}\", \"few\": \"{count}\",",
    );
    assert!(wrong.contains("\"forum.count\" has a form \"few\" that \"fa\" does not use"), "{wrong}");
    let wrong = says("parameter", "document/tr.json", "Merhaba, {name}", "Merhaba, {isim}");
    assert!(wrong.contains("locales/document/tr.json: \"hello\" has the parameters {\"isim\"} in tr"), "{wrong}");
    let wrong = says("shared", "participant/ru.json", "\"{count} сообщение\"", "\"одно сообщение\"");
    assert!(wrong.contains("\"forum.count\" needs {count} in \"одно сообщение\", which ru says of"), "{wrong}");
    let wrong = says("review", "review.json", "\"fa\": { \"reviewed_by\": null },", "");
    assert!(wrong.contains("locales/review.json: \"fa\" has no \"reviewed_by\""), "{wrong}");
    let wrong = says("dir", "participant/ar.json", "\"rtl\"", "\"right\"");
    assert!(wrong.contains("locales/participant/ar.json: \"dir\" is neither ltr nor rtl"), "{wrong}");
}

#[test]
fn given_participants_german_then_no_word_of_the_list_is_in_it() {
    let json = fs::read_to_string(locales().join("wordlist.de.json")).expect("the word list");
    let list: BTreeMap<String, String> = serde_json::from_str(&json).expect("word and better word");
    assert!(list.len() > 10);
    for (key, text) in participants_german() {
        let lower = text.to_lowercase();
        for (word, better) in &list {
            assert!(!lower.contains(&word.to_lowercase()), "{key}: not \"{word}\" but \"{better}\": {text}");
        }
    }
}

#[test]
fn given_participants_german_then_no_word_is_a_chain_of_nouns() {
    for (key, text) in participants_german() {
        for word in text.split(|c: char| !c.is_alphanumeric()) {
            assert!(word.chars().count() <= 18, "{key}: {word}");
        }
    }
}

#[test]
fn given_what_a_participant_reads_then_it_is_no_more_than_can_be_translated_well() {
    for (set, most) in [("participant", 190), ("poll", 155)] {
        let keys = texts(set, "de").len();
        assert!(keys <= most, "{set}: {keys} texts, plural forms counted each");
    }
}
