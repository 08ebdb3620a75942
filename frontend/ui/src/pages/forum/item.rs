//! One contribution in the list.

use leptos::ev::MouseEvent;
use leptos::prelude::*;
use stimmwerk_core::forum::{
    AdditionView, AuthorView, ContributionView, EDIT_WINDOW_MS, ForumCommand, MAX_ADDITIONS, Mode, People,
};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::time::Timestamp;

use super::super::parts::{digest, each, hidden, icon, icons, role, short, typed};
use super::board::{Board, find};
use super::own::reason;
use crate::address::{self, ForumPlace, Writing};
use crate::clock;
use crate::cx::Cx;
use crate::dom;
use crate::view::{AnyView, IntoAny};
use crate::words::Words;

/// What makes a row another one. Words are never changed within a row: it is replaced as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    id: ContributionId,
    position: u64,
    version: u64,
    /// How high the card was whose place this row keeps, in pixels, if the reader saw it go: so that nothing below moves.
    height: u16,
}

/// The rows of the list: what stands in the window, without what is held back.
pub fn rows(board: Board) -> Memo<Vec<Row>> {
    Memo::new(move |before: Option<&Vec<Row>>| {
        let shown = board.shown.get();
        // Runs before the list is drawn anew: what is about to go can still be measured.
        let height = |one: &ContributionView, version: u64| {
            let was = before?.iter().find(|row| row.id == one.id)?;
            Some(if was.version == version { was.height } else { dom::height(&address::anchor(one.id)) })
        };
        board.view.with(|view| {
            let row = |one: &ContributionView| {
                let version = version(one, &view.people);
                let height = one.is_placeholder().then(|| height(one, version)).flatten().unwrap_or_default();
                Row { id: one.id, position: one.position, version, height }
            };
            view.contributions.iter().filter(|one| one.position <= shown).map(row).collect()
        })
    })
}

/// A digest of all a row shows but its counts.
pub fn version(one: &ContributionView, people: &People) -> u64 {
    let AuthorView { name, number, role, .. } = people.author(one.author);
    let author = (name, number, role.map(|role| role as u8));
    let words = (&one.text, &one.links, one.lang.as_ref().map(stimmwerk_core::said::Lang::as_str), one.edited);
    let additions: Vec<_> = one.additions.iter().map(|addition| &addition.text).collect();
    let hall = one.hall.as_ref().map(|hall| &hall.name);
    let hidden = one.hidden.as_ref().map(|hidden| hidden.reason as u8);
    digest(&(author, words, one.topic, hall, additions, &one.pending, hidden))
}

/// What changes while a row stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Standing {
    support: u32,
    replies: u32,
    supported: bool,
    /// Support given or taken is on its way.
    busy: bool,
    /// It can be answered.
    open: bool,
    change: Change,
}

/// What its author may do with the words of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Change {
    #[default]
    None,
    /// Put others in their place.
    Edit,
    /// Too late for that, but something can be added.
    Add,
}

/// What the reader may do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Look.
    Visitor,
    /// Support and reply.
    Reader,
    /// Change and delete.
    Author,
}

/// A row. Nothing, if it went while the list was being drawn.
pub fn item(cx: Cx, board: Board, place: ForumPlace, row: Row) -> Option<AnyView> {
    let words = cx.words;
    let (one, writer) = board.view.with_untracked(|view| {
        let one = at(&view.contributions, row)?;
        Some((one.clone(), writer(words, one, &view.people)))
    })?;
    let id = one.id;
    if let Some(kept) = kept_place(words, &one) {
        let reply = one.reply_to.map(|parent| reply_line(words, board, parent));
        let mut height = row.height.to_string();
        height.push_str("px");
        let height = Some(height).filter(|_| row.height > 0);
        let mine =
            move || board.own.with(|own| own.as_ref().is_some_and(|own| own.hidden.iter().any(|one| one.id == id)));
        return Some(
            view! {
                <li id=address::anchor(id) class="item hidden-place" tabindex="-1">
                    <article style:min-block-size=height>
                        {reply} {kept}
                        <span class="badge mine" hidden=move || !mine()>
                            {words.item_mine()}
                        </span>
                    </article>
                </li>
            }
            .into_any(),
        );
    }
    let standing = Memo::new(move |_| standing(board, row));
    let part = Memo::new(move |_| part(board, id));
    let mine = Memo::new(move |_| part.get() == Part::Author);
    let topic = one.topic.filter(|_| place.topic.is_none()).and_then(|topic| {
        let title = board.view.with_untracked(|view| view.topics.iter().find(|have| have.id == topic).cloned())?.title;
        Some(view! { <span class="topic">{short(words, &title)}</span> })
    });
    let seen = one.hidden.is_none();
    let hidden_note = (!seen).then(|| {
        view! {
            <p class="hidden-note">
                {icon(icons::HIDDEN)}
                {words.item_hidden()}
            </p>
        }
    });
    Some(
        view! {
            <li id=address::anchor(id) class="item" class:mine=move || mine.get() tabindex="-1">
                <article>
                    <header>
                        <p class="by">
                            {writer}
                            <span class="badge mine" hidden=move || !mine.get()>
                                {words.item_mine()}
                            </span>
                        </p>
                        <p class="meta">{when(cx, board, &one)} {topic}</p>
                        {seen.then(|| menu(cx, board, place, id, standing, part))}
                    </header>
                    {one.reply_to.map(|parent| reply_line(words, board, parent))}
                    {text(&one)}
                    {additions(cx, &one, board.clock.get_untracked())}
                    {hall_note(words, &one)}
                    {hidden_note}
                    {seen.then(|| acts(cx, board, place, id, standing, part))}
                </article>
            </li>
        }
        .into_any(),
    )
}

/// A row's contribution: the list is sorted, so this is quick.
pub fn at(list: &[ContributionView], row: Row) -> Option<&ContributionView> {
    let at = list.partition_point(|one| one.position > row.position);
    list.get(at).filter(|one| one.id == row.id)
}

fn standing(board: Board, row: Row) -> Standing {
    let (counts, mode, at, additions) = board.view.with(|view| {
        let one = at(&view.contributions, row);
        let counts = one.map(|one| (one.support, one.replies));
        (counts, view.forum.mode, one.map(|one| one.at), one.map_or(0, |one| one.additions.len()))
    });
    let open = Writing::Reply(row.id).fits(mode, board.moderates);
    let (support, replies) = counts.unwrap_or_default();
    let supported = board.own.with(|own| own.as_ref().is_some_and(|own| own.supported.contains(&row.id)));
    let wish = board.pending.with(|pending| {
        pending.iter().rev().find_map(|one| match one.command {
            ForumCommand::Support { contribution } if contribution == row.id => Some(true),
            ForumCommand::Unsupport { contribution } if contribution == row.id => Some(false),
            _ => None,
        })
    });
    let in_time = at.is_some_and(|at| board.clock.get() <= at.plus_ms(EDIT_WINDOW_MS));
    let fits = Writing::Edit(row.id).fits(mode, board.moderates);
    let change = if in_time && fits && support == 0 && replies == 0 {
        Change::Edit
    } else if open && additions < MAX_ADDITIONS {
        Change::Add
    } else {
        Change::None
    };
    Standing {
        support,
        replies,
        // The button shows what was pressed; the count waits for the server.
        supported: wish.unwrap_or(supported),
        busy: wish.is_some(),
        open,
        change,
    }
}

fn part(board: Board, id: ContributionId) -> Part {
    let closed = board.view.with(|view| view.forum.mode == Mode::Closed);
    board.own.with(|own| match own {
        None => Part::Visitor,
        Some(own) if own.mine.contains(&id) => Part::Author,
        Some(_) if closed => Part::Visitor,
        Some(_) => Part::Reader,
    })
}

/// Who wrote it, with a coloured sign of theirs.
pub fn author(words: Words, author: &AuthorView) -> AnyView {
    let name = author_name(words, author);
    let first = author.name.as_deref().and_then(|name| name.chars().find(|c| c.is_alphanumeric()));
    // The style sheet makes it a capital: that table of all scripts need not be loaded.
    let sign = first.map_or_else(|| author.number.to_string(), String::from);
    let class = match author.number % 6 {
        0 => "sign s0",
        1 => "sign s1",
        2 => "sign s2",
        3 => "sign s3",
        4 => "sign s4",
        _ => "sign s5",
    };
    let badge = author.role.map(|of| {
        view! {
            <span class="badge role">
                {icon(icons::STAFF)}
                {role(words, of)}
            </span>
        }
    });
    view! {
        <span class=class aria-hidden="true" translate="no">
            {sign}
        </span>
        <bdi class="author">{name}</bdi>
        {badge}
    }
    .into_any()
}

/// Who said it: its author, or for whom it was written down.
pub fn writer(words: Words, one: &ContributionView, people: &People) -> AnyView {
    if one.hall.is_none() {
        return author(words, &people.author(one.author));
    }
    view! {
        <span class="sign hall" aria-hidden="true">
            {icon(icons::PEOPLE)}
        </span>
        <bdi class="author">{writer_name(words, one, people)}</bdi>
    }
    .into_any()
}

/// The name of who said it.
pub fn writer_name(words: Words, one: &ContributionView, people: &People) -> String {
    match &one.hall {
        Some(hall) => hall.name.as_deref().unwrap_or(words.item_hall_name()).to_owned(),
        None => author_name(words, &people.author(one.author)),
    }
}

/// The chosen name, or a guest by number.
pub fn author_name(words: Words, author: &AuthorView) -> String {
    match &author.name {
        Some(name) => name.to_string(),
        None => words.site_guest_number(&author.number.to_string()),
    }
}

/// What stands where a contribution was hidden: that, and why.
pub fn kept_place(words: Words, one: &ContributionView) -> Option<AnyView> {
    let hidden = one.hidden.as_ref().filter(|_| one.is_placeholder())?;
    Some(
        view! {
            <p class="hidden-note">
                {icon(icons::HIDDEN)}
                <span>{words.item_hidden_place()} " " {reason(words, hidden.reason)}</span>
            </p>
        }
        .into_any(),
    )
}

/// That it was said in the hall.
pub fn hall_note(words: Words, one: &ContributionView) -> Option<AnyView> {
    one.hall.is_some().then(|| {
        view! {
            <p class="meta hall">
                {icon(icons::STAFF)}
                {words.item_hall()}
            </p>
        }
        .into_any()
    })
}

/// What its author added later, as such.
pub fn additions(cx: Cx, one: &ContributionView, now: Timestamp) -> Option<AnyView> {
    let lang = one.lang.as_ref().map(|lang| lang.as_str().to_owned());
    let all = one.additions.clone();
    let draw = move |addition: AdditionView| {
        let at = addition.at;
        let time = cx.zone.with_value(|zone| clock::moment(cx.words, zone, at, Some(clock::day(zone, now))));
        view! {
            <li>
                <p class="meta">
                    {icon(icons::ADD)}
                    <time datetime=clock::iso(at)>{cx.words.item_added(&time)}</time>
                </p>
                <p class="plain-text" dir="auto" lang=lang.clone()>
                    {typed(&addition.text, &addition.links)}
                </p>
            </li>
        }
        .into_any()
    };
    (!all.is_empty()).then(|| {
        view! { <ul class="additions">{each(move || all.clone(), |one| digest(&one.text), draw)}</ul> }.into_any()
    })
}

/// When it was written.
pub fn when(cx: Cx, board: Board, one: &ContributionView) -> AnyView {
    let words = cx.words;
    let at = one.at;
    let today = Memo::new(move |_| cx.zone.with_value(|zone| clock::day(zone, board.clock.get())));
    let time = move || cx.zone.with_value(|zone| clock::moment(words, zone, at, Some(today.get())));
    let edited = one.edited.then(|| view! { <span class="edited">{words.item_edited()}</span> });
    view! {
        <span class="when">
            <time datetime=clock::iso(at) translate="no">
                {time}
            </time>
            {edited}
        </span>
    }
    .into_any()
}

/// The words, in their language and direction.
pub fn text(one: &ContributionView) -> AnyView {
    let lang = one.lang.as_ref().map(|lang| lang.as_str().to_owned());
    view! {
        <div class="text plain-text" dir="auto" lang=lang>
            {typed(&one.text, &one.links)}
        </div>
    }
    .into_any()
}

/// What it answers. The name comes from the view at every moment: a name that was erased there is gone here too.
fn reply_line(words: Words, board: Board, parent: ContributionId) -> AnyView {
    let name = Memo::new(move |_| {
        board.view.with(|view| {
            let parent = find(view, parent)?;
            Some((!parent.is_placeholder()).then(|| writer_name(words, parent, &view.people)))
        })
    });
    let line = Signal::derive(move || {
        name.with(|name| match name {
            Some(Some(name)) => words.item_reply_to(name),
            Some(None) => words.item_reply_to_hidden().to_owned(),
            None => words.item_reply_to_other().to_owned(),
        })
    });
    let mut href = String::from("#");
    href.push_str(&address::anchor(parent));
    // Without the parent on the page there is nowhere to go.
    let href = move || name.with(Option::is_some).then(|| href.clone());
    view! {
        <p class="reply-to">
            {icon(icons::REPLY)}
            <a href=href>{super::sentence(line)}</a>
        </p>
    }
    .into_any()
}

/// What else can be done. It opens without a program.
fn menu(
    cx: Cx,
    board: Board,
    place: ForumPlace,
    id: ContributionId,
    standing: Memo<Standing>,
    part: Memo<Part>,
) -> AnyView {
    let words = cx.words;
    let mut report = address::thread(place.forum, id);
    report.push_str("/report");
    let open = move || {
        let report = report.clone();
        match part.get() {
            Part::Author => author_menu(cx, board, place, id, standing),
            _ => view! {
                <a href=report>
                    {icon(icons::REPORT)}
                    {words.item_report()}
                </a>
            }
            .into_any(),
        }
    };
    view! {
        <details class="menu">
            <summary>
                {icon(icons::MORE)}
                {words.item_more()}
            </summary>
            <div class="menu-list">
                <a href=address::thread(place.forum, id)>
                    {icon(icons::TALK)}
                    {words.item_open()}
                </a>
                {open}
            </div>
        </details>
    }
    .into_any()
}

fn author_menu(cx: Cx, board: Board, place: ForumPlace, id: ContributionId, standing: Memo<Standing>) -> AnyView {
    let editable = Signal::derive(move || standing.get().change == Change::Edit);
    let add = Signal::derive(move || standing.get().change == Change::Add);
    view! {
        {change(cx, board, place, Writing::Edit(id), editable)}
        {change(cx, board, place, Writing::Add(id), add)}
        {withdraw(cx, place, id)}
    }
    .into_any()
}

fn acts(
    cx: Cx,
    board: Board,
    place: ForumPlace,
    id: ContributionId,
    standing: Memo<Standing>,
    part: Memo<Part>,
) -> AnyView {
    let words = cx.words;
    let replies = Memo::new(move |_| standing.get().replies);
    // Without `replies`: an effect that reads a memo and, after it, what that memo reads can miss a change of both.
    let bare = move || {
        let now = standing.get();
        part.get() != Part::Reader && now.replies == 0 && now.support == 0
    };
    view! {
        <footer class="acts bar" hidden=bare>
            {move || match part.get() {
                Part::Reader => reader_acts(cx, board, place, id, standing),
                _ => count(cx, standing),
            }}
            <a class="replies" href=address::thread(place.forum, id) hidden=move || replies.get() == 0>
                {super::sentence(Signal::derive(move || words.item_replies(replies.get())))}
                {icon(icons::GO)}
            </a>
        </footer>
    }
    .into_any()
}

/// Support as a number with a picture, in words for who does not see it.
fn count(cx: Cx, standing: Memo<Standing>) -> AnyView {
    let number = move || standing.get().support;
    view! {
        <span class="count" hidden=move || number() == 0>
            {icon(icons::SUPPORT)}
            {supports(cx, standing)}
        </span>
    }
    .into_any()
}

fn supports(cx: Cx, standing: Memo<Standing>) -> AnyView {
    let words = cx.words;
    let number = move || standing.get().support;
    view! {
        <span class="number" translate="no" aria-hidden="true" hidden=move || number() == 0>
            {number}
        </span>
        <span class="sr" hidden=move || number() == 0>
            {super::sentence(Signal::derive(move || words.item_supports(number())))}
        </span>
    }
    .into_any()
}

fn reader_acts(cx: Cx, board: Board, place: ForumPlace, id: ContributionId, standing: Memo<Standing>) -> AnyView {
    let words = cx.words;
    let pressed = move || if standing.get().supported { "true" } else { "false" };
    // Pressed again it takes the support back; while one is on its way the form stands as it was pressed.
    let method = move || if standing.get().supported { "DELETE" } else { "POST" };
    let reply = move |event: MouseEvent| begin(board, &event, Writing::Reply(id), None);
    view! {
        <form method="post" action=address::api_of(place.forum, id, "/support")>
            <input type="hidden" name="_method" value=method />
            {hidden("next", back_to(place, id))}
            <button class="support" aria-pressed=pressed aria-busy=move || standing.get().busy.to_string()>
                {icon(icons::SUPPORT)}
                {words.item_support()}
                {supports(cx, standing)}
            </button>
        </form>
        <a class="button reply" href=to_composer(place, Writing::Reply(id)) hidden=move || !standing.get().open on:click=reply>
            {icon(icons::REPLY)}
            {words.item_reply()}
        </a>
    }
    .into_any()
}

fn to_composer(place: ForumPlace, writing: Writing) -> String {
    let mut href = place.href_writing(writing);
    href.push_str("#write");
    href
}

/// Leads into the text field; without a program the link does.
fn begin(board: Board, event: &MouseEvent, writing: Writing, text: Option<String>) {
    if board.hands().is_some() {
        event.prevent_default();
        board.composer.begin(writing, text);
        dom::focus("text");
    }
}

/// Leads to other words for an own contribution, or to more of them.
pub fn change(cx: Cx, board: Board, place: ForumPlace, writing: Writing, may: Signal<bool>) -> AnyView {
    let (picture, word) = match writing {
        Writing::Add(_) => (icons::ADD, cx.words.item_add()),
        _ => (icons::EDIT, cx.words.item_edit()),
    };
    let go = move |event: MouseEvent| {
        let text = match writing {
            Writing::Edit(id) => {
                let own = board.own.read_untracked();
                board.view.with_untracked(|view| super::board::words_of(id, view, own.as_ref()))
            }
            _ => Some(String::new()),
        };
        if text.is_some() {
            begin(board, &event, writing, text);
        }
    };
    view! {
        <a href=to_composer(place, writing) hidden=move || !may.get() on:click=go>
            {icon(picture)}
            {word}
        </a>
    }
    .into_any()
}

/// Deletes an own contribution, after a second look.
pub fn withdraw(cx: Cx, place: ForumPlace, id: ContributionId) -> AnyView {
    let words = cx.words;
    view! {
        <details class="sure">
            <summary>
                {icon(icons::DELETE)}
                {words.item_withdraw()}
            </summary>
            <form method="post" action=address::api_of(place.forum, id, "")>
                <p>{words.item_withdraw_sure()}</p>
                {hidden("_method", "DELETE".to_owned())}
                {hidden("next", place.href())}
                <button class="danger">{words.item_withdraw_yes()}</button>
            </form>
        </details>
    }
    .into_any()
}

/// The page again, at this row.
pub fn back_to(place: ForumPlace, id: ContributionId) -> String {
    let mut next = place.href();
    next.push('#');
    next.push_str(&address::anchor(id));
    next
}
