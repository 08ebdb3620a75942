//! Searching and sorting: one form, and what was found.

use leptos::prelude::*;
use stimmwerk_core::forum::{ContributionView, Sort, TopicView};
use stimmwerk_core::ids::TopicId;
use stimmwerk_core::live::PAGE;

use super::cards::{Use, card, way_back};
use super::parts::{hidden, icon, icons, refusal};
use super::place::Place;
use crate::cx::Cx;
use crate::page::{Document, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{DocumentWords, Words};

/// `/f/{forum}/list`: searched and sorted. It stands still.
#[derive(Clone, Debug, PartialEq)]
pub struct ListPage {
    /// The forum.
    pub place: Place,
    /// The order: `newest`, `supported` or `unanswered` (field `sort`).
    pub sort: String,
    /// What was looked for (field `q`).
    pub words: String,
    /// Only this topic (field `topic`).
    pub topic: Option<TopicId>,
    /// What was found, at most one page.
    pub found: Vec<ContributionView>,
    /// How many there are, on all pages.
    pub total: usize,
    /// How many stand on the pages before (field `after`).
    pub after: usize,
}

impl Document for ListPage {
    fn title(&self, reader: Reader<'_>) -> String {
        let words = Words::of(reader.lang);
        format!("{} – {}", words.forum_search(), words.pick(&self.place.forum.title).0)
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        list(cx, DocumentWords::of(reader.lang), self.clone())
    }
}

fn list(cx: Cx, words: DocumentWords, page: ListPage) -> AnyView {
    let orders = Sort::ALL.map(|sort| {
        let word = match sort {
            Sort::Newest => words.list_newest(),
            Sort::Supported => words.list_supported(),
            Sort::Unanswered => words.list_unanswered(),
        };
        view! { <option value=sort.as_str() selected=page.sort == sort.as_str()>{word}</option> }
    });
    let one = |topic: &TopicView| {
        let selected = page.topic == Some(topic.id);
        view! { <option value=topic.id.to_string() selected=selected>{cx.words.pick(&topic.title).0.to_owned()}</option> }
    };
    let topics = (!page.place.topics.is_empty()).then(|| {
        view! {
            <div class="field">
                <label for="topic">{cx.words.write_topic()}</label>
                <select id="topic" name="topic">
                    <option value="">{cx.words.forum_topics_all()}</option>
                    {page.place.topics.iter().map(one).collect_view()}
                </select>
            </div>
        }
    });
    let found =
        page.found.iter().map(|one| view! { <li>{card(cx, &page.place, one, Use::Listed)}</li> }).collect_view();
    let count = if page.total == 0 { words.list_none().to_owned() } else { words.list_found(page.total as u32) };
    let shown = page.after + page.found.len();
    let range = (page.total > page.found.len() && !page.found.is_empty())
        .then(|| view! { <p>{words.list_range(&(page.after + 1).to_string(), &shown.to_string())}</p> });
    // The same question, from another place on.
    let to = |after: usize, word: &'static str| {
        view! {
            <form method="get" action=format!("/f/{}/list#found", page.place.forum.id)>
                {hidden("q", page.words.clone())}
                {hidden("sort", page.sort.clone())}
                {hidden("topic", page.topic.map_or(String::new(), |topic| topic.to_string()))}
                {hidden("after", after.to_string())}
                <button>{word}</button>
            </form>
        }
    };
    let before = (page.after > 0).then(|| to(page.after.saturating_sub(PAGE), words.list_before()));
    let more = (shown < page.total && !page.found.is_empty()).then(|| to(shown, words.list_more()));
    view! {
        <div class="reading">
            {way_back(cx, words, &page.place.forum)}
            <h1>{cx.words.forum_search()}</h1>
            {refusal(cx, |_| false)}
            <form class="panel search" method="get" action=format!("/f/{}/list", page.place.forum.id) role="search">
                <div class="field words">
                    <label for="q">{words.list_words()}</label>
                    <input id="q" name="q" type="search" maxlength="200" dir="auto" value=page.words.clone() />
                </div>
                <div class="field">
                    <label for="sort">{words.list_sort()}</label>
                    <select id="sort" name="sort">
                        {orders.into_iter().collect_view()}
                    </select>
                </div>
                {topics}
                <button class="main">
                    {icon(icons::SEARCH)}
                    {words.list_go()}
                </button>
            </form>
            <section class="list" aria-labelledby="found">
                <h2 id="found">{count}</h2>
                {range}
                <ol>{found}</ol>
                <div class="line">{before} {more}</div>
            </section>
        </div>
    }
    .into_any()
}
