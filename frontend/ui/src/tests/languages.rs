//! What participants read is short and free of the words of offices.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

/// The most words of a sentence.
const MOST: usize = 12;

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

fn participants_german() -> Vec<(String, String)> {
    ["participant", "problem", "document"].into_iter().flat_map(|set| texts(set, "de")).collect()
}

#[test]
fn given_participants_german_then_every_sentence_is_short() {
    for (key, text) in participants_german() {
        for sentence in text.split(['.', '!', '?', ':']) {
            let count = sentence.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count();
            assert!(count <= MOST, "{key}: {count} words in \"{}\"", sentence.trim());
        }
    }
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
    let keys = texts("participant", "de").len();
    assert!(keys <= 190, "{keys} texts, plural forms counted each");
}
