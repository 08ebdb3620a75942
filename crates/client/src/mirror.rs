//! A view kept from live frames, which notices what is missing.

use stimmwerk_core::forum::Forum;
use stimmwerk_core::live::{LiveTypes, Seq, ServerFrame};
use stimmwerk_core::people::Audience;

/// The server broke the promise of contiguous ranges.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A range begins elsewhere than where the reader stands.
    #[error("the reader has {have}, the range begins after {after} and ends at {seq}")]
    Gap {
        /// What the reader has.
        have: Seq,
        /// Where the range begins.
        after: Seq,
        /// Where it ends.
        seq: Seq,
    },
    /// A range ends before it begins.
    #[error("a range from {after} to {seq}")]
    Backwards {
        /// Where it begins.
        after: Seq,
        /// Where it ends.
        seq: Seq,
    },
    /// Changes or a page came before any snapshot.
    #[error("changes before a snapshot")]
    Early,
    /// A page is older than the view it is put under, so that changes in between are lost.
    #[error("a page of {page} for a view of {have}")]
    OldPage {
        /// As of which number the page is.
        page: Seq,
        /// What the reader has.
        have: Seq,
    },
}

/// The view of one subscription. Pure: frames in, view out.
#[derive(Clone, Debug)]
pub struct Mirror<L: LiveTypes> {
    seq: Seq,
    view: Option<L::View>,
    own: Option<(Seq, L::Own)>,
    audience: Option<Audience>,
}

/// The view of a forum.
pub type ForumMirror = Mirror<Forum>;

impl<L: LiveTypes> Default for Mirror<L> {
    fn default() -> Self {
        Self { seq: Seq(0), view: None, own: None, audience: None }
    }
}

impl<L: LiveTypes> Mirror<L> {
    /// What the mirror has, to subscribe with. `None`: nothing yet.
    pub fn after(&self) -> Option<Seq> {
        self.view.is_some().then_some(self.seq)
    }

    /// The view.
    pub fn view(&self) -> Option<&L::View> {
        self.view.as_ref()
    }

    /// The newest personal view.
    pub fn own(&self) -> Option<&L::Own> {
        self.own.as_ref().map(|(_, own)| own)
    }

    /// As whom the snapshot was given.
    pub fn audience(&self) -> Option<Audience> {
        self.audience
    }

    /// Takes a frame of this subscription in; other kinds of frame are passed over. Whether anything changed.
    ///
    /// # Errors
    /// The frame does not follow what came before. The mirror is then as it was.
    pub fn take(&mut self, frame: ServerFrame<L>) -> Result<bool, Violation> {
        match frame {
            ServerFrame::Snapshot(snapshot) => {
                self.seq = snapshot.seq;
                self.audience = Some(snapshot.audience);
                self.view = Some(snapshot.view);
            }
            ServerFrame::Deltas(range) => {
                let view = self.view.as_mut().ok_or(Violation::Early)?;
                let (after, seq) = (range.after, range.seq);
                if after != self.seq {
                    return Err(Violation::Gap { have: self.seq, after, seq });
                }
                // A part of a longer range repeats its start, so that it is asked again if the rest is lost.
                if seq < after {
                    return Err(Violation::Backwards { after, seq });
                }
                L::apply_deltas(view, &range.deltas);
                self.seq = seq;
            }
            ServerFrame::Own(own) => {
                if self.own.as_ref().is_some_and(|(have, _)| *have > own.seq) {
                    return Ok(false);
                }
                self.own = Some((own.seq, own.view));
            }
            ServerFrame::Page(page) => {
                let view = self.view.as_mut().ok_or(Violation::Early)?;
                if page.seq < self.seq {
                    return Err(Violation::OldPage { page: page.seq, have: self.seq });
                }
                L::append_page(view, page.view);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use stimmwerk_core::forum::{FloorView, ForumView, Header, Mode, People, Stage, Totals, Waiting, Window};
    use stimmwerk_core::ids::{ForumId, ProcessId, StreamId};
    use stimmwerk_core::live::{Deltas, Page, Snapshot};
    use stimmwerk_core::said::{Lang, Texts};
    use uuid::Uuid;

    use super::*;

    const STREAM: StreamId = StreamId(Uuid::nil());

    fn snapshot(seq: u64) -> ServerFrame<Forum> {
        let forum = Header {
            id: ForumId(Uuid::nil()),
            process: ProcessId(Uuid::nil()),
            title: Texts::of(Lang::german(), "Forum"),
            mode: Mode::Open,
            until: None,
            waiting: Waiting::None,
        };
        let view = ForumView {
            forum,
            totals: Totals::default(),
            polls: Vec::new(),
            stage: Stage::default(),
            floor: FloorView::default(),
            topics: Vec::new(),
            contributions: Vec::new(),
            waiting: Vec::new(),
            attention: Vec::new(),
            people: People::default(),
            window: Window::default(),
        };
        ServerFrame::Snapshot(Snapshot { stream: STREAM, seq: Seq(seq), audience: Audience::Public, view })
    }

    fn range(after: u64, seq: u64) -> ServerFrame<Forum> {
        ServerFrame::Deltas(Deltas { stream: STREAM, after: Seq(after), seq: Seq(seq), deltas: Vec::new() })
    }

    #[test]
    fn given_contiguous_ranges_and_parts_when_taken_then_the_mirror_follows() {
        let mut mirror = ForumMirror::default();
        for frame in [snapshot(7), range(7, 7), range(7, 7), range(7, 12), range(12, 13)] {
            mirror.take(frame).unwrap();
        }
        assert_eq!(mirror.after(), Some(Seq(13)));
    }

    #[test]
    fn given_a_missing_or_repeated_range_when_taken_then_it_is_a_violation() {
        let mut mirror = ForumMirror::default();
        assert_eq!(mirror.take(range(0, 3)), Err(Violation::Early));
        mirror.take(snapshot(7)).unwrap();
        assert_eq!(mirror.take(range(8, 9)), Err(Violation::Gap { have: Seq(7), after: Seq(8), seq: Seq(9) }));
        assert_eq!(mirror.take(range(6, 9)), Err(Violation::Gap { have: Seq(7), after: Seq(6), seq: Seq(9) }));
        assert_eq!(mirror.take(range(7, 6)), Err(Violation::Backwards { after: Seq(7), seq: Seq(6) }));
        assert_eq!(mirror.after(), Some(Seq(7)));
    }

    #[test]
    fn given_a_page_older_than_the_view_when_taken_then_it_is_a_violation() {
        let mut mirror = ForumMirror::default();
        mirror.take(snapshot(7)).unwrap();
        let ServerFrame::Snapshot(Snapshot { view, .. }) = snapshot(6) else { unreachable!() };
        let page = ServerFrame::Page(Page { stream: STREAM, seq: Seq(6), view });
        assert_eq!(mirror.take(page), Err(Violation::OldPage { page: Seq(6), have: Seq(7) }));
    }
}
