//! A contribution on a page that stands still: the same card as on the live one, with plain links and forms.

use leptos::prelude::*;
use stimmwerk_core::forum::{ContributionView, EDIT_WINDOW_MS, Header, MAX_ADDITIONS, Mode};
use stimmwerk_core::ids::ContributionId;

use super::forum::{additions, hall_note, kept_place, text, writer};
use super::parts::{hidden, icon, icons, short, texts};
use super::place::Place;
use crate::address::{self, ForumPlace, Writing};
use crate::clock;
use crate::cx::Cx;
use crate::view::{AnyView, IntoAny};
use crate::words::DocumentWords;

/// What a card is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// One of many.
    Listed,
    /// One of those that answer the one the page is about.
    Answer,
    /// The one the page is about.
    This,
    /// To be looked at only.
    Shown,
}

impl Use {
    /// Has it a page of its own to lead to?
    fn leads(self) -> bool {
        matches!(self, Self::Listed | Self::Answer)
    }
}

/// May the reader write now?
pub fn may_write(place: &Place) -> bool {
    place.own.is_some() && Writing::New.fits(place.forum.mode, place.moderates)
}

/// The way back into the conversation.
pub fn way_back(cx: Cx, words: DocumentWords, forum: &Header) -> AnyView {
    let href = ForumPlace { forum: forum.id, moderation: false, topic: None, before: None }.href();
    view! {
        <p class="way-back">
            <a href=href>
                {icon(icons::BACK)}
                <span>
                    <span class="sr">{words.thread_back()} ": "</span>
                    {texts(cx.words, &forum.title)}
                </span>
            </a>
        </p>
    }
    .into_any()
}

/// The card of a contribution.
pub fn card(cx: Cx, place: &Place, one: &ContributionView, what: Use) -> AnyView {
    let words = cx.words;
    if let Some(kept) = kept_place(words, one) {
        return view! { <div id=address::anchor(one.id) class="item hidden-place"><article>{kept}</article></div> }
            .into_any();
    }
    let mine = place.own.as_ref().is_some_and(|own| own.mine.contains(&one.id));
    let when = cx.zone.with_value(|zone| clock::moment(words, zone, one.at, Some(clock::day(zone, place.now))));
    let topic = one.topic.and_then(|topic| place.topics.iter().find(|have| have.id == topic));
    let topic = topic.map(|topic| view! { <span class="topic">{short(words, &topic.title)}</span> });
    let edited = one.edited.then(|| view! { <span class="edited">{words.item_edited()}</span> });
    let seen = one.hidden.is_none() && !one.waits;
    let note = (!seen).then(|| {
        let word = if one.waits { words.own_waiting() } else { words.item_hidden() };
        view! { <p class="hidden-note">{icon(icons::HIDDEN)} {word}</p> }
    });
    let reply = (one.reply_to.is_some() && what == Use::Listed).then(|| {
        view! {
            <p class="reply-to">
                {icon(icons::REPLY)}
                <a href=address::thread(place.forum.id, one.id)>{words.item_reply_to_other()}</a>
            </p>
        }
    });
    let acting = seen && what != Use::Shown;
    view! {
        <div id=address::anchor(one.id) class="item" class:mine=mine class:this=what == Use::This>
            <article>
                <header>
                    <p class="by">
                        {writer(words, one, &place.people)}
                        {mine.then(|| view! { <span class="badge mine">{words.item_mine()}</span> })}
                    </p>
                    <p class="meta">
                        <span class="when">
                            <time datetime=clock::iso(one.at) translate="no">
                                {when}
                            </time>
                            {edited}
                        </span>
                        {topic}
                    </p>
                    {acting.then(|| menu(cx, place, one, mine, what))}
                </header>
                {reply}
                {text(one)}
                {additions(cx, one, place.now)}
                {hall_note(words, one)}
                {note}
                {acting.then(|| acts(cx, place, one, mine, what))}
            </article>
        </div>
    }
    .into_any()
}

fn menu(cx: Cx, place: &Place, one: &ContributionView, mine: bool, what: Use) -> AnyView {
    let words = cx.words;
    let thread = address::thread(place.forum.id, one.id);
    let open = what.leads().then(|| {
        view! {
            <a href=thread.clone()>
                {icon(icons::TALK)}
                {words.item_open()}
            </a>
        }
    });
    let rest = if mine {
        own_menu(cx, place, one)
    } else {
        view! {
            <a href=format!("{thread}/report")>
                {icon(icons::REPORT)}
                {words.item_report()}
            </a>
        }
        .into_any()
    };
    view! {
        <details class="menu">
            <summary>
                {icon(icons::MORE)}
                {words.item_more()}
            </summary>
            <div class="menu-list">{open} {rest}</div>
        </details>
    }
    .into_any()
}

fn own_menu(cx: Cx, place: &Place, one: &ContributionView) -> AnyView {
    let words = cx.words;
    // The text field is on the live page; this address has the contribution in its window.
    let there = ForumPlace { forum: place.forum.id, moderation: false, topic: None, before: Some(one.position + 1) };
    let to = |writing| format!("{}#write", there.href_writing(writing));
    let in_time = place.now <= one.at.plus_ms(EDIT_WINDOW_MS);
    let fits = Writing::Edit(one.id).fits(place.forum.mode, place.moderates);
    let editable = in_time && fits && one.support == 0 && one.replies == 0;
    let change = if editable {
        Some(view! { <a href=to(Writing::Edit(one.id))>{icon(icons::EDIT)} {words.item_edit()}</a> })
    } else if may_write(place) && one.additions.len() < MAX_ADDITIONS {
        Some(view! { <a href=to(Writing::Add(one.id))>{icon(icons::ADD)} {words.item_add()}</a> })
    } else {
        None
    };
    let forum = ForumPlace { before: None, ..there }.href();
    view! {
        {change}
        <details class="sure">
            <summary>
                {icon(icons::DELETE)}
                {words.item_withdraw()}
            </summary>
            <form method="post" action=address::api_of(place.forum.id, one.id, "")>
                <p>{words.item_withdraw_sure()}</p>
                {hidden("_method", "DELETE".to_owned())}
                {hidden("next", forum)}
                <button class="danger">{words.item_withdraw_yes()}</button>
            </form>
        </details>
    }
    .into_any()
}

fn acts(cx: Cx, place: &Place, one: &ContributionView, mine: bool, what: Use) -> AnyView {
    let words = cx.words;
    let thread = address::thread(place.forum.id, one.id);
    let number = (one.support > 0).then(|| {
        view! {
            <span class="number" translate="no" aria-hidden="true">
                {one.support}
            </span>
            <span class="sr">{words.item_supports(one.support)}</span>
        }
    });
    let supporting = place.own.as_ref().filter(|_| !mine && place.forum.mode != Mode::Closed);
    let support = match supporting {
        Some(own) => {
            let pressed = own.supported.contains(&one.id);
            let form = view! {
                <form method="post" action=address::api_of(place.forum.id, one.id, "/support")>
                    {hidden("_method", if pressed { "DELETE" } else { "POST" }.to_owned())}
                    {hidden("next", here(cx, one.id))}
                    <button class="support" aria-pressed=if pressed { "true" } else { "false" }>
                        {icon(icons::SUPPORT)}
                        {words.item_support()}
                        {number}
                    </button>
                </form>
            };
            Some(form.into_any())
        }
        None => number.map(|number| view! { <span class="count">{icon(icons::SUPPORT)} {number}</span> }.into_any()),
    };
    // The form for it stands on the page of the contribution.
    let reply = (may_write(place) && (!mine || what == Use::This)).then(|| {
        let here = if what == Use::This { "" } else { &thread };
        view! {
            <a class="button reply" href=format!("{here}#write")>
                {icon(icons::REPLY)}
                {words.item_reply()}
            </a>
        }
    });
    let replies = (one.replies > 0 && what.leads()).then(|| {
        view! {
            <a class="replies" href=thread.clone()>
                {words.item_replies(one.replies)}
                {icon(icons::GO)}
            </a>
        }
    });
    let bare = supporting.is_none() && one.support == 0 && replies.is_none() && reply.is_none();
    view! { <footer class="acts bar" hidden=bare>{support} {reply} {replies}</footer> }.into_any()
}

/// This page again, at a card.
fn here(cx: Cx, id: ContributionId) -> String {
    format!("{}#{}", cx.path.get_value(), address::anchor(id))
}
