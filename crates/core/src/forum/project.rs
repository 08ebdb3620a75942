//! What each audience may see of a forum's state.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::state::{Addition, Facet, Ix, Person};
use super::view::{
    AdditionView, AppealView, ClaimView, ContributionPut, ContributionView, Counts, ForumDelta, ForumKey, ForumValue,
    ForumView, HallView, Header, HiddenView, OwnHidden, OwnRefused, OwnView, OwnWaiting, People, PersonView,
    ReportView, TopicView, Totals, Window,
};
use super::{Contribution, ForumState, MAX_DESK, Mode, Status, order_fairly};
use crate::domain::Summary;
use crate::ids::{ParticipantId, TopicId};
use crate::links;
use crate::live::{Delta, PAGE, Seq, WindowRequest};
use crate::people::Audience;
use crate::said::Said;

/// How many contributions that wait, that were hidden, or that were not changed an author is told of, each.
const OWN_WAITING: usize = 50;
/// See [`OWN_WAITING`].
const OWN_HIDDEN: usize = 20;

impl ForumState {
    pub(super) fn header(&self) -> Option<Header> {
        let founded = self.founded.as_ref()?;
        Some(Header {
            id: founded.forum,
            process: founded.process,
            title: founded.title.shown(),
            mode: self.mode,
            until: self.until,
            waiting: self.waiting,
        })
    }

    fn totals(&self, audience: Audience) -> Totals {
        Totals {
            contributions: self.visible_total,
            waiting: (audience == Audience::Staff).then_some((self.queue.len() + self.attention.len()) as u32),
        }
    }

    pub(super) fn topic_view(&self, ix: Ix) -> TopicView {
        let topic = &self.topics[ix as usize];
        TopicView { id: topic.id, title: topic.title.shown() }
    }

    /// A contribution as `audience` may see it. The words of a hidden one are in no view, not even of staff.
    pub(super) fn contribution_view(&self, ix: Ix, audience: Audience) -> Option<ContributionView> {
        let contribution = self.at(ix);
        let staff = audience == Audience::Staff;
        let hidden = match &contribution.status {
            Status::Visible => None,
            Status::Waiting if staff => None,
            Status::Hidden { .. } if staff => hidden_view(&contribution.status, true),
            _ => return None,
        };
        let text: Arc<str> = match (&hidden, &contribution.text.text) {
            (None, Some(text)) => text.clone(),
            _ => Arc::from(""),
        };
        Some(ContributionView {
            id: contribution.id,
            position: contribution.position,
            author: contribution.author + 1,
            links: links::find(&text),
            text,
            lang: contribution.lang.clone(),
            at: contribution.at,
            edited: contribution.edited,
            additions: if hidden.is_some() {
                Vec::new()
            } else {
                contribution.additions.iter().filter_map(Addition::view).collect()
            },
            hall: contribution.hall.as_ref().map(|speaker| HallView { name: seen(speaker.name.as_ref()) }),
            reply_to: contribution.reply_to.map(|parent| self.at(parent).id),
            topic: contribution.topic.map(|topic| self.topics[topic as usize].id),
            support: contribution.supporters.len() as u32,
            replies: contribution.replies,
            waits: contribution.status == Status::Waiting,
            pending: contribution.pending.as_ref().filter(|_| staff).and_then(|pending| pending.text.clone()),
            addition: contribution.addition.as_ref().filter(|_| staff).and_then(|added| added.text.text.clone()),
            reports: contribution
                .reports
                .iter()
                .filter(|_| staff)
                .map(|report| ReportView {
                    what: report.what,
                    reason: report.reason,
                    text: seen(report.text.as_ref()),
                    at: report.at,
                })
                .collect(),
            claim: contribution
                .claim
                .filter(|_| staff)
                .and_then(|(by, at)| Some(ClaimView { by: self.person_ix(by)? + 1, at })),
            hidden,
        })
    }

    /// What `audience` sees where a contribution stands: itself, or that it was hidden.
    pub(super) fn shown(&self, ix: Ix, audience: Audience) -> Option<ContributionView> {
        self.contribution_view(ix, audience).or_else(|| self.placeholder(ix))
    }

    /// What readers see in the place of what was hidden from them: the reason, and nothing of what it was.
    fn placeholder(&self, ix: Ix) -> Option<ContributionView> {
        let contribution = self.at(ix);
        let Status::Hidden { reason, .. } = contribution.status else { return None };
        contribution.keeps_place.then(|| ContributionView {
            id: contribution.id,
            position: contribution.position,
            author: 0,
            text: Arc::from(""),
            links: Vec::new(),
            lang: None,
            at: contribution.at,
            edited: false,
            additions: Vec::new(),
            hall: None,
            reply_to: contribution.reply_to.map(|parent| self.at(parent).id),
            topic: contribution.topic.map(|topic| self.topics[topic as usize].id),
            support: 0,
            replies: 0,
            waits: false,
            pending: None,
            addition: None,
            reports: Vec::new(),
            claim: None,
            hidden: Some(HiddenView { reason, note: None, by: None, appeal: None }),
        })
    }

    fn person_view(&self, ix: Ix, audience: Audience) -> PersonView {
        let person = &self.people[ix as usize];
        PersonView {
            name: seen(person.name.as_ref()),
            role: person.role,
            participant: (audience == Audience::Staff).then_some(person.id),
        }
    }

    /// Those whom contributions name, as `audience` may see them.
    pub(super) fn people_of<'a>(
        &self,
        contributions: impl IntoIterator<Item = &'a ContributionView>,
        audience: Audience,
    ) -> People {
        let mut people = BTreeMap::new();
        for number in contributions.into_iter().flat_map(ContributionView::people) {
            people.entry(number).or_insert_with(|| self.person_view(number - 1, audience));
        }
        People(people)
    }

    fn put(&self, contribution: ContributionView, audience: Audience) -> ForumValue {
        let people = self.people_of([&contribution], audience);
        ForumValue::Contribution(Box::new(ContributionPut { contribution, people }))
    }

    /// Does the name of this person stand somewhere for `audience`?
    fn is_named(&self, ix: Ix, audience: Audience) -> bool {
        let person = &self.people[ix as usize];
        let named = |ix: &Ix| match self.at(*ix).status {
            Status::Visible => true,
            Status::Waiting | Status::Hidden { .. } => audience == Audience::Staff,
            Status::Withdrawn | Status::Erased => false,
        };
        person.contributions.iter().any(named) || audience == Audience::Staff && !self.claimed_by(person.id).is_empty()
    }

    /// Is the name this person chose to stand somewhere, once a moderator has read it?
    fn name_waits(&self, person: &Person) -> bool {
        let Some(ix) = self.person_ix(person.id).filter(|_| person.name.is_some() && !person.trusted) else {
            return false;
        };
        let seen = || person.contributions.iter().any(|one| self.at(*one).status == Status::Visible);
        let waits = || self.queue.of(ix).next().is_some() && !self.names_openly(person.id) && !seen();
        self.floor.hides_name(ix) || waits()
    }

    /// A contribution as `audience` follows it. What waits or asks for a moderator does so once it is up on the desk.
    fn followed(&self, ix: Ix, audience: Audience) -> Option<ContributionView> {
        let mut view = self.shown(ix, audience)?;
        if view.waits && !self.is_on_desk(ix) {
            return None;
        }
        if view.asks() && !self.is_attention_on_desk(ix) {
            view.pending = None;
            view.addition = None;
            view.reports.clear();
            if let Some(hidden) = &mut view.hidden {
                hidden.appeal = hidden.appeal.take().filter(|appeal| appeal.rejected);
            }
        }
        Some(view)
    }

    /// What stands in a window, the newest first.
    fn in_window(&self, request: &WindowRequest) -> impl Iterator<Item = (u64, Ix)> {
        let topic = request.topic.map(|topic| self.find_topic(topic));
        let window = request.from.unwrap_or(0)..request.before.unwrap_or(u64::MAX);
        let listed = self.listed.range(window).rev().map(|(position, ix)| (*position, *ix));
        // An unknown topic has no contributions.
        listed.filter(move |(_, ix)| topic.is_none_or(|topic| topic.is_some() && self.at(*ix).topic == topic))
    }

    /// Where the page begins that ends at `before`. No view is built for it.
    pub(super) fn page_start(&self, audience: Audience, before: Option<u64>, topic: Option<TopicId>) -> u64 {
        let request = WindowRequest { before, from: None, topic };
        let mut seen = self.in_window(&request).filter(|(_, ix)| self.is_seen(*ix, audience));
        let last = seen.by_ref().take(PAGE).last();
        // One more is there, so the window ends above it.
        if seen.next().is_some() { last.map_or(0, |(position, _)| position) } else { 0 }
    }

    /// Does `audience` see anything in the list here?
    fn is_seen(&self, ix: Ix, audience: Audience) -> bool {
        let contribution = self.at(ix);
        match contribution.status {
            Status::Visible => true,
            Status::Waiting => audience == Audience::Staff,
            Status::Hidden { .. } => audience == Audience::Staff || contribution.keeps_place,
            Status::Withdrawn | Status::Erased => false,
        }
    }

    pub(super) fn view(&self, audience: Audience, request: &WindowRequest) -> ForumView {
        self.view_within(audience, request, usize::MAX)
    }

    /// A view of which the older contributions are left out, and not built, beyond about `bytes` of JSON.
    pub(super) fn view_within(&self, audience: Audience, request: &WindowRequest, bytes: usize) -> ForumView {
        let mut contributions: Vec<ContributionView> = Vec::new();
        let mut left = bytes;
        let mut cut = None;
        for (_, ix) in self.in_window(request) {
            let Some(view) = self.followed(ix, audience) else { continue };
            let takes = size(&view);
            if let Some(last) = contributions.last()
                && (takes > left || request.from.is_none() && contributions.len() == PAGE)
            {
                // One more is there, so the window ends above it.
                cut = Some(last.position);
                break;
            }
            left = left.saturating_sub(takes);
            contributions.push(view);
        }
        let desk = |ixs: &mut dyn Iterator<Item = Ix>| -> Vec<ContributionView> {
            if audience != Audience::Staff || request.before.is_some() {
                return Vec::new();
            }
            ixs.take(MAX_DESK).filter_map(|ix| self.followed(ix, audience)).collect()
        };
        let mut waiting = desk(&mut self.queue.iter());
        let mut attention = desk(&mut self.attention.iter().copied());
        order_fairly(&mut waiting);
        attention.sort_by_key(|one| one.position);
        let people = self.people_of(contributions.iter().chain(&waiting).chain(&attention), audience);
        ForumView {
            forum: self.header().expect("a view is asked of a founded forum"),
            totals: self.totals(audience),
            topics: (0..self.topics.len() as Ix).map(|ix| self.topic_view(ix)).collect(),
            polls: self.poll_views(audience),
            stage: self.stage.clone(),
            floor: self.floor_view(audience),
            contributions,
            waiting,
            attention,
            people,
            window: Window { from: cut.or(request.from).unwrap_or(0), topic: request.topic },
        }
    }

    /// See [`crate::domain::Domain::deltas_within`].
    pub(super) fn deltas_within(&self, after: Seq, audience: Audience, most: usize) -> (Vec<ForumDelta>, Seq) {
        let mut deltas = Vec::new();
        let mut reached = after;
        for (seq, facet) in self.changes.after(after) {
            if deltas.len() >= most && seq > reached {
                return (deltas, reached);
            }
            reached = seq;
            let put = |key, value| Delta::Put { key, seq, value };
            match facet {
                Facet::Header => {
                    if let Some(header) = self.header() {
                        deltas.push(put(ForumKey::Forum, ForumValue::Forum(header)));
                    }
                }
                Facet::Totals => deltas.push(put(ForumKey::Totals, ForumValue::Totals(self.totals(audience)))),
                Facet::Desk => {
                    if audience == Audience::Staff {
                        deltas.push(put(ForumKey::Totals, ForumValue::Totals(self.totals(audience))));
                    }
                }
                Facet::Topic(ix) => {
                    let topic = self.topic_view(ix);
                    deltas.push(put(ForumKey::Topic(topic.id), ForumValue::Topic(topic)));
                }
                Facet::Contribution(ix) => {
                    let contribution = self.at(ix);
                    let key = ForumKey::Contribution(contribution.id);
                    if let Some(view) = self.followed(ix, audience) {
                        deltas.push(put(key, self.put(view, audience)));
                    } else if contribution.was_visible || audience == Audience::Staff {
                        deltas.push(Delta::Gone { key, seq });
                    }
                }
                Facet::Counts(ix) => {
                    let contribution = self.at(ix);
                    if contribution.status == Status::Visible
                        || (audience == Audience::Staff && !contribution.status.is_gone())
                    {
                        let counts =
                            Counts { support: contribution.supporters.len() as u32, replies: contribution.replies };
                        deltas.push(put(ForumKey::Counts(contribution.id), ForumValue::Counts(counts)));
                    }
                }
                Facet::Staff(ix) => {
                    if audience == Audience::Staff {
                        let key = ForumKey::Contribution(self.at(ix).id);
                        deltas.push(match self.followed(ix, audience) {
                            Some(view) => put(key, self.put(view, audience)),
                            None => Delta::Gone { key, seq },
                        });
                    }
                }
                // Nobody learns the name of somebody of whom they see nothing.
                Facet::Person(ix) if self.is_named(ix, audience) => {
                    let person = self.person_view(ix, audience);
                    deltas.push(put(ForumKey::Person(ix + 1), ForumValue::Person(person)));
                }
                Facet::Stage => deltas.push(put(ForumKey::Stage, ForumValue::Stage(self.stage.clone()))),
                Facet::Floor => {
                    deltas.push(put(ForumKey::Floor, ForumValue::Floor(Box::new(self.floor_view(audience)))));
                }
                Facet::Poll(ix) if self.polls[ix as usize].seen_by(audience) => {
                    let poll = self.poll_view(ix);
                    deltas.push(put(ForumKey::Poll(poll.id), ForumValue::Poll(poll)));
                }
                Facet::Poll(_) | Facet::Person(_) | Facet::Own(_) => {}
            }
        }
        (deltas, self.seq.max(after))
    }

    pub(super) fn own(&self, participant: ParticipantId, from: u64) -> OwnView {
        let Some(person) = self.person(participant) else { return OwnView::default() };
        let mut own = OwnView {
            next_at: match self.mode {
                Mode::Slow { seconds } if person.role.is_none() => {
                    person.last_at.map(|at| at.plus_ms(i64::from(seconds) * 1_000))
                }
                _ => None,
            },
            floor: self.floor_entry(participant),
            name_waits: self.name_waits(person),
            ..OwnView::default()
        };
        let shown =
            |contribution: &Contribution| contribution.status == Status::Visible && contribution.position >= from;
        for contribution in person.contributions.iter().rev().map(|ix| self.at(*ix)) {
            let waiting = match &contribution.status {
                Status::Waiting => contribution.text.text.clone(),
                _ => contribution.pending.as_ref().and_then(|pending| pending.text.clone()),
            };
            let reply_to = contribution.reply_to.map(|parent| self.at(parent).id);
            let addition = contribution.addition.as_ref().and_then(|added| Some((added.text.text.clone()?, added.at)));
            let id = contribution.id;
            if own.waiting.len() < OWN_WAITING {
                let words = waiting.map(|text| OwnWaiting { id, text, at: contribution.at, reply_to, addition: false });
                let addition = addition.map(|(text, at)| OwnWaiting { id, text, at, reply_to, addition: true });
                own.waiting.extend(words.into_iter().chain(addition));
            }
            if let Some(refused) = contribution.refused.as_ref().filter(|_| own.refused.len() < OWN_HIDDEN) {
                own.refused.push(OwnRefused { id, at: refused.at, note: seen(refused.note.as_ref()) });
            }
            if shown(contribution) {
                own.mine.push(contribution.id);
            }
            if own.hidden.len() < OWN_HIDDEN
                && let Some(why) = hidden_view(&contribution.status, false)
                && let Some(text) = contribution.text.text.clone()
            {
                own.hidden.push(OwnHidden { id: contribution.id, text, at: contribution.at, why });
            }
        }
        // Hidden ones too: they may come back, and supporters are not told of either. What was supported was visible,
        // so its position stands.
        own.supported =
            person.supported.iter().map(|ix| self.at(*ix)).filter(|c| c.position >= from).map(|c| c.id).collect();
        own
    }

    pub(super) fn summary(&self) -> Option<Summary> {
        let founded = self.founded.as_ref()?;
        Some(Summary {
            title: founded.title.shown(),
            state: self.mode.word().to_owned(),
            count: self.visible_total,
            last_at: self.last_at,
        })
    }
}

impl Addition {
    /// As everybody who sees the contribution sees it. `None` once its words are erased.
    pub(super) fn view(&self) -> Option<AdditionView> {
        let text = self.text.text.clone()?;
        Some(AdditionView { links: links::find(&text), text, at: self.at })
    }
}

/// The words, if there are any and they were not erased.
pub(super) fn seen(said: Option<&Said>) -> Option<Arc<str>> {
    said?.text.clone()
}

/// Why something is hidden, for staff or its author.
pub(super) fn hidden_view(status: &Status, staff: bool) -> Option<HiddenView> {
    let Status::Hidden { reason, note, by, appeal } = status else { return None };
    let appeal = appeal.as_ref().and_then(|appeal| {
        let text = appeal.text.text.clone()?;
        Some(AppealView { text, at: appeal.at, rejected: appeal.rejected, note: seen(appeal.note.as_ref()) })
    });
    Some(HiddenView { reason: *reason, note: seen(note.as_ref()), by: by.filter(|_| staff), appeal })
}

/// About how long a contribution is as JSON, with the entry of its author.
fn size(one: &ContributionView) -> usize {
    let appeal = one.hidden.iter().filter_map(|hidden| hidden.appeal.as_ref());
    let said = [&one.pending, &one.addition].into_iter().flatten();
    let said = said.chain(one.additions.iter().map(|addition| &addition.text));
    let said = said.chain(one.reports.iter().filter_map(|report| report.text.as_ref()));
    let said = said.chain(one.hidden.iter().filter_map(|hidden| hidden.note.as_ref()));
    let said = said.chain(appeal.flat_map(|appeal| [Some(&appeal.text), appeal.note.as_ref()]).flatten());
    let links = one.links.iter().chain(one.additions.iter().flat_map(|addition| &addition.links));
    let links = links.map(|link| 60 + link.href.len() + link.host.as_ref().map_or(0, String::len)).sum::<usize>();
    let length = one.text.len() + said.map(|text| text.len()).sum::<usize>();
    260 + 80 * (one.reports.len() + one.additions.len()) + links + length * 11 / 10
}

/// Takes what is too much for one frame from the end of the desk.
pub(super) fn set_aside(view: &mut ForumView, bytes: usize) -> Vec<(ForumKey, ForumValue)> {
    let mut left = bytes;
    let mut aside = Vec::new();
    for list in [&mut view.waiting, &mut view.attention] {
        let fits = list.iter().take_while(|one| {
            let takes = size(one);
            let fits = takes <= left;
            left = left.saturating_sub(takes);
            fits
        });
        let fits = fits.count();
        aside.extend(list.split_off(fits).into_iter().map(|contribution| {
            let people = view.people.named_by(&contribution);
            let key = ForumKey::Contribution(contribution.id);
            (key, ForumValue::Contribution(Box::new(ContributionPut { contribution, people })))
        }));
    }
    view.forget_unnamed();
    aside
}

/// Cuts a view down to about `bytes` of JSON.
pub(super) fn shorten(view: &mut ForumView, bytes: usize) -> Option<u64> {
    let desk: usize = view.waiting.iter().chain(&view.attention).map(size).sum();
    let beside = view.topics.len() * 150 + view.polls.len() * 250 + view.floor.entries.len() * 200;
    let mut left = bytes.saturating_sub(600 + beside + desk);
    let fits = view
        .contributions
        .iter()
        .take_while(|contribution| {
            let takes = size(contribution);
            let fits = takes <= left;
            left = left.saturating_sub(takes);
            fits
        })
        .count()
        .max(1);
    if fits >= view.contributions.len() {
        return None;
    }
    view.contributions.truncate(fits);
    view.forget_unnamed();
    view.window.from = view.contributions.last()?.position;
    Some(view.window.from)
}
