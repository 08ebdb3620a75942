//! Makes typed words from `locales/`: one method per key, one table per language.
//!
//! Why not `leptos_i18n` (0.6): it compiles every language into the WebAssembly. Here the server holds all tables, and a
//! page brings the table of its own language as data, so that ten languages cost a participant the bytes of one.
//!
//! A folder of `locales/` is a set of words: `participant` and `staff` travel to the browser (staff words only with
//! staff pages), `document` and `problem` stay with the server. In a file, an object whose members are plural categories (CLDR) is a
//! plural over `{count}`; any other object is a group. Wrong files end the build with all that is wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::Value;

#[path = "src/plural.rs"]
#[expect(dead_code, reason = "the browser needs more of it than this script")]
mod plural;

/// The language whose keys count, and the first in every list.
const SOURCE: &str = "de";

/// The names of all plural categories of CLDR.
const CATEGORIES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

/// Folder, the type of its words, and when they are compiled.
const SETS: [(&str, &str, &str); 4] = [
    ("participant", "Words", "all()"),
    ("staff", "StaffWords", "feature = \"staff\""),
    ("document", "DocumentWords", "feature = \"ssr\""),
    ("problem", "ProblemWords", "feature = \"ssr\""),
];

/// A word of one language: one form, or one per plural category of the language.
#[derive(Clone, Debug)]
struct Word {
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

fn generate(locales: &Path, wrong: &mut Vec<String>) -> String {
    let mut languages = languages(&locales.join(SETS[0].0));
    languages.sort_by_key(|lang| (lang != SOURCE, lang.clone()));
    let mut code = String::new();
    let mut facts = String::new();
    for (set, name, when) in SETS {
        let mut files = Vec::new();
        for lang in &languages {
            let path = format!("locales/{set}/{lang}.json");
            let mut file = File::new();
            match fs::read_to_string(locales.join(set).join(format!("{lang}.json"))) {
                Err(error) => wrong.push(format!("{path}: {error}")),
                Ok(json) => match serde_json::from_str::<Value>(&json) {
                    Err(error) => wrong.push(format!("{path}: {error}")),
                    Ok(mut value) => {
                        if set == SETS[0].0 {
                            facts.push_str(&fact(lang, &mut value, &path, wrong));
                        }
                        collect(&value, "", lang, &path, &mut file, wrong);
                    }
                },
            }
            files.push((path, file));
        }
        for lang in languages_beside(locales, set, &languages) {
            wrong.push(format!("locales/{set}/{lang}.json: there is no locales/{}/{lang}.json", SETS[0].0));
        }
        compare(&files, wrong);
        if wrong.is_empty() {
            write_set(&mut code, name, when, &files);
        }
    }
    format!(
        "/// The languages of the interface, the source language first.\npub const LANGUAGES: &[&str] = &{languages:?};\n\
         /// Language, what it calls itself, and its direction.\nconst FACTS: &[(&str, &str, &str)] = &[{facts}];\n{code}"
    )
}

fn languages(folder: &Path) -> Vec<String> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.to_owned()))
        .collect()
}

fn languages_beside(locales: &Path, set: &str, known: &[String]) -> Vec<String> {
    languages(&locales.join(set)).into_iter().filter(|lang| !known.contains(lang)).collect()
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
        Value::String(text) => Word { forms: vec![text.clone()], plural: false, parameters: parameters(text) },
        Value::Object(members) if !key.is_empty() && members.keys().all(|k| CATEGORIES.contains(&k.as_str())) => {
            let Some(categories) = plural::categories(lang) else {
                return wrong.push(format!("{path}: src/plural.rs has no rule for \"{lang}\""));
            };
            let wanted = categories;
            let mut forms = Vec::new();
            for category in wanted {
                match members.get(*category) {
                    Some(Value::String(text)) => forms.push(text.clone()),
                    _ => wrong.push(format!("{path}: \"{key}\" has no form \"{category}\"")),
                }
            }
            for extra in members.keys().filter(|have| !wanted.contains(&have.as_str())) {
                wrong.push(format!("{path}: \"{key}\" has a form \"{extra}\" that \"{lang}\" does not use"));
            }
            let all: BTreeSet<String> = forms.iter().flat_map(|form| parameters(form)).collect();
            for form in &forms {
                for left_out in all.difference(&parameters(form)).filter(|left_out| *left_out != "count") {
                    wrong.push(format!("{path}: \"{key}\" leaves out {{{left_out}}} in \"{form}\""));
                }
            }
            Word { forms, plural: true, parameters: all.into_iter().chain(["count".to_owned()]).collect() }
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

fn compare(files: &[(String, File)], wrong: &mut Vec<String>) {
    let Some(((_, source), others)) = files.split_first() else { return };
    for (path, file) in others {
        for (key, word) in source {
            match file.get(key) {
                None => wrong.push(format!("{path}: \"{key}\" is missing")),
                Some(have) if have.plural != word.plural => {
                    wrong.push(format!("{path}: \"{key}\" is a plural in one language and not in the other"));
                }
                Some(have) if have.parameters != word.parameters => wrong.push(format!(
                    "{path}: \"{key}\" has the parameters {:?}, in {SOURCE} {:?}",
                    have.parameters, word.parameters
                )),
                Some(_) => {}
            }
        }
        for key in file.keys().filter(|key| !source.contains_key(*key)) {
            wrong.push(format!("{path}: \"{key}\" is not in {SOURCE}.json"));
        }
    }
}

fn write_set(code: &mut String, name: &str, when: &str, files: &[(String, File)]) {
    let source = &files[0].1;
    // Crate-private methods, so that the compiler names a key nobody uses.
    if name == "StaffWords" {
        let reason = "most pages of staff do not live, and the browser does not know them";
        let _ = writeln!(code, "#[cfg_attr(not(feature = \"ssr\"), expect(dead_code, reason = {reason:?}))]");
    }
    let _ = writeln!(code, "#[cfg({when})]\nimpl {name} {{");
    // What stays with the server is never compared.
    if !when.contains("ssr") {
        let _ = writeln!(code, "/// Differs when the keys differ: a page and a program of different builds.");
        let _ = writeln!(code, "pub(crate) const KEYS: u32 = {};", grouped(fingerprint(source)));
    }
    let _ = writeln!(code, "#[cfg(feature = \"ssr\")]\npub(crate) const TABLES: &[&[&str]] = &[");
    for (_, file) in files {
        let words: Vec<String> = file.values().map(|word| word.forms.join("\n")).collect();
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
