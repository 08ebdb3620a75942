//! Pointing the moderators to something. It asks little, and works for everyone who can read.

use leptos::prelude::*;
use stimmwerk_core::forum::{ContributionView, ReportReason, Reported};

use super::cards::{Use, card, way_back};
use super::parts::{area_html, hidden, icon, icons, refusal};
use super::place::Place;
use crate::address;
use crate::command::wire;
use crate::cx::Cx;
use crate::page::{Document, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// Where the form goes.
const ACTION: &str = "/api/v1/notices";

/// `/f/{forum}/c/{contribution}/report`: pointing the moderators to something, or that it was done.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportPage {
    /// The forum.
    pub place: Place,
    /// What is to be reported. The form goes to `POST /api/v1/notices`, fields `forum`, `contribution`, `what` (`text`
    /// or `name`), `reason` (`insult`, `private_data`, `spam`, `other`) and `text`; with `next` this page and `?sent=1`.
    pub contribution: ContributionView,
    /// It was sent.
    pub sent: bool,
}

impl Document for ReportPage {
    fn title(&self, reader: Reader<'_>) -> String {
        let words = DocumentWords::of(reader.lang);
        if self.sent { words.report_thanks() } else { words.report_title() }.to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        report(cx, DocumentWords::of(reader.lang), self.clone())
    }
}

fn report(cx: Cx, words: DocumentWords, page: ReportPage) -> AnyView {
    let ReportPage { place, contribution, sent } = page;
    let refused = cx.refused.get_value();
    let back = way_back(cx, words, &place.forum);
    // A refused form comes back to the address it would have gone on to.
    if sent && refused.is_none() {
        return view! {
            <div class="narrow">
                {back}
                <div class="panel thanks" role="status">
                    <h1>
                        {icon(icons::STAFF)}
                        {words.report_thanks()}
                    </h1>
                    <p>{words.report_thanks_means()}</p>
                </div>
                <p>
                    <a class="button main" href=format!("/f/{}", place.forum.id)>
                        {words.thread_back()}
                    </a>
                </p>
            </div>
        }
        .into_any();
    }
    let kept = |name: &str| refused.as_ref().and_then(|refused| refused.fields.get(name).cloned()).unwrap_or_default();
    let (what, reason) = (kept("what"), kept("reason"));
    let reasons = ReportReason::ALL.map(|one| {
        let word = match one {
            ReportReason::Insult => words.report_insult(),
            ReportReason::PrivateData => words.report_private_data(),
            ReportReason::Spam => words.report_spam(),
            ReportReason::Other => words.report_other(),
        };
        let value = wire(&one);
        let checked = reason == value;
        radio("reason", value, word, checked)
    });
    // Without a name only the text is left.
    let author = place.people.author(contribution.author);
    let named = author.name.is_some() || contribution.hall.as_ref().is_some_and(|hall| hall.name.is_some());
    let what = if named {
        view! {
            <fieldset>
                <legend>{words.report_what()}</legend>
                {radio("what", wire(&Reported::Text), words.report_what_text(), what != "name")}
                {radio("what", wire(&Reported::Name), words.report_what_name(), what == "name")}
            </fieldset>
        }
        .into_any()
    } else {
        hidden("what", "text".to_owned()).into_any()
    };
    let next = format!("{}/report?sent=1", address::thread(place.forum.id, contribution.id));
    view! {
        <div class="reading">
            {back}
            <h1>{words.report_title()}</h1>
            {card(cx, &place, &contribution, Use::Shown)}
            <form id="typed" class="panel" method="post" action=ACTION data-typed>
                {refusal(cx, |_| false)}
                <p class="quiet-text">{words.report_means()}</p>
                {hidden("forum", place.forum.id.to_string())}
                {hidden("contribution", contribution.id.to_string())}
                {hidden("idempotency_key", place.idempotency_key.to_string())}
                {hidden("next", next)}
                {what}
                <fieldset>
                    <legend>{words.report_reason()}</legend>
                    {reasons.into_iter().collect_view()}
                </fieldset>
                <div class="field">
                    <label for="text">{words.report_text()}</label>
                    <p class="hint" id="text-hint">
                        {words.report_optional()}
                    </p>
                    <textarea
                        id="text"
                        name="text"
                        rows="2"
                        maxlength="600"
                        dir="auto"
                        aria-describedby="text-hint"
                        inner_html=area_html(&kept("text"))
                    ></textarea>
                </div>
                <button class="main wide">
                    {icon(icons::REPORT)}
                    {words.report_go()}
                </button>
            </form>
        </div>
    }
    .into_any()
}

fn radio(name: &'static str, value: String, word: &'static str, checked: bool) -> AnyView {
    view! {
        <label class="radio">
            <input type="radio" name=name value=value checked=checked required />
            <span>{word}</span>
        </label>
    }
    .into_any()
}
