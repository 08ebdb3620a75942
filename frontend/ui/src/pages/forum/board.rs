//! What a live page of a forum shows, as signals: the store writes them, components read them.

use std::rc::Rc;

use leptos::prelude::*;
use stimmwerk_core::forum::{ContributionView, ForumCommand, ForumView, OwnView};
use stimmwerk_core::ids::{CommandId, ContributionId};
use stimmwerk_core::live::{Problem, Seq};
use stimmwerk_core::time::Timestamp;

use super::ForumPage;
use crate::address::{self, Writing};
use crate::command::Form;
use crate::cx::Cx;
use crate::live::{self, Link};
use crate::utterance::Utterance;

/// A command of a forum page on its way.
pub type Pending = live::Pending<ForumCommand>;

/// What components ask of the store.
pub trait Hands {
    /// Sends a command: its id. `None`: not now, so the form goes its own way.
    fn command(&self, command: ForumCommand) -> Option<CommandId>;
    /// Asks for what lies before the window. `false`: not now, so the link goes its own way.
    fn older(&self) -> bool;
    /// Takes a command back that was refused or waits to be sent.
    fn discard(&self, pending: &Pending);
    /// The reader wants to see what was held back.
    fn show_new(&self);
    /// The person logs out or leaves: nothing of theirs stays on the device.
    fn forget(&self);
}

/// The text field of a forum page.
#[derive(Clone, Copy)]
pub struct Composer {
    /// What it is for.
    pub writing: RwSignal<Writing>,
    /// What is in it.
    pub text: RwSignal<String>,
    /// Why it was not taken.
    pub problem: RwSignal<Option<Problem>>,
    /// Who said it, where staff write down what is said in the hall.
    pub hall: RwSignal<String>,
    /// What stood in it before anything was typed.
    pub first: RwSignal<String>,
    /// What waits while something else is being written, the last one first to come back.
    pub aside: RwSignal<Vec<Draft>>,
}

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// What for.
    pub writing: Writing,
    /// The text.
    pub text: String,
    /// Who said it, in the hall.
    pub hall: String,
}

impl Composer {
    /// A text field with a text in it, of which `first` stood there before anything was typed; `None`: all of it.
    pub fn new(writing: Writing, text: String, first: Option<String>, problem: Option<Problem>) -> Self {
        let first = first.unwrap_or_else(|| text.clone());
        Self {
            writing: RwSignal::new(writing),
            text: RwSignal::new(text),
            problem: RwSignal::new(problem),
            hall: RwSignal::new(String::new()),
            first: RwSignal::new(first),
            aside: RwSignal::new(Vec::new()),
        }
    }

    /// Begins something else. What was typed is kept: a reply takes it along, what has words of its own puts it aside.
    pub fn begin(self, writing: Writing, text: Option<String>) {
        let before = self.writing.get_untracked();
        if before == writing {
            return;
        }
        self.problem.set(None);
        if text.is_some() || before.changes() {
            let text = text.unwrap_or_default();
            self.put_aside();
            self.first.set(text.clone());
            self.fill(Draft { writing, text, hall: String::new() });
        }
        self.writing.set(writing);
    }

    /// Brings back what was sent.
    pub fn take_up(self, sent: &Pending) {
        self.problem.set(None);
        self.put_aside();
        self.first.set(String::new());
        self.fill(sent.draft());
    }

    /// Drops what was begun. What was to be a reply stays, and answers nothing.
    pub fn cancel(self) {
        if self.writing.get_untracked().changes() {
            return self.clear();
        }
        self.problem.set(None);
        self.writing.set(Writing::New);
    }

    /// The text was sent: what waits comes back.
    pub fn clear(self) {
        self.problem.set(None);
        self.first.set(String::new());
        let draft = self.aside.try_update(Vec::pop).flatten();
        self.fill(draft.unwrap_or_default());
    }

    /// Is there nothing in it?
    pub fn is_free(self) -> bool {
        self.text.with_untracked(|text| text.trim().is_empty())
    }

    fn put_aside(self) {
        let (writing, text) = (self.writing.get_untracked(), self.text.get_untracked());
        if !self.is_free() && self.first.with_untracked(|first| *first != text) {
            let hall = self.hall.get_untracked();
            self.aside.update(|aside| aside.push(Draft { writing, text, hall }));
        }
    }

    fn fill(self, draft: Draft) {
        self.writing.set(draft.writing);
        self.text.set(draft.text);
        self.hall.set(draft.hall);
    }
}

/// A forum page that lives.
#[derive(Clone, Copy)]
pub struct Board {
    /// What everyone of this audience sees.
    pub view: RwSignal<ForumView>,
    /// As of which event that is.
    pub seq: RwSignal<Seq>,
    /// What concerns the reader alone.
    pub own: RwSignal<Option<OwnView>>,
    /// Sent and not seen again yet; never mixed into the view.
    pub pending: RwSignal<Vec<Pending>>,
    /// How the page is connected.
    pub link: RwSignal<Link>,
    /// How many are here.
    pub people: RwSignal<Option<u32>>,
    /// Contributions up to this position stand in the list; newer ones are held back.
    pub shown: RwSignal<u64>,
    /// A page of older contributions: newer ones have no place on it.
    pub bounded: bool,
    /// May the reader moderate?
    pub moderates: bool,
    /// The reader wants nothing to move.
    pub paused: RwSignal<bool>,
    /// The server's clock as last heard.
    pub clock: RwSignal<Timestamp>,
    /// What a screen reader says of what is new.
    pub announced: RwSignal<Utterance>,
    /// An answer to what the reader did.
    pub said: RwSignal<Utterance>,
    /// The text field.
    pub composer: Composer,
    /// The store, once the page lives.
    pub hands: StoredValue<Option<Rc<dyn Hands>>, LocalStorage>,
    /// Is told of every command that was accepted or refused for good.
    pub ear: StoredValue<Option<Ear>, LocalStorage>,
}

/// Hears of an answered command: how it went is its stage.
pub type Ear = Rc<dyn Fn(&Pending)>;

impl Board {
    /// The page as it was rendered.
    pub fn new(page: &ForumPage, cx: Cx) -> Self {
        let path = cx.path.get_value();
        let before: Option<u64> = address::parameter(&path, "before").and_then(|before| before.parse().ok());
        let newest = page.view.contributions.first().map_or(0, |contribution| contribution.position);
        let (writing, text, first, problem) = first_text(page, cx, &path);
        Self {
            view: RwSignal::new(page.view.clone()),
            seq: RwSignal::new(page.seq),
            own: RwSignal::new(page.own.clone()),
            pending: RwSignal::new(Vec::new()),
            link: RwSignal::new(Link::Plain),
            people: RwSignal::new(None),
            shown: RwSignal::new(before.map_or(newest, |before| before.saturating_sub(1))),
            bounded: before.is_some(),
            moderates: page.moderates,
            paused: RwSignal::new(false),
            clock: RwSignal::new(page.now),
            announced: RwSignal::default(),
            said: RwSignal::default(),
            composer: Composer::new(writing, text, first, problem),
            hands: StoredValue::new_local(None),
            ear: StoredValue::new_local(None),
        }
    }

    /// The store, if the page lives.
    pub fn hands(self) -> Option<Rc<dyn Hands>> {
        self.hands.try_get_value().flatten()
    }

    /// A form of this page is being sent. `true`: it went over the live connection.
    pub fn submit(self, form: &Form) -> bool {
        let Some(hands) = self.hands() else { return false };
        if form.action.ends_with("/api/v1/logout") || (form.action.ends_with("/api/v1/me") && form.deletes()) {
            hands.forget();
            return false;
        }
        let here = self.view.with_untracked(|view| view.forum.id);
        form.command(here).is_some_and(|command| hands.command(command).is_some())
    }

    /// Tells whom it concerns that a command was answered.
    pub fn answered(self, one: &Pending) {
        if let Some(ear) = self.ear.try_get_value().flatten() {
            ear(one);
        }
    }
}

/// What stands in the text field at first: what came back with its form, or what the address asks to change. What came
/// back was typed, so before that nothing stood there.
fn first_text(page: &ForumPage, cx: Cx, path: &str) -> (Writing, String, Option<String>, Option<Problem>) {
    let forum = page.view.forum.id;
    let refused = cx.refused.get_value();
    if let Some(refused) = &refused
        && let Some(rest) = refused.action.strip_prefix(&address::api(forum, "/contributions"))
    {
        let kept = || refused.fields.get("text").cloned().unwrap_or_default();
        let parent = refused.fields.get("reply_to").and_then(|id| id.parse().ok());
        let changed = rest.strip_prefix('/').and_then(|rest| rest.split_once('/'));
        let writing = match changed.map(|(id, verb)| (id.parse(), verb)) {
            None if rest.is_empty() => Some(parent.map_or(Writing::New, Writing::Reply)),
            Some((Ok(id), "edit")) => Some(Writing::Edit(id)),
            Some((Ok(id), "add")) => Some(Writing::Add(id)),
            _ => None,
        };
        if let Some(writing) = writing {
            return (writing, kept(), Some(String::new()), refused.problem.clone());
        }
    }
    match Writing::of(path) {
        Writing::Edit(id) => match words_of(id, &page.view, page.own.as_ref()) {
            Some(text) => (Writing::Edit(id), text, None, None),
            None => (Writing::New, String::new(), None, None),
        },
        Writing::Add(id) if !page.own.as_ref().is_some_and(|own| own.mine.contains(&id)) => Default::default(),
        writing => (writing, String::new(), None, None),
    }
}

/// The words of an own contribution, waiting ones first: those are what its author wrote last.
pub fn words_of(id: ContributionId, view: &ForumView, own: Option<&OwnView>) -> Option<String> {
    let waiting = own.and_then(|own| own.waiting.iter().find(|waiting| waiting.id == id && !waiting.addition));
    let waiting = waiting.map(|waiting| &waiting.text);
    let mine = || {
        own.filter(|own| own.mine.contains(&id))?;
        find(view, id).map(|contribution| &contribution.text)
    };
    waiting.or_else(mine).map(ToString::to_string)
}

/// A contribution of the window.
pub fn find(view: &ForumView, id: ContributionId) -> Option<&ContributionView> {
    view.contributions.iter().find(|contribution| contribution.id == id)
}
