//! Question and result on paper: every language for those who translate, and all that has to stand beside a result.

use leptos::prelude::*;
use stimmwerk_core::poll::PollView;
use stimmwerk_core::poll::Question;
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::tally::Method;
use stimmwerk_core::time::Timestamp;

use super::super::charts::{self, Charted};
use super::super::parts::{icon, icons};
use super::draft::page as address_of;
use super::parts::{Shown, facts, moment, option, question, turnout};
use super::title_of;
use crate::cx::Cx;
use crate::page::{Document, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{DocumentWords, PollWords, Words, autonym, direction};

/// `/p/{poll}/print`: question and result on paper, for those who translate and for those who keep it.
#[derive(Clone, Debug, PartialEq)]
pub struct PollPrint {
    /// What the reader sees.
    pub view: PollView,
    /// The first 16 characters of the head of the poll's log.
    pub head: String,
    /// The clock when the page was made.
    pub now: Timestamp,
}

impl Document for PollPrint {
    fn title(&self, reader: Reader<'_>) -> String {
        title_of(Words::of(reader.lang), &self.view).to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        print(cx, PollWords::of(reader.lang), DocumentWords::of(reader.lang), self.clone())
    }
}

fn print(cx: Cx, words: PollWords, document: DocumentWords, page: PollPrint) -> AnyView {
    let shown = Shown::still(cx, words, &page.view, page.now);
    let Some(poll) = page.view.poll.clone() else { return ().into_any() };
    let result = match Charted::of(&page.view) {
        Some(charted) => view! {
            {charts::picture(cx, words, &charted)}
            {charts::tables(cx, words, &charted)}
        }
        .into_any(),
        None => view! { <p>{document.print_no_result()}</p> }.into_any(),
    };
    let began = poll.opened_at.map(|at| document.print_began(&moment(cx, at, None)));
    let facts =
        facts(cx, words, &poll, None).into_iter().chain(began).map(|line| view! { <li>{line}</li> }).collect_view();
    let ranked = poll.question.method == Method::Ranking;
    let download = |format: &str| format!("/api/v1/polls/{}/result?format={format}", poll.id);
    let pairs = ranked.then(|| download("csv-pairs"));
    view! {
        <div class="staff-page poll-print">
            <p class="way-back no-print">
                <a href=address_of(poll.id)>{icon(icons::BACK)} <span>{document.print_back()}</span></a>
            </p>
            {question(shown)}
            {turnout(shown)}
            <section class="panel" aria-labelledby="rules">
                <h2 id="rules">{words.know_title()}</h2>
                <ul class="facts-list">{facts}</ul>
            </section>
            <section class="panel result" aria-labelledby="result">
                <h2 id="result">{words.result_title()}</h2>
                {result}
            </section>
            <section class="panel languages-all" aria-labelledby="languages">
                <h2 id="languages">{document.print_languages()}</h2>
                {languages(cx, words, document, &poll.question)}
            </section>
            {keep(document, &page.head, download("csv"), pairs, download("json"))}
        </div>
    }
    .into_any()
}

/// The question in each of its languages, the original first.
fn languages(cx: Cx, words: PollWords, document: DocumentWords, question: &Question) -> AnyView {
    let source = &question.title.source;
    let mut langs: Vec<&Lang> = question.title.texts.keys().collect();
    langs.sort_by_key(|lang| (*lang != source, lang.as_str().to_owned()));
    let one = |lang: &Lang| {
        let tag = lang.as_str().to_owned();
        let said = |texts: &Texts| texts.pick(&tag).0.to_owned();
        let note = question.note.as_ref().map(|note| view! { <p>{said(note)}</p> });
        let options = question.options.iter().map(|option| view! { <li>{said(option)}</li> }).collect_view();
        let ends = question.ends.as_ref().map(|[low, high]| {
            view! { <p>"1: " {said(low)} " · " {steps(question)} ": " {said(high)}</p> }
        });
        let original = (lang == source).then(|| view! { <span class="badge round">{document.print_original()}</span> });
        let dir = direction(&tag);
        view! {
            <article class="in-language">
                <p class="kicker">{autonym(&tag).to_owned()} " " {original}</p>
                <div lang=tag.clone() dir=dir>
                    <h3>{said(&question.title)}</h3>
                    {note}
                    <ol>{options}</ol>
                    {ends}
                </div>
            </article>
        }
    };
    let all = langs.into_iter().map(one).collect_view();
    // Options that are not listed are in the reader's language alone: the interface says them.
    let unlisted = match question.method {
        Method::YesNo => 0..3,
        Method::Resistance => question.options.len()..question.options.len() + 1,
        _ => 0..0,
    };
    let rows = unlisted.clone().map(|at| view! { <li>{option(cx, words, question, at)}</li> }).collect_view();
    let rest = (!unlisted.is_empty())
        .then(|| view! { <p class="kicker">{document.print_options()}</p> <ul class="plain">{rows}</ul> });
    view! {
        <div class="languages-list">{all} {rest}</div>
    }
    .into_any()
}

fn steps(question: &Question) -> String {
    match question.method {
        Method::Scale { steps } => steps.to_string(),
        _ => String::new(),
    }
}

/// The seal, and what can be taken home.
fn keep(document: DocumentWords, head: &str, csv: String, pairs: Option<String>, json: String) -> AnyView {
    let pairs = pairs.map(|pairs| {
        view! {
            <a class="button" href=pairs>
                {icon(icons::DOWN)}
                {document.print_csv_pairs()}
            </a>
        }
    });
    view! {
        <section class="panel keep" aria-labelledby="keep">
            <h2 id="keep">{document.print_take()}</h2>
            <p>
                {document.print_head()} " "
                <code dir="ltr" translate="no">
                    {head.to_owned()}
                </code>
            </p>
            <p class="hint">{document.print_head_means()}</p>
            <p class="line no-print">
                <a class="button" href=csv>
                    {icon(icons::DOWN)}
                    {document.print_csv()}
                </a>
                {pairs}
                <a class="button" href=json>
                    {icon(icons::DOWN)}
                    {document.print_json()}
                </a>
            </p>
        </section>
    }
    .into_any()
}
