//! Results of polls as pictures and as tables.
//!
//! A picture is a bar in SVG beside words that say the same; it is hidden from screen readers, who have the words and
//! the table. What it shows it shows by length and by labels, never by colour alone. All numbers are made of integers,
//! so that server and browser draw the same.

use std::fmt::Write;

use leptos::prelude::*;
use stimmwerk_core::poll::{Part, Phase, PollHeader, PollView, Question, ResultView, Source, Weight};
use stimmwerk_core::tally::{Base, Figures, Method, Outcome};

use super::poll::parts::{option, option_text, redrawn, round_name, rule};
use crate::cx::Cx;
use crate::view::{AnyView, IntoAny};
use crate::words::{PollWords, direction};

/// A result, and what has to be known to read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Charted {
    question: Question,
    result: ResultView,
    /// Every number that is shown of it.
    figures: Figures,
    /// The round before, to compare with.
    before: Option<ResultView>,
    /// People still vote.
    running: bool,
}

impl Charted {
    /// The result a view shows, if it shows one.
    pub fn of(view: &PollView) -> Option<Self> {
        let poll = view.poll.as_ref()?;
        let result = view.result.clone()?;
        let before = view.before.iter().rfind(|before| before.round < result.round && !before.is_withheld()).cloned();
        Some(Self { running: poll.phase == Phase::Open, ..Self::with(poll, result, before) })
    }

    /// A result of an earlier round.
    pub fn with(poll: &PollHeader, result: ResultView, before: Option<ResultView>) -> Self {
        let figures = result.figures(&poll.question);
        Self { question: poll.question.clone(), result, figures, before, running: false }
    }

    /// May nothing be shown of it but that?
    pub fn is_withheld(&self) -> bool {
        self.result.is_withheld()
    }

    /// The options in the order in which they are shown: the best first, unless that could still change or they have an
    /// order of their own.
    fn order(&self) -> Vec<usize> {
        let all = 0..self.result.tally.sums.len();
        if self.running || self.question.method == Method::YesNo {
            return all.collect();
        }
        self.result.tally.order.iter().flatten().map(|option| usize::from(*option)).collect()
    }

    /// Is it among those that lead?
    fn leads(&self, option: usize) -> bool {
        let best = match &self.result.outcome {
            Outcome::NoBallots
            | Outcome::NoQuorum { .. }
            | Outcome::Rated
            | Outcome::Rejected
            | Outcome::Blank
            | Outcome::TooFew { .. } => return false,
            Outcome::Adopted => return option == 0,
            Outcome::Won { option } | Outcome::NoMajority { option, .. } => std::slice::from_ref(option),
            Outcome::Tied { options } => options,
        };
        best.iter().any(|have| usize::from(*have) == option)
    }

    /// The place of an option in words.
    fn place(&self, option: usize) -> String {
        self.figures.rows[option].place.map_or_else(none, |place| place.to_string())
    }
}

/// What stands where there is no number.
fn none() -> String {
    "–".to_owned()
}

/// The result of the round a view shows: what came of it, a picture, and a table. Nothing while there is none.
pub fn result(cx: Cx, words: PollWords, view: RwSignal<PollView>) -> AnyView {
    let charted = Memo::new(move |_| view.with(Charted::of));
    let title = move |running| {
        let title = if running { words.result_running() } else { words.result_title() };
        view! { <span>{title}</span> }.into_any()
    };
    let running = Memo::new(move |_| charted.with(|charted| charted.as_ref().is_some_and(|one| one.running)));
    view! {
        <section class="panel result" aria-labelledby="result" hidden=move || charted.with(Option::is_none)>
            <h2 id="result">{redrawn(running, title)}</h2>
            {redrawn(charted, move |one| one.map_or_else(nothing, |one| picture(cx, words, &one)))}
            <details class="as-table" hidden=move || charted.with(|one| one.as_ref().is_none_or(Charted::is_withheld))>
                <summary class="button quiet">{words.chart_table()}</summary>
                {running_tables(cx, words, charted)}
            </details>
        </section>
    }
    .into_any()
}

fn nothing() -> AnyView {
    view! { <p hidden></p> }.into_any()
}

/// What came of it, and the picture.
pub fn picture(cx: Cx, words: PollWords, charted: &Charted) -> AnyView {
    if charted.is_withheld() {
        return view! {
            <div class="chart">
                <p class="outcome">{outcome(cx, words, charted)}</p>
            </div>
        }
        .into_any();
    }
    let list = match charted.question.method {
        Method::Ranking => ranking(cx, words, charted),
        _ => bars(cx, words, charted),
    };
    let compared = charted.before.as_ref().filter(|_| !matches!(charted.question.method, Method::Ranking));
    let legend = compared.map(|before| {
        view! { <p class="hint legend">{words.chart_compared(&before.round.to_string())}</p> }.into_any()
    });
    let spread = spreads(charted).then(|| {
        view! {
            <p class="hint legend">{words.chart_spread_means()}</p>
        }
        .into_any()
    });
    view! {
        <div class="chart">
            <p class="outcome">{outcome(cx, words, charted)}</p>
            {needed(cx, words, charted)}
            {list}
            {base(words, charted)}
            {spread}
            {legend}
        </div>
    }
    .into_any()
}

/// What came of it, in a sentence or two.
pub fn outcome(cx: Cx, words: PollWords, charted: &Charted) -> String {
    let Charted { question, result, running, .. } = charted;
    let name = |option: u8| option_text(cx, words, question, usize::from(option));
    let binding = question.weight == Weight::Binding;
    match &result.outcome {
        Outcome::NoBallots => words.result_no_ballots().to_owned(),
        Outcome::Blank => words.result_blank().to_owned(),
        Outcome::TooFew { .. } => words.result_too_few().to_owned(),
        Outcome::NoQuorum { need, .. } => words.result_no_quorum(*need),
        Outcome::Adopted if binding && !running => words.result_adopted().to_owned(),
        Outcome::Adopted => words.result_mood_yes().to_owned(),
        Outcome::Rejected if binding && !running => words.result_rejected().to_owned(),
        Outcome::Rejected => words.result_mood_no().to_owned(),
        Outcome::Tied { .. } if question.method == Method::YesNo && binding && !running => {
            words.result_tied_rejected().to_owned()
        }
        Outcome::Tied { .. } if question.method == Method::YesNo => words.result_tied_yes_no().to_owned(),
        Outcome::Tied { options } => {
            let names: Vec<String> = options.iter().map(|option| name(*option)).collect();
            words.result_tied(&names.join(" · "))
        }
        Outcome::Won { option } if question.method == Method::Resistance => words.result_least(&name(*option)),
        Outcome::Won { option } if binding && !running => words.result_won(&name(*option)),
        Outcome::Won { option } => words.result_leads(&name(*option)),
        Outcome::NoMajority { option, have, need } => {
            let mut text = words.result_leads(&name(*option));
            text.push_str(". ");
            text.push_str(&words.result_no_majority(need.saturating_sub(*have) as u32));
            text
        }
        Outcome::Rated => words.result_rated().to_owned(),
    }
}

/// What the rule asks, and how far that is reached, in numbers of one base.
fn needed(cx: Cx, words: PollWords, charted: &Charted) -> Option<AnyView> {
    let figures = &charted.figures;
    let (need, judged, have) = (figures.need?, figures.judged?, figures.have()?);
    let name = option_text(cx, words, &charted.question, usize::from(judged));
    let mut text = rule(words, &charted.question);
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(&words.result_needed(&have.to_string(), &need.to_string(), &name, &figures.of.to_string()));
    Some(view! { <p class="hint needed">{text}</p> }.into_any())
}

/// What shares are shares of: 100 % in words.
fn base(words: PollWords, charted: &Charted) -> Option<AnyView> {
    let Figures { base, of, .. } = charted.figures;
    let of = of.to_string();
    let what = match base? {
        Base::Sides => words.base_sides(&of),
        Base::Ballots if matches!(charted.question.method, Method::Multiple { .. }) => words.base_people(&of),
        Base::Ballots => words.base_votes(&of),
        Base::Entitled => words.base_cards(&of),
    };
    let mut text = words.number_percent("100");
    text.push_str(" = ");
    text.push_str(&what);
    Some(view! { <p class="hint legend base">{text}</p> }.into_any())
}

/// Does a picture show how the answers spread?
fn spreads(charted: &Charted) -> bool {
    !charted.result.tally.spread.is_empty() && charted.result.tally.ballots > 0
}

/// One bar for each option.
fn bars(cx: Cx, words: PollWords, charted: &Charted) -> AnyView {
    let rtl = direction(cx.words.lang()) == "rtl";
    let most = longest(charted);
    let rows = charted.order().into_iter().map(|at| {
        let method = charted.question.method;
        let length = permille(method, &charted.figures, at, most);
        let before =
            charted.before.as_ref().map(|before| permille(method, &before.figures(&charted.question), at, most));
        let leads = charted.leads(at);
        let winner = leads.then(|| view! { <span class="badge leads">{words.chart_winner()}</span> }.into_any());
        let strip = spreads(charted).then(|| {
            let markup = strip(&charted.question, &charted.result, at, rtl);
            view! { <span class="strip" aria-hidden="true" inner_html=markup /> }.into_any()
        });
        view! {
            <li class="row" class:leads=leads>
                <span class="name">{option(cx, words, &charted.question, at)} {winner}</span>
                <span class="value">{value(words, charted, at)}</span>
                <span class="bar" aria-hidden="true" inner_html=bar(length, before, rtl) />
                {strip}
            </li>
        }
        .into_any()
    });
    let rows = rows.collect::<Vec<_>>();
    view! { <ol class="bars">{rows}</ol> }.into_any()
}

/// The options in their places.
fn ranking(cx: Cx, words: PollWords, charted: &Charted) -> AnyView {
    let rows = charted.order().into_iter().map(|at| {
        view! {
            <li class="row" class:leads=charted.leads(at)>
                <span class="place">{words.option_place(&charted.place(at))}</span>
                <span class="name">{option(cx, words, &charted.question, at)}</span>
            </li>
        }
        .into_any()
    });
    let rows = rows.collect::<Vec<_>>();
    view! { <ol class="bars places">{rows}</ol> }.into_any()
}

/// What a bar says, in words.
fn value(words: PollWords, charted: &Charted, at: usize) -> String {
    let figure = &charted.figures.rows[at];
    let named = |name: &str, number: &str| [name, ": ", number].concat();
    let (first, second) = match charted.question.method {
        Method::Multiple { .. } => (named(words.chart_crosses(), &figure.sum.to_string()), share(words, charted, at)),
        Method::Single | Method::YesNo => (words.turnout_votes(figure.sum as u32), share(words, charted, at)),
        Method::Dots { .. } => (words.number_points(figure.sum as u32), None),
        Method::Scale { .. } | Method::Resistance => {
            let answers = figure.answers.map(|answers| named(words.chart_answers(), &answers.to_string()));
            ([words.chart_mean(), " ", &mean(words, &charted.figures, at)].concat(), answers)
        }
        Method::Ranking => (figure.sum.to_string(), None),
    };
    match second {
        Some(second) => [&first, " · ", &second].concat(),
        None => first,
    }
}

/// The longest bar there is to draw, of methods without a bound of their own.
fn longest(charted: &Charted) -> u64 {
    let all = std::iter::once(&charted.result).chain(&charted.before);
    all.flat_map(|result| result.tally.sums.iter().copied()).max().unwrap_or_default().max(1)
}

/// How long a bar is, in thousandths of the field. What has no share has no bar.
fn permille(method: Method, figures: &Figures, at: usize, most: u64) -> u64 {
    let Some(figure) = figures.rows.get(at) else { return 0 };
    let whole = match method {
        Method::Scale { .. } | Method::Resistance => figure.answers.unwrap_or(0) * u64::from(method.highest(0)),
        Method::Dots { .. } | Method::Ranking => most,
        _ if figure.share.is_none() => return 0,
        _ => figures.of,
    };
    (figure.sum * 1_000).checked_div(whole).unwrap_or_default().min(1_000)
}

fn share(words: PollWords, charted: &Charted, at: usize) -> Option<String> {
    charted.figures.rows[at].share.map(|share| words.number_percent(&share.to_string()))
}

/// With one digit behind the point.
fn mean(words: PollWords, figures: &Figures, at: usize) -> String {
    match figures.rows.get(at).and_then(|figure| figure.mean_tenths) {
        Some(tenths) => words.number_decimal(&(tenths / 10).to_string(), &(tenths % 10).to_string()),
        None => none(),
    }
}

/// Thousandths as per cent, for an attribute.
fn push_percent(svg: &mut String, name: &str, permille: u64) {
    let _ = write!(svg, " {name}=\"{}.{}%\"", permille / 10, permille % 10);
}

/// A rectangle that begins where lines begin.
fn rectangle(svg: &mut String, class: &str, start: u64, width: u64, rtl: bool, rest: &str) {
    let _ = write!(svg, "<rect class=\"{class}\"");
    push_percent(svg, "x", if rtl { 1_000 - start - width } else { start });
    push_percent(svg, "width", width);
    svg.push_str(rest);
    svg.push_str("></rect>");
}

/// A bar, and under it that of the round before.
fn bar(now: u64, before: Option<u64>, rtl: bool) -> String {
    let mut svg = String::from("<svg class=\"bar\">");
    let height = if before.is_some() { " y=\"0\" height=\"62%\"" } else { " y=\"0\" height=\"100%\"" };
    rectangle(&mut svg, "field", 0, 1_000, rtl, height);
    rectangle(&mut svg, "now", 0, now, rtl, height);
    if let Some(before) = before {
        rectangle(&mut svg, "before", 0, before, rtl, " y=\"70%\" height=\"26%\"");
    }
    svg.push_str("</svg>");
    svg
}

/// How the answers for an option spread: a field for each mark that was given, as wide as it was given often, with the
/// mark in it where there is room.
fn strip(question: &Question, result: &ResultView, at: usize, rtl: bool) -> String {
    let counts = &result.tally.spread[at];
    // Of a scale the first is no answer.
    let first = usize::from(question.method != Method::Resistance);
    let total: u64 = counts[first..].iter().map(|count| u64::from(*count)).sum();
    let steps = counts.len() - first;
    let mut svg = String::from("<svg class=\"strip\">");
    let mut seen = 0;
    for (mark, count) in counts.iter().enumerate().skip(first).filter(|(_, count)| **count > 0) {
        let start = seen * 1_000 / total;
        seen += u64::from(*count);
        let width = seen * 1_000 / total - start;
        // Five tints, the fullest for the highest marks.
        let tint = (mark - first) * 5 / steps;
        let class = ["t0", "t1", "t2", "t3", "t4"][tint.min(4)];
        rectangle(&mut svg, class, start, width, rtl, " y=\"0\" height=\"100%\"");
        if width >= 70 {
            let middle = start + width / 2;
            svg.push_str("<text y=\"50%\"");
            push_percent(&mut svg, "x", if rtl { 1_000 - middle } else { middle });
            let _ = write!(svg, ">{mark}</text>");
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The result as tables.
#[cfg(feature = "ssr")]
pub fn tables(cx: Cx, words: PollWords, charted: &Charted) -> AnyView {
    if charted.is_withheld() {
        return nothing();
    }
    let pairs = has_pairs(charted).then(|| pairs(words, table_of_pairs(cx, words, charted)));
    view! {
        <div class="tables">
            {scroll(words.chart_table(), table(cx, words, charted))}
            {pairs}
        </div>
    }
    .into_any()
}

/// The result as tables, while it changes: what scrolls and has the focus stays, the tables in it are drawn anew.
fn running_tables(cx: Cx, words: PollWords, charted: Memo<Option<Charted>>) -> AnyView {
    let drawn = move |draw: fn(Cx, PollWords, &Charted) -> AnyView| {
        let shown = move |one: Option<Charted>| one.filter(|one| !one.is_withheld());
        redrawn(charted, move |one| shown(one).map_or_else(nothing, |one| draw(cx, words, &one)))
    };
    let with_pairs = Memo::new(move |_| charted.with(|one| one.as_ref().is_some_and(has_pairs)));
    view! {
        <div class="tables">
            {scroll(words.chart_table(), drawn(table))}
            {redrawn(with_pairs, move |with| if with { pairs(words, drawn(table_of_pairs)) } else { nothing() })}
        </div>
    }
    .into_any()
}

fn has_pairs(charted: &Charted) -> bool {
    !charted.result.tally.pairs.is_empty()
}

/// What every option got.
fn table(cx: Cx, words: PollWords, charted: &Charted) -> AnyView {
    let Charted { question, result, figures, before, .. } = charted;
    let mut head: Vec<String> = vec![words.chart_option().to_owned()];
    let tally = &result.tally;
    let columns: &[&str] = match question.method {
        Method::Multiple { .. } => &[words.chart_crosses(), words.chart_share()],
        Method::Single | Method::YesNo => &[words.chart_votes(), words.chart_share()],
        Method::Dots { .. } => &[words.chart_points()],
        Method::Scale { .. } | Method::Resistance => &[words.chart_mean(), words.chart_answers()],
        Method::Ranking => &[words.chart_place(), words.chart_first()],
    };
    head.extend(columns.iter().map(|column| (*column).to_owned()));
    let first = usize::from(question.method != Method::Resistance);
    let marks = tally.spread.first().map_or(0, Vec::len);
    head.extend((first..marks).map(|mark| mark.to_string()));
    if first == 1 && marks > 0 {
        head.push(words.option_none().to_owned());
    }
    head.extend(result.parts.iter().map(|part| source(words, part)));
    head.extend(before.iter().map(|before| round_name(words, before.round)));
    let earlier = before.as_ref().map(|before| before.figures(question));
    let rows = charted.order().into_iter().map(|at| {
        let figure = &figures.rows[at];
        let mut cells = Vec::new();
        match question.method {
            Method::Single | Method::Multiple { .. } | Method::YesNo => {
                cells.extend([figure.sum.to_string(), share(words, charted, at).unwrap_or_else(none)]);
            }
            Method::Dots { .. } => cells.push(figure.sum.to_string()),
            Method::Scale { .. } | Method::Resistance => {
                cells.extend([mean(words, figures, at), figure.answers.unwrap_or(0).to_string()]);
            }
            Method::Ranking => cells.extend([charted.place(at), figure.sum.to_string()]),
        }
        if let Some(spread) = tally.spread.get(at) {
            cells.extend(spread[first..].iter().map(u32::to_string));
            if first == 1 {
                // Hands and paper answer too; who left the line out is in its first field.
                cells.push(spread[0].to_string());
            }
        }
        cells.extend(result.parts.iter().map(|part| part.sums[at].to_string()));
        cells.extend(earlier.iter().map(|before| match question.method {
            Method::Scale { .. } | Method::Resistance => mean(words, before, at),
            _ => before.rows.get(at).map_or_else(String::new, |figure| figure.sum.to_string()),
        }));
        row(option(cx, words, question, at), cells)
    });
    filled(head, rows.collect())
}

fn source(words: PollWords, part: &Part) -> String {
    match part.source {
        Source::Online => words.chart_online(),
        Source::Hands => words.chart_hands(),
        Source::Paper => words.chart_paper(),
    }
    .to_owned()
}

/// The table of pairs, and what it means.
fn pairs(words: PollWords, table: AnyView) -> AnyView {
    view! {
        <div class="tables">
            <h3>{words.chart_pairs()}</h3>
            <p class="hint">{words.chart_pairs_means()}</p>
            {scroll(words.chart_pairs(), table)}
        </div>
    }
    .into_any()
}

/// How many put each option before each other.
fn table_of_pairs(cx: Cx, words: PollWords, charted: &Charted) -> AnyView {
    let order = charted.order();
    let letter = |nth: usize| char::from(b'A' + nth as u8).to_string();
    let pairs = &charted.result.tally.pairs;
    let mut head = vec![words.chart_option().to_owned()];
    head.extend((0..order.len()).map(letter));
    let rows = order.iter().enumerate().map(|(nth, one)| {
        let cells = order.iter().map(|other| match (pairs[*one][*other], pairs[*other][*one]) {
            _ if one == other => "–".to_owned(),
            (mine, theirs) if mine > theirs => mine.to_string() + " ✓",
            (mine, _) => mine.to_string(),
        });
        let name = view! {
            <span class="letter">{letter(nth)}</span>
            " "
            {option(cx, words, &charted.question, *one)}
        };
        row(name.into_any(), cells.collect())
    });
    filled(head, rows.collect())
}

fn row(name: AnyView, cells: Vec<String>) -> AnyView {
    let cells = cells.into_iter().map(|cell| view! { <td>{cell}</td> }.into_any()).collect::<Vec<_>>();
    view! {
        <tr>
            <th scope="row">{name}</th>
            {cells}
        </tr>
    }
    .into_any()
}

/// What scrolls by itself where it is wider than the window.
fn scroll(name: &'static str, table: AnyView) -> AnyView {
    view! {
        <div class="scroll" role="region" tabindex="0" aria-label=name>
            {table}
        </div>
    }
    .into_any()
}

fn filled(head: Vec<String>, rows: Vec<AnyView>) -> AnyView {
    let head = head.into_iter().map(|cell| view! { <th scope="col">{cell}</th> }.into_any()).collect::<Vec<_>>();
    view! {
        <table>
            <thead>
                <tr>{head}</tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}
