//! Reading that is asked for and not followed live: search, one thread, the log of what staff did, the record.

use super::state::Ix;
use super::view::{ActView, ContributionView, Record, Sort};
use super::{ForumState, ForumView, Status};
use crate::ids::{ContributionId, TopicId};
use crate::live::{PAGE, Seq};
use crate::people::Audience;

/// The most replies one thread shows, and the most contributions of a record.
const MOST: usize = 5_000;

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The order.
    pub sort: Sort,
    /// All of these words stand in the text or the name, case aside.
    pub words: String,
    /// Only this topic.
    pub topic: Option<TopicId>,
}

impl ForumState {
    /// What fits a search, at most one page of it.
    pub fn search(&self, audience: Audience, search: &Search) -> Vec<ContributionView> {
        let words: Vec<String> = search.words.split_whitespace().take(12).map(str::to_lowercase).collect();
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
                let name = self.people[one.author as usize].name.as_ref().map_or("", |name| name.as_str());
                let text = format!("{} {name}", one.text.as_str()).to_lowercase();
                words.iter().all(|word| text.contains(word))
            }
        };
        let mut found: Vec<Ix> = match search.sort {
            Sort::Unanswered => self.listed.values().copied().filter(|ix| fits(*ix)).take(PAGE).collect(),
            Sort::Newest => self.listed.values().rev().copied().filter(|ix| fits(*ix)).take(PAGE).collect(),
            Sort::Supported => {
                let mut all: Vec<Ix> = self.listed.values().rev().copied().filter(|ix| fits(*ix)).collect();
                all.sort_by_key(|ix| std::cmp::Reverse(self.at(*ix).supporters.len()));
                all
            }
        };
        found.truncate(PAGE);
        found.into_iter().filter_map(|ix| self.contribution_view(ix, audience)).collect()
    }

    /// A contribution, what it answers, and what answers it, oldest first. `None` if it cannot be seen.
    pub fn thread(&self, id: ContributionId, audience: Audience) -> Option<Vec<ContributionView>> {
        let ix = self.find(id)?;
        let this = self.contribution_view(ix, audience)?;
        let mut thread: Vec<ContributionView> =
            self.at(ix).reply_to.and_then(|parent| self.contribution_view(parent, audience)).into_iter().collect();
        thread.push(this);
        let replies = self.listed.values().filter(|reply| self.at(**reply).reply_to == Some(ix)).take(MOST);
        thread.extend(replies.filter_map(|reply| self.contribution_view(*reply, audience)));
        Some(thread)
    }

    /// What staff did before event `before`, newest first, at most one page.
    pub fn acts(&self, before: Option<Seq>) -> Vec<ActView> {
        self.acts
            .iter()
            .rev()
            .filter(|act| before.is_none_or(|before| act.seq < before))
            .take(PAGE)
            .map(|act| ActView {
                seq: act.seq,
                at: act.at,
                by: act.by,
                did: act.did,
                contribution: act.contribution.map(|ix| self.at(ix).id),
            })
            .collect()
    }

    /// What a moderator wrote for the record.
    pub fn summary_text(&self) -> Option<&str> {
        self.summary.as_ref()?.text.as_deref()
    }

    /// The record.
    pub fn record(&self, names: bool) -> Option<Record> {
        let mut view = self.header().map(|forum| ForumView {
            forum,
            totals: super::Totals { contributions: self.visible_total, waiting: None },
            topics: (0..self.topics.len() as Ix).map(|ix| self.topic_view(ix)).collect(),
            contributions: Vec::new(),
            waiting: Vec::new(),
            attention: Vec::new(),
            window: super::Window::default(),
        })?;
        let seen = self.listed.values().filter(|ix| self.at(**ix).status == Status::Visible).take(MOST);
        view.contributions = seen.filter_map(|ix| self.contribution_view(*ix, Audience::Public)).collect();
        if !names {
            for one in &mut view.contributions {
                one.author.name = None;
                one.author.number = 0;
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
        let written = || view.contributions.iter().map(|one| one.at);
        Some(Record {
            seq: self.seq,
            from: written().min(),
            to: written().max(),
            authors: self.people.iter().filter(|person| !person.contributions.is_empty()).count() as u32,
            people: self.people.iter().filter(|one| !one.contributions.is_empty() || !one.supported.is_empty()).count()
                as u32,
            hall: self.hall,
            summary_html: summary.as_ref().and_then(|text| crate::markdown::render(text)),
            summary,
            hidden,
            appeals: (appeals, rejected),
            view,
        })
    }
}
