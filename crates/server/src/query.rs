//! What the addresses of pages and of the API ask for in the same words: parts of a forum, searches, logs, records.
//! Handlers of both take these as axum's `Query`.
//! Here words become the domain's values; nothing is read.

use serde::Deserialize;
use stimmwerk_core::forum::{Search, Sort};
use stimmwerk_core::ids::TopicId;
use stimmwerk_core::live::{Seq, WindowRequest};
use utoipa::IntoParams;

use crate::problem::{Answer, Fault};
use crate::use_cases::admission::Admission;

/// Which part of a forum.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ForumQuery {
    /// Only what lies before this position.
    pub before: Option<u64>,
    /// Down to this position.
    pub from: Option<u64>,
    /// Only this topic.
    #[param(value_type = Option<String>)]
    pub topic: Option<TopicId>,
}

impl ForumQuery {
    /// As the domain takes it.
    pub fn window(&self) -> WindowRequest {
        WindowRequest { before: self.before, from: self.from, topic: self.topic }
    }
}

/// What is looked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// `newest`, `supported` or `unanswered`.
    #[serde(default)]
    pub sort: String,
    /// Words that all stand in the text or the name.
    #[serde(default)]
    pub q: String,
    /// Only this topic.
    #[serde(default)]
    pub topic: String,
    /// How many hits were shown before; the answer's `next` says it for the next page.
    #[serde(default)]
    pub after: usize,
}

impl SearchQuery {
    /// As the domain takes it.
    ///
    /// # Errors
    /// There is no such order.
    pub fn search(&self) -> Answer<Search> {
        let sort = match self.sort.as_str() {
            "" => Sort::Newest,
            word => Sort::parse(word).ok_or_else(|| Fault::bad_request(format!("unknown order {word}")))?,
        };
        // More than a line is no search.
        let words = self.q.chars().take(200).collect();
        Ok(Search { sort, words, topic: self.topic.parse().ok(), after: self.after })
    }
}

/// Which part of a log.
#[derive(Clone, Copy, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LogQuery {
    /// Only what happened before this event.
    pub before: Option<u64>,
}

impl LogQuery {
    /// As the domain takes it.
    pub fn seq(self) -> Option<Seq> {
        self.before.map(Seq)
    }
}

/// How a record is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RecordQuery {
    /// `json` or `csv`.
    pub format: Option<String>,
    /// `1`: with names; moderators only.
    pub names: Option<String>,
}

impl RecordQuery {
    /// With names? Only moderators get them.
    pub fn names(&self, admission: &Admission) -> bool {
        self.names.as_deref() == Some("1") && admission.position.moderates
    }
}
