//! What is kept of the reader: see it, change it, take it along, delete it.

use leptos::prelude::*;
use stimmwerk_core::ids::ProcessId;

use super::super::parts::{hidden, icon, icons};
use crate::address::ForumPlace;
use crate::cx::Cx;
use crate::data::Me;
use crate::view::{AnyView, IntoAny, still};

/// Where these forms go.
const ME: &str = "/api/v1/me";

/// The panel under the list.
pub fn me(cx: Cx, me: &Me, process: ProcessId, place: ForumPlace) -> AnyView {
    still(|| {
        let words = cx.words;
        let name = cx
            .refused_by(ME)
            .and_then(|refused| refused.fields.get("name").cloned())
            .or_else(|| me.name.clone())
            .unwrap_or_default();
        let back = me.guest.then(|| {
            let mut href = String::from("/welcome/");
            href.push_str(&process.to_string());
            view! {
                <a class="button" href=href>
                    {icon(icons::KEY)}
                    {words.me_back()}
                </a>
            }
        });
        view! {
        <details class="panel me" id="me">
            <summary>
                {icon(icons::PEOPLE)}
                {words.me_title()}
            </summary>
            <form method="post" action=ME>
                {hidden("_method", "PATCH".to_owned())}
                {hidden("process", process.to_string())}
                {hidden("next", place.href())}
                <label for="my-name">{words.me_name()}</label>
                <div class="line">
                    <input id="my-name" name="name" type="text" maxlength="80" dir="auto" autocomplete="nickname" value=name />
                    <button>{words.write_save()}</button>
                </div>
            </form>
            <p class="line">
                {back}
                <a class="button" href="/api/v1/me/export" download>
                    {icon(icons::DOWN)}
                    {words.me_export()}
                </a>
            </p>
            <form class="done" method="post" action="/api/v1/logout">
                <p class="hint">
                    {words.me_logout_means()}
                    {me.guest.then(|| view! { " " {words.me_logout_back()} })}
                </p>
                {hidden("next", "/".to_owned())}
                <button>
                    {icon(icons::DOOR)}
                    {words.me_logout()}
                </button>
            </form>
            <details class="sure">
                <summary class="danger">
                    {icon(icons::DELETE)}
                    {words.me_delete()}
                </summary>
                <form method="post" action=ME>
                    <p>{words.me_delete_means()}</p>
                    <p>{words.me_delete_limits()}</p>
                    {hidden("_method", "DELETE".to_owned())}
                    {hidden("next", "/".to_owned())}
                    <button class="danger">{words.me_delete_yes()}</button>
                </form>
            </details>
        </details>
    }
    .into_any()
    })
}
