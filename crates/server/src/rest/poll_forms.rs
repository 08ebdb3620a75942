//! Reads the fields of plain forms about polls: questions, ballots, counted hands.
//! The handlers of polls call it where a form was sent in the place of JSON.
//! It says whether fields can be read; whether they make a good question or ballot is decided in the domain.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stimmwerk_core::poll::Question;
use stimmwerk_core::rejection::Rejection;
use stimmwerk_core::tally::{MAX_OPTIONS, Method};
use stimmwerk_core::text::TextProblem;

use crate::problem::{Answer, Fault};

pub(super) fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(of, _)| of == name).map(|(_, value)| value.trim())
}

pub(super) fn number(fields: &[(String, String)], name: &str) -> Answer<Option<u32>> {
    field(fields, name)
        .map(|value| value.parse().map_err(|_| Fault::bad_request(format!("{name} is no number"))))
        .transpose()
}

/// `mark_0`, `mark_1` … with 0 for what is left out.
pub(super) fn numbered(fields: &[(String, String)], options: usize) -> Answer<Vec<u32>> {
    (0..options).map(|option| Ok(number(fields, &format!("mark_{option}"))?.unwrap_or(0))).collect()
}

/// A ballot of a form.
pub(super) fn marks(fields: &[(String, String)], method: Method, options: usize) -> Answer<Vec<u8>> {
    let fields = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Ok(method.read(options, fields).map_err(Rejection::from)?)
}

/// The question of a form: `title`, `note`, `low`, `high` and `options` (one a line) in the language `title_lang`, and in
/// others as `title.ar` and so on; the rest by the names it has in JSON.
pub(super) fn question(fields: &[(String, String)]) -> Answer<Question> {
    let source = field(fields, "title_lang").unwrap_or("de");
    // A text field has one field for each language: the source without a tag, the others with a tag behind a dot.
    let by_language = |name: &str| -> BTreeMap<String, String> {
        let tag = |of: &str| match of.strip_prefix(name)? {
            "" => Some(source.to_owned()),
            rest => rest.strip_prefix('.').map(str::to_owned),
        };
        fields.iter().filter_map(|(of, value)| Some((tag(of)?, value.trim().to_owned()))).collect()
    };
    let texts = |texts: BTreeMap<String, String>| -> Value { json!({ "source": source, "texts": texts }) };
    let optional = |name: &str| {
        let found = by_language(name);
        if found.contains_key(source) { texts(found) } else { Value::Null }
    };
    let lines: BTreeMap<String, Vec<String>> = by_language("options")
        .into_iter()
        .map(|(lang, text)| {
            (lang, text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
        })
        .collect();
    let count = lines.get(source).map_or(0, Vec::len).min(MAX_OPTIONS + 1);
    let options: Vec<Value> = (0..count)
        .map(|nth| {
            texts(lines.iter().filter_map(|(lang, lines)| Some((lang.clone(), lines.get(nth)?.clone()))).collect())
        })
        .collect();
    let mut question = json!({ "title": optional("title"), "options": options });
    if question["title"].is_null() {
        return Err(Rejection::from(TextProblem::Empty).into());
    }
    if let (low, high) = (optional("low"), optional("high"))
        && !low.is_null()
        && !high.is_null()
    {
        question["ends"] = json!([low, high]);
    }
    question["note"] = optional("note");
    for name in ["method", "electorate", "secrecy", "weight", "results", "majority"] {
        if let Some(word) = field(fields, name) {
            question[name] = word.into();
        }
    }
    for name in ["min", "max", "steps", "points"] {
        if let Some(value) = number(fields, name)? {
            question[name] = value.into();
        }
    }
    if let Some(percent) = number(fields, "quorum_percent")? {
        question["quorum"] = json!({ "percent": percent });
    } else if let Some(ballots) = number(fields, "quorum")? {
        question["quorum"] = json!({ "ballots": ballots });
    }
    serde_json::from_value(question).map_err(|error| Fault::bad_request(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stimmwerk_core::said::{Lang, Texts};

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn given_a_form_in_two_languages_then_each_option_has_both() {
        let form = fields(&[
            ("title", "Was zuerst?"),
            ("title.ar", "ماذا أولاً؟"),
            ("options", "Sprache\n\n Wohnen \nArbeit"),
            ("options.ar", "اللغة\nالسكن"),
            ("method", "multiple"),
            ("min", "1"),
            ("max", "2"),
            ("quorum", "10"),
        ]);
        let question = question(&form).expect("a question");
        assert_eq!(question.method, Method::Multiple { min: 1, max: 2 });
        assert_eq!(question.options.len(), 3);
        assert_eq!(question.options[1].pick("de").0, "Wohnen");
        assert_eq!(question.options[1].pick("ar").0, "السكن");
        assert_eq!(question.options[2].pick("ar").0, "Arbeit", "what is not translated shows the original");
        assert_eq!(question.title, {
            let mut title = Texts::of(Lang::german(), "Was zuerst?");
            title.texts.insert(Lang::try_from("ar".to_owned()).expect("a tag"), "ماذا أولاً؟".into());
            title
        });
        assert!(question.check().is_ok());
    }

    #[test]
    fn given_forms_then_they_make_ballots() {
        let both = fields(&[("option", "0"), ("option", "2")]);
        assert_eq!(marks(&both, Method::Multiple { min: 0, max: 3 }, 3).expect("marks"), [1, 0, 1]);
        let points = fields(&[("mark_0", "3"), ("mark_2", " 4 ")]);
        assert_eq!(marks(&points, Method::Dots { points: 9 }, 3).expect("marks"), [3, 0, 4]);
        assert!(marks(&fields(&[("option", "3")]), Method::Single, 3).is_err());
        assert!(marks(&fields(&[("mark_1", "-1")]), Method::Ranking, 3).is_err());
    }
}
