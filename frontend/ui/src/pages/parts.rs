//! What several pages are made of.

use std::hash::{DefaultHasher, Hash, Hasher};

use leptos::prelude::*;
use stimmwerk_core::links::{Link, Piece, pieces};
use stimmwerk_core::people::Role;
use stimmwerk_core::said::Texts;

use crate::cx::Cx;
use crate::data::Refused;
use crate::view::{AnyView, IntoAny, still};
use crate::words::{LANGUAGES, Words, autonym};

/// A text in several languages for this reader. One that is not translated says which language it is in.
pub fn texts(words: Words, texts: &Texts) -> AnyView {
    let (text, other) = words.pick(texts);
    let label = other.map(|lang| {
        let label = words.site_untranslated(autonym(lang.as_str()));
        view! { " " <small class="other-language">{label}</small> }
    });
    view! {
        <span lang=other.map(|lang| lang.as_str().to_owned()) dir="auto">{text.to_owned()}</span>
        {label}
    }
    .into_any()
}

/// One of many short ones. Which language it is in is said to screen readers alone: seen, it would stand there again and
/// again.
pub fn short(words: Words, texts: &Texts) -> AnyView {
    let (text, other) = words.pick(texts);
    view! { <span lang=other.map(|lang| lang.as_str().to_owned()) dir="auto">{text.to_owned()}</span> }.into_any()
}

/// Words as somebody typed them, to stand in an element of the class `plain-text`. Addresses can be pressed; behind one
/// that does not show where it leads stands the host.
pub fn typed(text: &str, links: &[Link]) -> Vec<AnyView> {
    let piece = |piece: Piece<'_>| match piece {
        Piece::Words(words) => words.to_owned().into_any(),
        Piece::Address(typed, link) => {
            let host = link.host.as_ref().map(|host| {
                view! {
                    " "
                    <span class="host" dir="ltr">
                        "("
                        {host.clone()}
                        ")"
                    </span>
                }
            });
            view! {
                <a href=link.href.clone() rel="nofollow ugc noreferrer" target="_blank" dir="ltr">
                    {typed.to_owned()}
                </a>
                {host}
            }
            .into_any()
        }
    };
    pieces(text, links).into_iter().map(piece).collect()
}

/// A digest of what a row shows: what keys of lists need to notice a change.
pub fn digest(shown: &(impl Hash + ?Sized)) -> u64 {
    let mut hash = DefaultHasher::new();
    shown.hash(&mut hash);
    hash.finish()
}

/// A row of any list: the digest of its key, and how it is drawn.
struct Entry {
    key: u64,
    draw: Box<dyn FnOnce() -> AnyView + Send>,
}

/// A list whose rows stay while their keys do.
pub fn each<T, I, K>(
    items: impl Fn() -> I + Send + 'static,
    key: impl Fn(&T) -> K + Send + 'static,
    draw: impl Fn(T) -> AnyView + Clone + Send + 'static,
) -> AnyView
where
    T: Send + 'static,
    I: IntoIterator<Item = T>,
    K: Hash,
{
    entries(Box::new(move || {
        let entry = |item: T| {
            let (key, draw) = (digest(&key(&item)), draw.clone());
            Entry { key, draw: Box::new(move || draw(item)) }
        };
        items().into_iter().map(entry).collect()
    }))
}

/// One type for all lists: what keeps one in order is much, and would else be there once for each.
fn entries(entries: Box<dyn Fn() -> Vec<Entry> + Send>) -> AnyView {
    view! {
        <For each=entries key=|entry| entry.key let(entry)>
            {(entry.draw)()}
        </For>
    }
    .into_any()
}

/// A sentence that changes. It is replaced with its element, never inside it: page translators wrap the words of an
/// element, and what is written into a wrapped text is not seen.
pub fn sentence(text: Signal<String>) -> AnyView {
    each(move || [text.get()], digest, |text| view! { <span>{text}</span> }.into_any())
}

/// A picture beside a word, from the sprite of the document.
pub fn icon(markup: &'static str) -> AnyView {
    view! { <span class="icon" aria-hidden="true" inner_html=markup /> }.into_any()
}

/// The pictures, by what they mean.
pub mod icons {
    macro_rules! icons {
        ($($name:ident = $id:literal $($class:literal)?;)*) => {
            $(pub const $name: &str = concat!("<svg", $(" class=\"", $class, "\"",)? "><use href=\"#i-", $id, "\"/></svg>");)*
        };
    }
    // What points along the line is turned round where lines run from right to left.
    icons! {
        SUPPORT = "heart";
        REPLY = "reply" "turn";
        EDIT = "edit";
        DELETE = "bin";
        WAIT = "clock";
        HIDDEN = "eye-off";
        DOWN = "down";
        UP = "up";
        PAUSE = "pause";
        PEOPLE = "people";
        STAFF = "shield";
        TALK = "talk";
        WARN = "warn";
        SEND = "send" "turn";
        MORE = "more";
        REPORT = "flag";
        SEARCH = "search";
        ADD = "plus";
        GO = "go" "turn";
        KEY = "key";
        DOOR = "door" "turn";
        BACK = "back" "turn";
        CHECK = "check";
        LESS = "minus";
    }
    #[cfg(feature = "ssr")]
    icons! {
        PHOTO = "camera";
        GLOBE = "globe";
    }
    icons! {
        OPEN = "play";
        SLOW = "clock";
        LOCK = "pause";
        CLOSE = "stop";
        SHOW = "screen";
    }
}

/// A hidden field.
pub fn hidden(name: &'static str, value: String) -> AnyView {
    view! { <input type="hidden" name=name value=value /> }.into_any()
}

/// The language of what is written: as it was sent, or as the page is.
pub fn language_select(words: Words, id: &'static str, sent: Option<String>) -> AnyView {
    still(move || {
        let lang = sent.unwrap_or_else(|| words.lang().to_owned());
        let one = |one: &&'static str| view! { <option value=*one selected=lang == *one>{autonym(one)}</option> };
        view! {
            <select id=id name="lang">
                {LANGUAGES.iter().map(one).collect_view()}
                <option value="" selected=lang.is_empty()>
                    {words.write_language_other()}
                </option>
            </select>
        }
        .into_any()
    })
}

/// Why something was not taken: the title of a problem.
pub fn problem(words: Words, title: &str) -> AnyView {
    let title = if title.is_empty() { words.site_failed() } else { title }.to_owned();
    view! {
        <div class="problem" role="alert">
            {icon(icons::WARN)} <p>{title}</p>
        </div>
    }
    .into_any()
}

/// The refusal of a form that has no text to keep, at the top of the page.
pub fn refusal(cx: Cx, elsewhere: impl Fn(&Refused) -> bool) -> Option<AnyView> {
    let refused = cx.refused.get_value().filter(|refused| !elsewhere(refused))?;
    refused.problem.map(|refused| problem(cx.words, &refused.title))
}

/// A button that sends a form as Enter does. The first button of a form answers to Enter: where the choice of language
/// stands before the form it belongs to, this one comes before it.
#[cfg(feature = "ssr")]
pub fn default_button(form: &str) -> String {
    format!("<button class=\"sr\" form=\"{form}\" data-enter tabindex=\"-1\" aria-hidden=\"true\"></button>")
}

/// The choice of language for a form beside the one the page has for it: what is typed in it comes along. For who has no
/// scripts; otherwise they keep what is typed.
pub fn languages_of(cx: Cx, action: &str) -> AnyView {
    #[cfg(feature = "ssr")]
    {
        use std::fmt::Write;
        let to = cx.path.with_value(|path| crate::address::in_language(action, path));
        let to = to.replace('&', "&amp;");
        let mut html = String::new();
        for lang in LANGUAGES.iter().filter(|lang| **lang != cx.words.lang()) {
            let _ = write!(
                html,
                "<button class=\"quiet\" formaction=\"{to}\" formnovalidate name=\"interface\" value=\"{lang}\" lang=\"{lang}\" dir=\"{}\">{}</button>",
                crate::words::direction(lang),
                autonym(lang),
            );
        }
        view! { <noscript class="line" inner_html=html></noscript> }.into_any()
    }
    // Not a part that only the server draws: the form it stands in comes while the page lives, too.
    #[cfg(not(feature = "ssr"))]
    {
        let _ = (cx, action);
        view! { <noscript></noscript> }.into_any()
    }
}

/// A role as its badge says it.
pub fn role(words: Words, role: Role) -> &'static str {
    match role {
        Role::Moderator => words.role_moderator(),
        Role::Facilitator => words.role_facilitator(),
        Role::Editor => words.role_editor(),
        Role::Advisor => words.role_advisor(),
        Role::Admin => words.role_admin(),
    }
}

/// A state as a badge: its word, with a dot whose shape differs too.
pub fn state(words: Words, state: &str) -> AnyView {
    let (class, word) = match state {
        "slow" => ("badge slow", words.state_slow()),
        "locked" => ("badge locked", words.state_locked()),
        "closed" => ("badge closed", words.state_closed()),
        _ => ("badge open", words.state_open()),
    };
    view! { <span class=class>{word}</span> }.into_any()
}

/// A text for `inner_html` of a text area, whose content is text up to its end tag: an empty one must stay empty, and
/// hydration puts markers where a child could be.
pub fn area_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 8);
    // The first line break of a text area is not part of its text.
    if text.starts_with('\n') {
        html.push('\n');
    }
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            _ => html.push(c),
        }
    }
    html
}
