//! A poll's result as tables for spreadsheets (CSV).
//! The handler of results calls it.
//! Every number comes from the result it is given; nothing is computed here.

use serde::Serialize;
use serde_json::Value;
use stimmwerk_core::poll::{Question, ResultView, Source};
use stimmwerk_core::tally::Method;
use stimmwerk_core::text::defuse_csv_cell;

use crate::problem::{Answer, Fault};
use crate::use_cases::results::{Published, RoundFigures};

/// A tidy table as a German spreadsheet opens it: semicolons, and a mark that says UTF-8. Every row says all of itself.
fn written(head: Vec<String>, rows: impl IntoIterator<Item = Vec<String>>) -> Answer<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(b';').from_writer(vec![0xEF, 0xBB, 0xBF]);
    let failed = |error: csv::Error| {
        tracing::error!(%error, "a table cannot be written");
        Fault::internal()
    };
    writer.write_record(&head).map_err(failed)?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| defuse_csv_cell(cell).into_owned())).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| {
        tracing::error!(%error, "a table cannot be written");
        Fault::internal()
    })
}

/// A number, or nothing.
fn cell(number: Option<impl ToString>) -> String {
    number.map_or(String::new(), |number| number.to_string())
}

/// The rounds a table has, the last one first, with their figures.
fn rounds(published: &Published) -> impl Iterator<Item = (&ResultView, &RoundFigures)> {
    published.result.iter().chain(published.before.iter().rev()).zip(&published.rounds)
}

/// A row for each option of each round. A round whose count is withheld has one row, without an option.
pub(super) fn table(published: &Published) -> Answer<Vec<u8>> {
    const SOURCES: [Source; 3] = [Source::Online, Source::Hands, Source::Paper];
    let question = &published.poll.question;
    let steps = rounds(published).map(|(result, _)| result.tally.spread.first().map_or(0, Vec::len)).max();
    let steps = steps.unwrap_or(0);
    let fixed = [
        "question",
        "method",
        "electorate",
        "secrecy",
        "majority",
        "quorum",
        "round",
        "opened_at",
        "closed_at",
        "entitled",
        "ballots",
        "outcome",
        "base",
        "base_count",
        "needed",
        "option",
        "text",
        "sum",
        "share_percent",
        "mean",
        "answers",
        "place",
        "online",
        "hands",
        "paper",
    ];
    let mut head: Vec<String> = fixed.map(str::to_owned).to_vec();
    head.extend((0..steps).map(|mark| format!("mark_{mark}")));
    head.extend(["event".to_owned(), "log".to_owned()]);
    let end = [published.seq.0.to_string(), published.head.clone()];
    let mut rows = Vec::new();
    for (result, round) in rounds(published) {
        let entitled = result.entitled;
        let mut start = vec![
            question.title.pick("de").0.to_owned(),
            question.method.word().to_owned(),
            word(&question.electorate),
            word(&question.secrecy),
            word(&question.majority),
            cell(question.quorum.map(|quorum| quorum.need(entitled))),
            round.round.to_string(),
            cell(round.opened_at.as_ref()),
            cell(round.closed_at.as_ref()),
            cell(entitled),
            result.tally.ballots.to_string(),
            word(&result.outcome),
        ];
        let Some(figures) = &round.figures else {
            start.resize(fixed.len() + steps, String::new());
            rows.push([start, end.to_vec()].concat());
            continue;
        };
        start.extend([
            figures.base.map_or(String::new(), |base| word(&base)),
            cell(figures.base.map(|_| figures.of)),
            cell(figures.need),
        ]);
        for (option, figure) in figures.rows.iter().enumerate() {
            let mut row = start.clone();
            row.extend([
                (option + 1).to_string(),
                option_text(question, option),
                figure.sum.to_string(),
                cell(figure.share),
                // It is written with a comma, since a German spreadsheet would read 3.4 as a day in April.
                cell(figure.mean_tenths.map(|tenths| format!("{},{}", tenths / 10, tenths % 10))),
                cell(figure.answers),
                cell(figure.place),
            ]);
            row.extend(SOURCES.map(|source| {
                cell(result.parts.iter().find(|part| part.source == source).map(|part| part.sums[option]))
            }));
            let spread = result.tally.spread.get(option).map_or(&[][..], Vec::as_slice);
            row.extend((0..steps).map(|mark| cell(spread.get(mark))));
            row.extend(end.clone());
            rows.push(row);
        }
    }
    written(head, rows)
}

/// Of rankings a row for each two options of each round: how many put the first before the second.
pub(super) fn table_of_pairs(published: &Published) -> Answer<Vec<u8>> {
    let question = &published.poll.question;
    let head = ["round", "option", "text", "other_option", "other_text", "before"].map(str::to_owned).to_vec();
    let mut rows = Vec::new();
    for (result, round) in rounds(published).filter(|(_, round)| round.figures.is_some()) {
        for (one, pairs) in result.tally.pairs.iter().enumerate() {
            for (other, before) in pairs.iter().enumerate().filter(|(other, _)| *other != one) {
                rows.push(vec![
                    round.round.to_string(),
                    (one + 1).to_string(),
                    option_text(question, one),
                    (other + 1).to_string(),
                    option_text(question, other),
                    before.to_string(),
                ]);
            }
        }
    }
    written(head, rows)
}

/// An option in German; those that need no listing by their stable word.
fn option_text(question: &Question, option: usize) -> String {
    match (question.method, question.options.get(option)) {
        (Method::YesNo, _) => ["yes", "no", "abstain"].get(option).copied().unwrap_or_default().to_owned(),
        (_, Some(texts)) => texts.pick("de").0.to_owned(),
        (_, None) => "unchanged".to_owned(),
    }
}

/// The stable word of a plain value, as on the wire.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        Ok(Value::Object(fields)) => fields.get("outcome").and_then(Value::as_str).unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}
