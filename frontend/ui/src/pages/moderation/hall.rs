//! Writing down what somebody says in the hall, so that who has no phone is heard too.

use leptos::prelude::*;
use stimmwerk_core::forum::TopicView;

use super::super::forum::ForumPage;
use super::super::parts::{area_html, hidden, icon, icons, language_select, problem};
use super::Desk;
use crate::address;
use crate::view::{AnyView, IntoAny, still};

/// The field for what was said.
pub const TEXT: &str = "hall-text";

/// The form.
pub fn hall(desk: Desk, page: &ForumPage) -> AnyView {
    let Desk { cx, words, board, place, .. } = desk;
    let action = address::api(place.forum, "/contributions");
    let refused = cx.refused_by(&action);
    let kept = |name: &str| refused.as_ref().and_then(|refused| refused.fields.get(name).cloned());
    let composer = board.composer;
    let first = composer.text.get_untracked();
    let topic = kept("topic").unwrap_or_default();
    let languages = language_select(cx.words, "hall-lang", kept("lang"));
    let topics = page.view.topics.clone();
    let no_topics = topics.is_empty();
    let topics = still(move || {
        let one = |one: &TopicView| {
            let id = one.id.to_string();
            let selected = id == topic;
            view! { <option value=id selected=selected>{cx.words.pick(&one.title).0.to_owned()}</option> }
        };
        view! {
            <select id="hall-topic" name="topic">
                <option value="">{cx.words.write_topic_none()}</option>
                {topics.iter().map(one).collect_view()}
            </select>
        }
        .into_any()
    });
    view! {
        <section class="panel from-hall" aria-labelledby="hall">
            <h2 id="hall" tabindex="-1">
                {words.hall()}
            </h2>
            <form method="post" action=action>
                <div id="hall-problem">
                    {move || composer.problem.get().map(|refused| problem(cx.words, &refused.title))}
                </div>
                <label class="field">
                    {words.hall_text()}
                    <textarea
                        id=TEXT
                        name="text"
                        rows="3"
                        required
                        dir="auto"
                        aria-describedby="hall-problem"
                        inner_html=area_html(&first)
                        prop:value=composer.text
                        on:input=move |event| composer.text.set(event_target_value(&event))
                    ></textarea>
                </label>
                <label class="field">
                    {words.hall_name()}
                    <input
                        type="text"
                        name="hall"
                        maxlength="40"
                        dir="auto"
                        autocomplete="off"
                        value=kept("hall").unwrap_or_default()
                        prop:value=composer.hall
                        on:input=move |event| composer.hall.set(event_target_value(&event))
                    />
                </label>
                {hidden("in_hall", "1".to_owned())}
                {hidden("idempotency_key", page.idempotency_key.to_string())}
                {hidden("next", desk.back_to("hall"))}
                <div class="line">
                    <span class="choice" hidden=no_topics>
                        <label for="hall-topic">{cx.words.write_topic()}</label>
                        {topics}
                    </span>
                    <span class="choice">
                        <label for="hall-lang">{words.hall_lang()}</label>
                        {languages}
                    </span>
                    <button class="main">
                        {icon(icons::SEND)}
                        {words.hall_send()}
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
