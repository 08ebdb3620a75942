//! One contribution with what it answers and what answers it.

use leptos::prelude::*;
use stimmwerk_core::forum::ContributionView;
use stimmwerk_core::ids::ContributionId;

use super::cards::{Use, card, may_write, way_back};
use super::forum::writer_name;
use super::parts::{area_html, hidden, icon, icons, language_select, problem, refusal};
use super::place::Place;
use crate::address;
use crate::cx::Cx;
use crate::page::{Document, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{DocumentWords, Words};

/// `/f/{forum}/c/{contribution}`: a contribution with what it answers and what answers it.
#[derive(Clone, Debug, PartialEq)]
pub struct ThreadPage {
    /// The forum.
    pub place: Place,
    /// The contribution the page is about.
    pub this: ContributionId,
    /// What it answers, itself, and what answers it, oldest first. What was hidden keeps its place.
    pub thread: Vec<ContributionView>,
}

impl Document for ThreadPage {
    fn title(&self, reader: Reader<'_>) -> String {
        Words::of(reader.lang).pick(&self.place.forum.title).0.to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        thread(cx, DocumentWords::of(reader.lang), self.clone())
    }
}

fn thread(cx: Cx, words: DocumentWords, page: ThreadPage) -> AnyView {
    let ThreadPage { place, this, thread } = page;
    let middle = thread.iter().position(|one| one.id == this).unwrap_or_default();
    let (before, rest) = thread.split_at(middle);
    let (this_one, replies) = rest.split_first().map_or((None, rest), |(one, replies)| (Some(one), replies));
    let title = this_one.map_or(String::new(), |one| words.thread_title(&writer_name(cx.words, one, &place.people)));
    let before = before.iter().map(|one| card(cx, &place, one, Use::Listed)).collect_view();
    let action = address::api(place.forum.id, "/contributions");
    let elsewhere = action.clone();
    let shown_replies = (!replies.is_empty()).then(|| {
        let cards = replies.iter().map(|one| view! { <li>{card(cx, &place, one, Use::Answer)}</li> }).collect_view();
        view! {
            <section class="list replies-list" aria-labelledby="replies">
                <h2 id="replies">{cx.words.item_replies(replies.len() as u32)}</h2>
                <ol>{cards}</ol>
            </section>
        }
    });
    // What was just sent and is read first: nobody should wonder where it is.
    let waiting = place.own.iter().flat_map(|own| &own.waiting).filter(|one| one.reply_to == Some(this));
    let waiting = waiting
        .map(|one| {
            view! {
                <li class="panel waiting">
                    <h2>
                        {icon(icons::WAIT)}
                        {cx.words.own_waiting()}
                    </h2>
                    <p class="plain-text" dir="auto">
                        {one.text.to_string()}
                    </p>
                    <p class="hint">{cx.words.own_waiting_means()}</p>
                </li>
            }
        })
        .collect::<Vec<_>>();
    let waiting = (!waiting.is_empty()).then(|| view! { <ul class="own">{waiting}</ul> });
    let open = this_one.is_some_and(|one| one.hidden.is_none() && !one.waits);
    view! {
        <div class="reading thread">
            {way_back(cx, words, &place.forum)}
            <h1>{title}</h1>
            {refusal(cx, move |refused| refused.action == elsewhere)}
            {before}
            {this_one.map(|one| card(cx, &place, one, Use::This))}
            {shown_replies}
            {waiting}
            {(open && may_write(&place)).then(|| answer(cx, &place, this, action))}
        </div>
    }
    .into_any()
}

/// The form of an answer.
fn answer(cx: Cx, place: &Place, this: ContributionId, action: String) -> AnyView {
    let words = cx.words;
    let refused = cx.refused_by(&action);
    let kept = |name: &str| refused.as_ref().and_then(|refused| refused.fields.get(name).cloned());
    let why = refused.as_ref().and_then(|refused| refused.problem.as_ref());
    let why = why.map(|refused| problem(words, &refused.title));
    view! {
        <form id="write" class="panel composer" method="post" action=action data-typed>
            <h2>
                <label for="text">{words.write_reply()}</label>
            </h2>
            <div id="text-problem">{why}</div>
            <textarea
                id="text"
                name="text"
                rows="3"
                required
                dir="auto"
                aria-describedby="text-problem text-hint"
                inner_html=area_html(&kept("text").unwrap_or_default())
            ></textarea>
            <p class="hint" id="text-hint">
                {words.write_hint()}
            </p>
            {hidden("idempotency_key", place.idempotency_key.to_string())}
            {hidden("reply_to", this.to_string())}
            {hidden("next", cx.path.get_value())}
            <div class="choices">
                <div class="choice">
                    <label for="lang">{words.write_language()}</label>
                    {language_select(words, "lang", kept("lang"))}
                </div>
            </div>
            <p class="line ends">
                <button class="main">
                    {icon(icons::SEND)}
                    {words.write_send()}
                </button>
            </p>
        </form>
    }
    .into_any()
}
