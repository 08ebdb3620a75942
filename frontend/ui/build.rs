//! Makes typed words from `locales/`: one method per key, one table per language.
//!
//! Why not `leptos_i18n` (0.6): it compiles every language into the WebAssembly. Here the server holds all tables, and a
//! page brings the table of its own language as data, so that ten languages cost a participant the bytes of one.
//!
//! A folder of `locales/` is a set of words: `participant`, `poll` and `staff` travel to the browser (those of polls and
//! of staff only with their pages), `document` and `problem` stay with the server. In a file, an object whose members are plural categories (CLDR) is a
//! plural over `{count}`; any other object is a group. Wrong files end the build with all that is wrong, each with its
//! file, language and key, and with the words of the source where some are missing.
//!
//! A value that a sentence is filled with may be written in the other direction: a Latin name in an Arabic sentence. So
//! each stands between marks that keep its direction to itself, in all languages, but for what cannot be of another.
//!
//! `review.json` says who checked the words of which language.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::Value;

// The tests of the library look at this script too, and have the module already.
#[cfg(test)]
use crate::plural;
#[cfg(not(test))]
#[path = "src/plural.rs"]
mod plural;

/// The language whose keys count, and the first in every list.
const SOURCE: &str = "de";

/// The languages that lead every list; the others follow by their tags.
const FIRST: [&str; 2] = [SOURCE, "en"];

/// The names of all plural categories of CLDR.
const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// A set of words: the only place that declares it.
struct Set {
    /// The folder of `locales/`.
    folder: &'static str,
    /// The type of its words.
    name: &'static str,
    /// What the type says of itself.
    doc: &'static str,
    /// Do its words travel to the browser with pages that name it? Otherwise they stay with the server.
    travels: bool,
}

/// All of them. The first is for everyone.
const SETS: [Set; 5] = [
    Set { folder: "participant", name: "Words", doc: "The words participants see.", travels: true },
    Set { folder: "poll", name: "PollWords", doc: "The words of polls.", travels: true },
    Set { folder: "staff", name: "StaffWords", doc: "The words only staff see.", travels: true },
    Set {
        folder: "document",
        name: "DocumentWords",
        doc: "The words around a page and of pages that do not live.",
        travels: false,
    },
    Set {
        folder: "problem",
        name: "ProblemWords",
        doc: "One sentence per problem; they travel inside problems.",
        travels: false,
    },
];

/// The set whose words are in a few languages only, and the ones it must have: `staff_language` chooses of them.
const PARTIAL: (&str, [&str; 2]) = ("staff", FIRST);

/// Parameters that are numbers, or words of the sentence's own language: nothing in them runs against the sentence.
const SAME_DIRECTION: [&str; 8] = ["clock", "count", "day", "month", "number", "tenths", "time", "year"];

/// First strong isolate, and its end (Unicode Annex 9).
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');

/// A word of one language: one form, or one per plural category of the language.
#[derive(Clone, Debug)]
struct Word {
    /// As the file nests it, with dots.
    key: String,
    forms: Vec<String>,
    plural: bool,
    parameters: BTreeSet<String>,
}

type File = BTreeMap<String, Word>;

fn main() -> ExitCode {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("words.rs");
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=src/plural.rs");
    let mut wrong = Vec::new();
    let code = generate(&root.join("locales"), &mut wrong);
    for line in &wrong {
        println!("cargo::error={line}");
    }
    if !wrong.is_empty() {
        return ExitCode::FAILURE;
    }
    fs::write(out, code).expect("OUT_DIR can be written");
    ExitCode::SUCCESS
}

pub fn generate(locales: &Path, wrong: &mut Vec<String>) -> String {
    let languages = languages(&locales.join(SETS[0].folder));
    let mut code = String::new();
    let mut facts = String::new();
    for declared in &SETS {
        let set = declared.folder;
        let beside: Vec<String> = self::languages(&locales.join(set));
        let own = if set == PARTIAL.0 { &beside } else { &languages };
        for lang in PARTIAL.1.iter().filter(|lang| !own.iter().any(|have| have == *lang)) {
            wrong.push(format!("locales/{set}/{lang}.json is missing"));
        }
        let mut files = Vec::new();
        for lang in own {
            let path = format!("locales/{set}/{lang}.json");
            let mut file = File::new();
            match fs::read_to_string(locales.join(set).join(format!("{lang}.json"))) {
                Err(error) => wrong.push(format!("{path}: {error}")),
                Ok(json) => match serde_json::from_str::<Value>(&json) {
                    Err(error) => wrong.push(format!("{path}: {error}")),
                    Ok(mut value) => {
                        if set == SETS[0].folder {
                            facts.push_str(&fact(lang, &mut value, &path, wrong));
                        }
                        collect(&value, "", lang, &path, &mut file, wrong);
                    }
                },
            }
            files.push((lang.clone(), path, file));
        }
        for lang in beside.iter().filter(|lang| !languages.contains(lang)) {
            wrong.push(format!("locales/{set}/{lang}.json: there is no locales/{}/{lang}.json", SETS[0].folder));
        }
        if set == PARTIAL.0 {
            let _ = writeln!(
                code,
                "/// The languages of the words only staff see.\n#[cfg(feature = \"ssr\")]\nconst STAFF_LANGUAGES: &[&str] = &{own:?};"
            );
        }
        compare(&files, wrong);
        if wrong.is_empty() {
            write_set(&mut code, declared, &files);
        }
    }
    let reviews = reviews(&locales.join("review.json"), &languages, wrong);
    format!(
        "/// The languages of the interface, the source language first.\npub const LANGUAGES: &[&str] = &{languages:?};\n\
         /// Language, what it calls itself, and its direction.\nconst FACTS: &[(&str, &str, &str)] = &[{facts}];\n\
         #[cfg(feature = \"ssr\")]\nconst REVIEWS: &[Review] = &[{reviews}];\n{code}"
    )
}

/// The languages of a folder in the order of every list.
fn languages(folder: &Path) -> Vec<String> {
    let mut languages: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.to_owned()))
        .collect();
    let rank = |lang: &str| FIRST.iter().position(|first| *first == lang).unwrap_or(FIRST.len());
    languages.sort_by_cached_key(|lang| (rank(lang), lang.clone()));
    languages
}

/// Who checked which language: `{"de": {"reviewed_by": null}, …}`, all languages and no others.
fn reviews(path: &Path, languages: &[String], wrong: &mut Vec<String>) -> String {
    let json = fs::read_to_string(path).map_err(|error| error.to_string());
    let read = json.and_then(|json| serde_json::from_str::<Value>(&json).map_err(|error| error.to_string()));
    let value = read.unwrap_or_else(|error| {
        wrong.push(format!("locales/review.json: {error}"));
        Value::Null
    });
    let mut code = String::new();
    for lang in languages {
        let reviewed_by = match value.get(lang).and_then(|review| review.get("reviewed_by")) {
            Some(Value::String(name)) => format!("Some({name:?})"),
            Some(Value::Null) => "None".to_owned(),
            _ => {
                wrong.push(format!("locales/review.json: \"{lang}\" has no \"reviewed_by\", null or a name"));
                continue;
            }
        };
        let _ = write!(code, "Review {{ lang: {lang:?}, reviewed_by: {reviewed_by} }},");
    }
    for lang in value.as_object().into_iter().flat_map(|all| all.keys()).filter(|lang| !languages.contains(lang)) {
        wrong.push(format!("locales/review.json: \"{lang}\" is no language of the interface"));
    }
    code
}

/// Takes what a language says about itself out of the file.
fn fact(lang: &str, value: &mut Value, path: &str, wrong: &mut Vec<String>) -> String {
    let mut take = |name: &str| {
        let taken = value.as_object_mut().and_then(|object| object.remove(name));
        taken.and_then(|taken| taken.as_str().map(str::to_owned)).unwrap_or_else(|| {
            wrong.push(format!("{path}: \"{name}\" is missing"));
            String::new()
        })
    };
    let (autonym, dir) = (take("autonym"), take("dir"));
    if !["ltr", "rtl"].contains(&dir.as_str()) {
        wrong.push(format!("{path}: \"dir\" is neither ltr nor rtl"));
    }
    format!("({lang:?}, {autonym:?}, {dir:?}),")
}

fn collect(value: &Value, key: &str, lang: &str, path: &str, file: &mut File, wrong: &mut Vec<String>) {
    let name = key.replace('.', "_");
    let word = match value {
        Value::String(text) => {
            Word { key: key.to_owned(), forms: vec![text.clone()], plural: false, parameters: parameters(text) }
        }
        Value::Object(members) if !key.is_empty() && members.keys().all(|k| CATEGORIES.contains(&k.as_str())) => {
            let Some(categories) = plural::categories(lang) else {
                return wrong.push(format!("{path}: src/plural.rs has no rule for \"{lang}\""));
            };
            let wanted = categories;
            let mut forms = Vec::new();
            for category in wanted {
                match members.get(*category) {
                    Some(Value::String(text)) => forms.push(text.clone()),
                    _ => wrong.push(format!("{path}: {lang} needs a form \"{category}\" of \"{key}\"")),
                }
            }
            for extra in members.keys().filter(|have| !wanted.contains(&have.as_str())) {
                wrong.push(format!("{path}: \"{key}\" has a form \"{extra}\" that \"{lang}\" does not use"));
            }
            // "One" is said of 21 too in Russian and Ukrainian: a form that several numbers share must say which.
            let counts = |form: &String| form.contains("{count}");
            for (category, form) in wanted.iter().zip(&forms).filter(|(_, form)| !counts(form)) {
                let numbers = (1..=200).filter(|n| plural::category(lang, *n) == *category).count();
                if numbers > 1 && forms.iter().any(counts) {
                    wrong.push(format!(
                        "{path}: \"{key}\" needs {{count}} in \"{form}\", which {lang} says of {numbers} numbers"
                    ));
                }
            }
            let all: BTreeSet<String> = forms.iter().flat_map(|form| parameters(form)).collect();
            for form in &forms {
                for left_out in all.difference(&parameters(form)).filter(|left_out| *left_out != "count") {
                    wrong.push(format!("{path}: \"{key}\" leaves out {{{left_out}}} in \"{form}\""));
                }
            }
            let parameters = all.into_iter().chain(["count".to_owned()]).collect();
            Word { key: key.to_owned(), forms, plural: true, parameters }
        }
        Value::Object(members) => {
            for (member, value) in members {
                let inner = if key.is_empty() { member.clone() } else { format!("{key}.{member}") };
                collect(value, &inner, lang, path, file, wrong);
            }
            return;
        }
        _ => return wrong.push(format!("{path}: \"{key}\" is not a text")),
    };
    let identifier = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !identifier || name.is_empty() || name.as_bytes()[0].is_ascii_digit() {
        wrong.push(format!("{path}: \"{key}\" is not a key: a to z, 0 to 9, _"));
    }
    for form in &word.forms {
        // Forms of a plural are stored in one string, a line each.
        if form.trim() != form || form.is_empty() || form.contains('\n') {
            wrong.push(format!("{path}: \"{key}\" is empty, has a line break, or space at its ends"));
        }
    }
    if file.insert(name, word).is_some() {
        wrong.push(format!("{path}: \"{key}\" is there twice"));
    }
}

/// The names in braces.
fn parameters(text: &str) -> BTreeSet<String> {
    text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0.to_owned())).collect()
}

/// Every language has the keys of the source, with the same parameters.
fn compare(files: &[(String, String, File)], wrong: &mut Vec<String>) {
    let Some(((_, _, source), others)) = files.split_first() else { return };
    for (lang, path, file) in others {
        for (name, word) in source {
            let key = &word.key;
            match file.get(name) {
                None => wrong.push(format!("{path}: {lang} has no \"{key}\", in {SOURCE}: {:?}", word.forms)),
                Some(have) if have.plural != word.plural => {
                    wrong
                        .push(format!("{path}: \"{key}\" is a plural in one of {lang} and {SOURCE}, not in the other"));
                }
                Some(have) if have.parameters != word.parameters => wrong.push(format!(
                    "{path}: \"{key}\" has the parameters {:?} in {lang}, {:?} in {SOURCE}",
                    have.parameters, word.parameters
                )),
                Some(_) => {}
            }
        }
        for (_, word) in file.iter().filter(|(name, _)| !source.contains_key(*name)) {
            wrong.push(format!("{path}: {lang} has \"{}\", {SOURCE} has not", word.key));
        }
    }
}

/// The text with marks around each value that may run against it.
fn isolated(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some((before, (name, after))) = rest.split_once('{').and_then(|(b, a)| Some((b, a.split_once('}')?))) {
        marked.push_str(before);
        if SAME_DIRECTION.contains(&name) {
            let _ = write!(marked, "{{{name}}}");
        } else {
            let _ = write!(marked, "{}{{{name}}}{}", ISOLATE.0, ISOLATE.1);
        }
        rest = after;
    }
    marked.push_str(rest);
    marked
}

fn write_set(code: &mut String, set: &Set, files: &[(String, String, File)]) {
    let source = &files[0].2;
    let Set { folder, name, doc, travels } = set;
    let when = if *travels { "" } else { "#[cfg(feature = \"ssr\")]\n" };
    let _ = writeln!(code, "/// {doc}\n{when}#[derive(Clone, Copy, Debug)]\npub struct {name}(Table);");
    let (lang, languages) =
        if *folder == PARTIAL.0 { ("staff_language(lang)", "STAFF_LANGUAGES") } else { ("lang", "LANGUAGES") };
    let _ = writeln!(
        code,
        "#[cfg(feature = \"ssr\")]\nimpl {name} {{\n/// The words of a language.\n\
         pub fn of(lang: &str) -> Self {{ Self(Table::of({lang}, {languages}, Self::TABLES)) }}\n}}"
    );
    if *travels {
        let _ = writeln!(code, "travels!({name});");
    }
    // Crate-private methods, so that the compiler names a key nobody uses.
    if *folder == PARTIAL.0 {
        let reason = "most pages of staff do not live, and the browser does not know them";
        let _ = writeln!(code, "#[cfg_attr(not(feature = \"ssr\"), expect(dead_code, reason = {reason:?}))]");
    }
    let _ = writeln!(code, "{when}impl {name} {{");
    // What stays with the server is never compared.
    if *travels {
        let _ = writeln!(code, "/// Differs when the keys differ: a page and a program of different builds.");
        let _ = writeln!(code, "pub(crate) const KEYS: u32 = {};", grouped(fingerprint(source)));
    }
    let _ = writeln!(code, "#[cfg(feature = \"ssr\")]\npub(crate) const TABLES: &[&[&str]] = &[");
    for (_, _, file) in files {
        let words: Vec<String> = file.values().map(|word| isolated(&word.forms.join("\n"))).collect();
        let _ = writeln!(code, "&{words:?},");
    }
    let _ = writeln!(code, "];");
    for (index, (key, word)) in source.iter().enumerate() {
        let others: Vec<&String> = word.parameters.iter().filter(|name| *name != "count" || !word.plural).collect();
        let mut signature = String::from("self");
        if word.plural {
            signature.push_str(", count: u32");
        }
        for name in &others {
            let _ = write!(signature, ", {name}: &str");
        }
        let values = others.iter().map(|name| format!("({name:?}, {name})")).collect::<Vec<_>>().join(", ");
        let (result, body) = match (word.plural, others.is_empty()) {
            (true, _) => ("String", format!("self.0.counted({index}, count, &[{values}])")),
            (false, true) => ("&'static str", format!("self.0.plain({index})")),
            (false, false) => ("String", format!("self.0.filled({index}, &[{values}])")),
        };
        let _ =
            writeln!(code, "/// {}\npub(crate) fn {key}({signature}) -> {result} {{ {body} }}", word.forms.join(" · "));
    }
    let _ = writeln!(code, "}}");
}

/// FNV-1a over the keys.
fn fingerprint(file: &File) -> u32 {
    let bytes = file.keys().flat_map(|key| key.bytes().chain([0]));
    bytes.fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// A number with separators, as generated code is held to the same style.
fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (nth, digit) in digits.chars().enumerate() {
        if nth > 0 && (digits.len() - nth).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}
