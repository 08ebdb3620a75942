//! Looking for damage in one stream, event by event, whatever storage they come from.

use std::collections::HashMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use stimmwerk_core::ids::StreamId;
use stimmwerk_core::live::Seq;
use stimmwerk_core::said::{Commitment, SaidKey};

use crate::chain::{Link, START};
use crate::log::{Damage, Head, LoggedEvent};

/// A walk along one stream.
pub(crate) struct Check {
    stream: StreamId,
    at: Head,
    /// What each side row commits to (`None`: it was erased), and whether an event named it.
    texts: HashMap<SaidKey, (Option<Commitment>, bool)>,
    found: Vec<Damage>,
}

impl Check {
    pub(crate) fn new(stream: StreamId) -> Self {
        Self { stream, at: Head { seq: Seq(0), hash: START }, texts: HashMap::new(), found: Vec::new() }
    }

    /// A side row. All of them come before the events.
    pub(crate) fn text(&mut self, key: SaidKey, salt: &[u8], text: &[u8]) {
        let commitment = Commitment(Sha256::new_with_prefix(salt).chain_update(text).finalize().into());
        self.row(key, Some(commitment));
    }

    /// A side row that was erased, with what stands in it.
    pub(crate) fn erased(&mut self, key: SaidKey, salt: &[u8], text: &[u8]) {
        if salt.iter().chain(text).any(|byte| *byte != 0) {
            self.damage(Seq(0), format!("the text {key} was erased and is not empty"));
        }
        self.row(key, None);
    }

    fn row(&mut self, key: SaidKey, commitment: Option<Commitment>) {
        if self.texts.insert(key, (commitment, false)).is_some() {
            self.damage(Seq(0), format!("there are two texts {key}"));
        }
    }

    /// The next event.
    pub(crate) fn event(&mut self, event: &LoggedEvent) {
        if event.seq != self.at.seq.next() {
            self.damage(event.seq, format!("follows event {}", self.at.seq));
        }
        // Goes on from what is stored, so that one damaged event is one finding.
        if event.hash != Link::logged(self.stream, event).hash(&self.at.hash) {
            self.damage(event.seq, "its hash does not fit".to_owned());
        }
        self.at = Head { seq: event.seq, hash: event.hash };
        for (key, commitment) in said(&event.body) {
            let Some((found, named)) = self.texts.get_mut(&key) else {
                self.damage(event.seq, format!("its text {key} is missing"));
                continue;
            };
            *named = true;
            if found.is_some_and(|found| found != commitment) {
                self.damage(event.seq, format!("its text {key} is not the one it was written with"));
            }
        }
    }

    /// The end, as the storage knows it beside the events.
    pub(crate) fn finish(mut self, head: Head) -> Vec<Damage> {
        if self.at != head {
            self.damage(head.seq, format!("the stream's head is not its last event, {}", self.at.seq));
        }
        let mut stray: Vec<_> = self.texts.iter().filter(|(_, (_, named))| !named).map(|(key, _)| *key).collect();
        stray.sort_unstable();
        for key in stray {
            self.damage(Seq(0), format!("no event names the text {key}"));
        }
        self.found
    }

    fn damage(&mut self, seq: Seq, what: String) {
        self.found.push(Damage { stream: self.stream, seq, what });
    }
}

/// Every `{"key": …, "commitment": …}` in a body. Bodies of older versions are of shapes this crate does not know, so
/// they are found by this form alone.
fn said(body: &[u8]) -> Vec<(SaidKey, Commitment)> {
    // Most events that hold no text are done with here.
    if !body.windows(12).any(|part| part == b"\"commitment\"") {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut open: Vec<Value> = serde_json::from_slice(body).into_iter().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                if let (2, Some(Value::String(key)), Some(commitment)) =
                    (members.len(), members.get("key"), members.get("commitment"))
                    && let (Ok(key), Ok(commitment)) = (key.parse(), serde_json::from_value(commitment.clone()))
                {
                    found.push((key, commitment));
                } else {
                    open.extend(members.into_iter().map(|(_, member)| member));
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_body_then_texts_are_found_at_any_depth_by_their_exact_form() {
        let key = "00000000-0000-0000-0000-000000000001";
        let hex = "ab".repeat(32);
        let said_at = |json: String| said(json.as_bytes()).len();
        assert_eq!(said_at(format!(r#"{{"a":[{{"b":{{"key":"{key}","commitment":"{hex}"}}}}]}}"#)), 1);
        assert_eq!(said_at(format!(r#"{{"key":"{key}","commitment":"{hex}"}}"#)), 1);
        assert_eq!(said_at(format!(r#"{{"key":"{key}","commitment":"{hex}","more":1}}"#)), 0);
        assert_eq!(said_at(format!(r#"{{"key":"{key}","commitment":"short"}}"#)), 0);
        assert_eq!(said_at("not json \"commitment\"".to_owned()), 0);
    }
}
