//! Reading that is asked for and not followed live: search, one thread, the log of what staff did, the record.

use super::project::{hidden_view, seen};
use super::state::{Addition, Ix, Person};
use super::view::{
    ActView, ContributionPut, ContributionView, Decided, HallView, OwnContribution, OwnExport, OwnNote, OwnRefused,
    People, Record, Sort,
};
use super::{ForumState, ForumView, Status};
use crate::ids::{ContributionId, ParticipantId, TopicId};
use crate::live::{PAGE, Seq};
use crate::people::Audience;
use crate::said::Said;
use crate::text::fold;

/// The most replies one thread shows, and the most contributions of a record.
const MOST: usize = 5_000;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The order.
    pub sort: Sort,
    /// All of these words stand in the text or the name, as [`fold`] sees them.
    pub words: String,
    /// Only this topic.
    pub topic: Option<TopicId>,
    /// How many hits were shown before: the next page begins after them.
    pub after: usize,
}

/// What fits a search.
#[derive(Clone, Debug)]
pub struct Found {
    /// One page of it.
    pub contributions: Vec<ContributionView>,
    /// Those whom the page names.
    pub people: People,
    /// How many fit, on all pages.
    pub total: usize,
}

/// A contribution among those around it.
#[derive(Clone, Debug)]
pub struct Thread {
    /// What it answers, itself, and what answers it, oldest first. What was hidden keeps its place.
    pub contributions: Vec<ContributionView>,
    /// Those whom they name.
    pub people: People,
}

impl ForumState {
    /// How many contributions fit a search, and one page of them.
    pub fn search(&self, audience: Audience, search: &Search) -> Found {
        let words: Vec<String> = fold(&search.words).split_whitespace().take(12).map(str::to_owned).collect();
        let topic = search.topic.map(|topic| self.find_topic(topic));
        let fits = |ix: Ix| {
            let one = self.at(ix);
            if one.status != Status::Visible || topic.is_some_and(|topic| topic.is_none() || one.topic != topic) {
                return false;
            }
            if search.sort == Sort::Unanswered && (one.replies > 0 || one.reply_to.is_some()) {
                return false;
            }
            words.is_empty() || {
                let name = one.speaker(&self.people[one.author as usize]).map_or("", Said::as_str);
                let text = fold(&format!("{} {name}", one.text.as_str()));
                words.iter().all(|word| text.contains(word))
            }
        };
        let in_order: Box<dyn Iterator<Item = &Ix>> = match search.sort {
            Sort::Unanswered => Box::new(self.listed.values()),
            Sort::Newest | Sort::Supported => Box::new(self.listed.values().rev()),
        };
        let mut found: Vec<Ix> = in_order.copied().filter(|ix| fits(*ix)).collect();
        if search.sort == Sort::Supported {
            found.sort_by_key(|ix| std::cmp::Reverse(self.at(*ix).supporters.len()));
        }
        let page = found.iter().skip(search.after).take(PAGE);
        let contributions: Vec<_> = page.filter_map(|ix| self.contribution_view(*ix, audience)).collect();
        Found { people: self.people_of(&contributions, audience), contributions, total: found.len() }
    }

    /// A contribution, what it answers, and what answers it, oldest first. `None` if it cannot be seen.
    pub fn thread(&self, id: ContributionId, audience: Audience) -> Option<Thread> {
        let ix = self.find(id)?;
        let this = self.contribution_view(ix, audience)?;
        let mut contributions: Vec<ContributionView> =
            self.at(ix).reply_to.and_then(|parent| self.shown(parent, audience)).into_iter().collect();
        contributions.push(this);
        let replies = self.answers_to(ix).into_iter();
        contributions.extend(replies.filter_map(|reply| self.shown(reply, audience)).take(MOST));
        Some(Thread { people: self.people_of(&contributions, audience), contributions })
    }

    /// Was it seen by everyone once, and is hidden now? Whoever has its address is told so.
    pub fn was_hidden(&self, id: ContributionId) -> bool {
        let found = self.contribution(id);
        found.is_some_and(|found| found.was_visible && matches!(found.status, Status::Hidden { .. }))
    }

    /// One contribution. `None` if it cannot be seen.
    pub fn one(&self, id: ContributionId, audience: Audience) -> Option<ContributionPut> {
        let contribution = self.contribution_view(self.find(id)?, audience)?;
        Some(ContributionPut { people: self.people_of([&contribution], audience), contribution })
    }

    /// Everything that is kept of one person, for themselves: also what waits or was hidden, with its words.
    pub fn written_by(&self, participant: ParticipantId) -> OwnExport {
        let person = self.person(participant);
        let theirs = person.into_iter().flat_map(|person| &person.contributions).map(|ix| self.at(*ix));
        let contributions = theirs.filter_map(|one| {
            Some(OwnContribution {
                id: one.id,
                text: one.text.text.clone()?,
                lang: one.lang.clone(),
                at: one.at,
                topic: one.topic.map(|topic| self.topics[topic as usize].id),
                reply_to: one.reply_to.map(|parent| self.at(parent).id),
                edited: one.edited,
                waits: one.status == Status::Waiting,
                hidden: hidden_view(&one.status, false),
                additions: one.additions.iter().filter_map(Addition::view).collect(),
                addition: one.addition.as_ref().and_then(Addition::view),
                pending: seen(one.pending.as_ref()),
                refused: one.refused.as_ref().map(|refused| OwnRefused {
                    id: one.id,
                    at: refused.at,
                    note: seen(refused.note.as_ref()),
                }),
                hall: one.hall.as_ref().map(|speaker| HallView { name: seen(speaker.name.as_ref()) }),
                support: one.supporters.len() as u32,
            })
        });
        let supported = person.into_iter().flat_map(|person| &person.supported).map(|ix| self.at(*ix).id);
        let noted = self.noted_by(participant).into_iter().map(|ix| self.at(ix));
        let notes = noted.flat_map(|one| {
            let notes = one.notes_of(participant).filter_map(|note| note.text.clone());
            notes.map(|text| OwnNote { contribution: one.id, text })
        });
        OwnExport {
            name: person.and_then(|person| seen(person.name.as_ref())),
            contributions: contributions.collect(),
            supported: supported.collect(),
            notes: notes.collect(),
        }
    }

    /// What staff did before event `before`, newest first, at most one page.
    pub fn acts(&self, before: Option<Seq>) -> Vec<ActView> {
        let end = before.map_or(self.acts.len(), |before| {
            // An event is at most one act.
            self.acts.binary_search_by_key(&before, |act| act.seq).unwrap_or_else(|end| end)
        });
        (end.saturating_sub(PAGE)..end)
            .rev()
            .map(|nth| &self.acts[nth])
            .map(|act| ActView {
                seq: act.seq,
                at: act.at,
                by: act.by,
                did: act.did,
                contribution: act.contribution.map(|ix| self.at(ix).id),
                person: act.person,
            })
            .collect()
    }

    /// What a moderator wrote for the record.
    pub fn summary_text(&self) -> Option<&str> {
        self.summary.as_ref()?.text.as_deref()
    }

    pub fn record(&self, names: bool) -> Option<Record> {
        let mut view = self.header().map(|forum| ForumView {
            forum,
            totals: super::Totals { contributions: self.visible_total, waiting: None },
            topics: (0..self.topics.len() as Ix).map(|ix| self.topic_view(ix)).collect(),
            polls: Vec::new(),
            stage: super::Stage::default(),
            floor: super::FloorView::default(),
            contributions: Vec::new(),
            waiting: Vec::new(),
            attention: Vec::new(),
            people: People::default(),
            window: super::Window::default(),
        })?;
        let visible = || self.listed.values().filter(|ix| self.at(**ix).status == Status::Visible);
        let kept = visible().take(MOST).filter_map(|ix| self.contribution_view(*ix, Audience::Public));
        view.contributions = kept.collect();
        if names {
            view.people = self.people_of(&view.contributions, Audience::Public);
        } else {
            for one in &mut view.contributions {
                one.author = 0;
                if let Some(hall) = &mut one.hall {
                    hall.name = None;
                }
            }
        }
        let mut by_reason = [0; super::HideReason::ALL.len()];
        let (mut appeals, mut rejected) = (0, 0);
        for one in &self.contributions {
            if let Status::Hidden { reason, appeal, .. } = &one.status {
                by_reason[*reason as usize] += 1;
                appeals += u32::from(appeal.is_some());
                rejected += u32::from(appeal.as_ref().is_some_and(|appeal| appeal.rejected));
            }
        }
        let hidden = super::HideReason::ALL.into_iter().zip(by_reason).filter(|(_, count)| *count > 0).collect();
        let summary = self.summary.as_ref().and_then(|summary| summary.text.clone());
        let written = || visible().map(|ix| self.at(*ix).at);
        let decided = self.acts.iter().filter(|act| act.did.decides());
        let decided = decided.clone().skip(decided.count().saturating_sub(MOST));
        let everyone_saw = |ix: &Ix| self.at(*ix).was_visible;
        // Who only wrote down what others said wrote nothing.
        let wrote = |person: &Person| person.contributions.iter().any(|ix| self.at(*ix).hall.is_none());
        Some(Record {
            seq: self.seq,
            from: written().min(),
            to: written().max(),
            authors: self.people.iter().filter(|person| wrote(person)).count() as u32,
            people: self.people.iter().filter(|person| wrote(person) || !person.supported.is_empty()).count() as u32,
            hall: self.hall,
            summary_links: summary.as_ref().map_or_else(Vec::new, |text| crate::links::find(text)),
            summary,
            polls: self.poll_views(Audience::Public),
            floor: self.floor.turns_of_sides(),
            hidden,
            appeals: (appeals, rejected),
            decisions: decided
                .map(|act| Decided {
                    at: act.at,
                    did: act.did,
                    contribution: act.contribution.filter(everyone_saw).map(|ix| self.at(ix).id),
                })
                .collect(),
            left_out: self.visible_total - view.contributions.len() as u32,
            view,
        })
    }
}
