//! Addresses of pages. Ids, positions and codes are all they carry, so nothing needs to be decoded.

use stimmwerk_core::forum::Mode;
use stimmwerk_core::ids::{ContributionId, FloorId, ForumId, ParticipantId, PollId, TopicId};

/// The value of a query parameter.
pub fn parameter<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = path.split_once('?')?;
    let query = query.split_once('#').map_or(query, |(query, _)| query);
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(have, _)| *have == name).map(|(_, value)| value)
}

/// The address without a query parameter.
#[cfg(feature = "ssr")]
pub fn without(path: &str, name: &str) -> String {
    let Some((start, query)) = path.split_once('?') else { return path.to_owned() };
    let mut kept = query.split('&').filter(|pair| pair.split('=').next() != Some(name));
    let mut result = start.to_owned();
    if let Some(first) = kept.next() {
        result.push('?');
        result.push_str(first);
    }
    for pair in kept {
        result.push('&');
        result.push_str(pair);
    }
    result
}

/// What the composer of a forum page is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Writing {
    /// A new contribution.
    #[default]
    New,
    /// A reply to this one.
    Reply(ContributionId),
    /// Other words for this own one.
    Edit(ContributionId),
    /// Something more to this own one.
    Add(ContributionId),
}

impl Writing {
    /// As the address of a page says it.
    pub fn of(path: &str) -> Self {
        let id = |name| parameter(path, name).and_then(|id| id.parse().ok());
        let more = || id("edit").map(Self::Edit).or_else(|| id("add").map(Self::Add));
        id("reply").map(Self::Reply).or_else(more).unwrap_or_default()
    }

    /// Is it about an own contribution that is there already?
    pub fn changes(self) -> bool {
        matches!(self, Self::Edit(_) | Self::Add(_))
    }

    /// Does the state of a forum let it be written, by staff or others? As core judges it: while only staff write, others
    /// may still put right what they just wrote.
    pub fn fits(self, mode: Mode, staff: bool) -> bool {
        match mode {
            Mode::Open | Mode::Slow { .. } => true,
            Mode::Locked => staff || matches!(self, Self::Edit(_)),
            Mode::Closed => false,
        }
    }
}

/// A page of a forum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForumPlace {
    /// The forum.
    pub forum: ForumId,
    /// The staff page?
    pub moderation: bool,
    /// Only this topic.
    pub topic: Option<TopicId>,
    /// Only what lies before this position.
    pub before: Option<u64>,
}

impl ForumPlace {
    /// Its address.
    pub fn href(self) -> String {
        self.href_writing(Writing::New)
    }

    /// Its address with the composer in a mode.
    pub fn href_writing(self, writing: Writing) -> String {
        let mut href = String::from("/f/");
        href.push_str(&self.forum.to_string());
        if self.moderation {
            href.push_str("/moderation");
        }
        let mut mark = '?';
        let mut add = |name: &str, value: String| {
            href.push(mark);
            href.push_str(name);
            href.push('=');
            href.push_str(&value);
            mark = '&';
        };
        if let Some(topic) = self.topic {
            add("topic", topic.to_string());
        }
        if let Some(before) = self.before {
            add("before", before.to_string());
        }
        match writing {
            Writing::New => {}
            Writing::Reply(id) => add("reply", id.to_string()),
            Writing::Edit(id) => add("edit", id.to_string()),
            Writing::Add(id) => add("add", id.to_string()),
        }
        href
    }
}

/// The page of one contribution.
pub fn thread(forum: ForumId, contribution: ContributionId) -> String {
    let mut href = String::from("/f/");
    href.push_str(&forum.to_string());
    href.push_str("/c/");
    href.push_str(&contribution.to_string());
    href
}

/// Where writes of a forum go.
pub fn api(forum: ForumId, rest: &str) -> String {
    let mut path = String::from("/api/v1/forums/");
    path.push_str(&forum.to_string());
    path.push_str(rest);
    path
}

/// Where writes about a contribution go.
pub fn api_of(forum: ForumId, contribution: ContributionId, verb: &str) -> String {
    let mut path = api(forum, "/contributions/");
    path.push_str(&contribution.to_string());
    path.push_str(verb);
    path
}

/// Where commands about all that waits of a person go.
pub fn of_person(forum: ForumId, person: ParticipantId, verb: &str) -> String {
    let mut path = api(forum, "/participants/");
    path.push_str(&person.to_string());
    path.push_str(verb);
    path
}

/// Where commands about an entry of the speaking list go.
pub fn of_floor(forum: ForumId, entry: FloorId, verb: &str) -> String {
    let mut path = api(forum, "/speaking-list/");
    path.push_str(&entry.to_string());
    path.push_str(verb);
    path
}

/// Where commands to a poll go.
pub fn api_of_poll(poll: PollId, verb: &str) -> String {
    let mut path = String::from(POLLS);
    path.push_str(&poll.to_string());
    path.push_str(verb);
    path
}

/// Where all commands to polls go.
pub const POLLS: &str = "/api/v1/polls/";

/// The page of a poll, or one beside it.
pub fn poll(poll: PollId, rest: &str) -> String {
    let mut path = String::from("/p/");
    path.push_str(&poll.to_string());
    path.push_str(rest);
    path
}

/// The anchor of a contribution.
pub fn anchor(contribution: ContributionId) -> String {
    let mut id = String::from("c-");
    id.push_str(&contribution.to_string());
    id
}

/// Where a form goes to be in another language: the page comes again with what is being typed in it. `action` is where
/// the form would be sent, `page` the address of its page. A button leads there (`formaction`), named `interface`.
#[cfg(feature = "ssr")]
pub fn in_language(action: &str, page: &str) -> String {
    let mut to = String::from("/api/v1/language?form=");
    escape(&mut to, action);
    to.push_str("&page=");
    escape(&mut to, &without(page, "lang"));
    to
}

/// Writes a value of a query (RFC 3986, section 2.3).
#[cfg(feature = "ssr")]
fn escape(to: &mut String, value: &str) {
    use std::fmt::Write;
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            to.push(char::from(byte));
        } else {
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_an_address_then_its_parameters_are_found() {
        assert_eq!(parameter("/f/1?topic=2&before=3#c", "before"), Some("3"));
        assert_eq!(parameter("/f/1", "before"), None);
    }

    #[cfg(feature = "ssr")]
    #[test]
    fn given_an_address_then_a_parameter_is_taken_out() {
        assert_eq!(without("/f/1?lang=de&topic=2", "lang"), "/f/1?topic=2");
        assert_eq!(without("/join?code=X&lang=de", "lang"), "/join?code=X");
        assert_eq!(without("/?lang=de", "lang"), "/");
    }

    #[test]
    fn given_a_place_when_written_and_read_then_the_composer_is_in_the_same_mode() {
        let place = ForumPlace {
            forum: ForumId(uuid::Uuid::from_u128(1)),
            moderation: false,
            topic: Some(TopicId(uuid::Uuid::from_u128(2))),
            before: Some(7),
        };
        let id = ContributionId(uuid::Uuid::from_u128(3));
        for writing in [Writing::New, Writing::Reply(id), Writing::Edit(id), Writing::Add(id)] {
            assert_eq!(Writing::of(&place.href_writing(writing)), writing);
        }
        assert_eq!(parameter(&place.href(), "before"), Some("7"));
    }

    #[test]
    fn given_a_locked_forum_then_only_staff_write_but_anyone_may_put_own_words_right() {
        let id = ContributionId(uuid::Uuid::from_u128(3));
        let fits = |mode, staff| {
            [Writing::New, Writing::Reply(id), Writing::Add(id), Writing::Edit(id)].map(|one| one.fits(mode, staff))
        };
        assert_eq!(fits(Mode::Slow { seconds: 30 }, false), [true; 4]);
        assert_eq!(fits(Mode::Locked, false), [false, false, false, true]);
        assert_eq!(fits(Mode::Locked, true), [true; 4]);
        assert_eq!(fits(Mode::Closed, true), [false; 4]);
    }
}
