//! What is sent of a stream as text frames, each about [`FRAME_TARGET`] long at most.
//! The broadcaster encodes changes here; the handle encodes what a single reader asked for.
//! Frames hold what `audience` may see of the given state and nothing else.

use std::fmt::Write;

use axum::extract::ws::Utf8Bytes;
use serde::Serialize;
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::Forum;
use stimmwerk_core::ids::{StreamId, TopicId};
use stimmwerk_core::live::{
    Delta, FRAME_TARGET, LiveTypes, Page, Presence, Resync, Seq, ServerFrame, Snapshot, WindowRequest,
};
use stimmwerk_core::people::Audience;

/// The most frames of one snapshot with its pages: about 1 MiB. A reader with a longer window asks for further pages.
const MAX_FRAMES: usize = 128;

pub(super) fn frame<L: LiveTypes>(frame: &ServerFrame<L>) -> Utf8Bytes {
    serde_json::to_string(frame).expect("frames are plain data").into()
}

pub(super) fn presence_frame<L: LiveTypes>(stream: StreamId, people: u32) -> Utf8Bytes {
    frame::<L>(&ServerFrame::Presence(Presence { stream, people }))
}

/// The frame that tells a reader that it fell behind.
pub fn resync_frame(stream: StreamId) -> Utf8Bytes {
    // This frame is the same for every kind of stream.
    frame::<Forum>(&ServerFrame::Resync(Resync { stream }))
}

/// The frames with all changes after `after`: see [`range_frames`].
pub(super) fn delta_frames<D: Domain>(
    stream: StreamId,
    state: &D::State,
    after: Seq,
    audience: Audience,
) -> Vec<Utf8Bytes> {
    range_frames(stream, after, D::seq(state), encode_deltas::<D>(state, after, audience))
}

/// What changed after a number for an audience: each delta as JSON, with its own number.
pub(super) fn encode_deltas<D: Domain>(state: &D::State, after: Seq, audience: Audience) -> Vec<(Seq, String)> {
    D::deltas(state, after, audience).iter().map(|delta| (delta.seq(), json(delta))).collect()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("what is sent is plain data")
}

/// Encoded deltas as frames that lead from `after` to `head`, each below [`FRAME_TARGET`]. A range ends where a number
/// ends. Where one number fills several frames, they repeat its start: a reader that loses one of them asks for all of
/// them again.
pub(super) fn range_frames(stream: StreamId, after: Seq, head: Seq, deltas: Vec<(Seq, String)>) -> Vec<Utf8Bytes> {
    // Each delta is encoded once. So the frame around it is written by hand; a test compares it to `ServerFrame::Deltas`.
    let write = |from: Seq, to: Seq, part: &[(Seq, String)]| -> Utf8Bytes {
        let size: usize = part.iter().map(|(_, json)| json.len() + 1).sum();
        let mut text = String::with_capacity(size + 128);
        let _ = write!(text, r#"{{"type":"deltas","stream":"{stream}","after":{from},"seq":{to},"deltas":["#);
        for (nth, (_, json)) in part.iter().enumerate() {
            if nth > 0 {
                text.push(',');
            }
            text.push_str(json);
        }
        text.push_str("]}");
        text.into()
    };
    let mut frames = Vec::new();
    let (mut from, mut start, mut size) = (after, 0, 0);
    for (nth, (seq, json)) in deltas.iter().enumerate() {
        if nth > start && size + json.len() + 160 > FRAME_TARGET {
            let (before, _) = &deltas[nth - 1];
            let to = if before < seq { *before } else { from };
            frames.push(write(from, to, &deltas[start..nth]));
            (from, start, size) = (to, nth, 0);
        }
        size += json.len() + 1;
    }
    frames.push(write(from, head, &deltas[start..]));
    frames
}

/// A snapshot for a reader who shows everything from position `from` on. The first frame holds the newest part. What is
/// not part of any window and too long for that frame follows as changes that lead from its number to the same number.
/// The rest of the window follows as pages. Also returns the position at which all of it begins.
pub(super) fn snapshot_frames<D: Domain>(
    stream: StreamId,
    state: &D::State,
    audience: Audience,
    from: Option<u64>,
) -> (Vec<Utf8Bytes>, u64) {
    let newest = D::page_start(state, audience, None, None);
    let asked = from.map_or(newest, |from| from.min(newest));
    let window = WindowRequest { from: Some(asked), ..WindowRequest::default() };
    // Only what fits into the frame is built; the rest comes in pages.
    let mut view = D::view_within(state, audience, &window, FRAME_TARGET);
    let set_aside = D::set_aside(&mut view, FRAME_TARGET / 2);
    D::shorten(&mut view, FRAME_TARGET);
    let seq = D::seq(state);
    let mut start = D::window_start(&view);
    let mut frames = vec![frame::<D>(&ServerFrame::Snapshot(Snapshot { stream, seq, audience, view }))];
    if !set_aside.is_empty() {
        let put = |(key, value)| (seq, json(&Delta::Put::<D::Key, D::Value> { key, seq, value }));
        frames.extend(range_frames(stream, seq, seq, set_aside.into_iter().map(put).collect()));
    }
    if start > asked {
        start = page_frames::<D>(stream, state, audience, start, asked, None, &mut frames);
    }
    (frames, start)
}

/// Adds what lies between the positions `goal` and `before` to `frames`, up to [`MAX_FRAMES`] of them but at least one.
/// Each page says where it begins, so a reader knows from where to ask on. Returns where the last page begins.
pub(super) fn page_frames<D: Domain>(
    stream: StreamId,
    state: &D::State,
    audience: Audience,
    before: u64,
    goal: u64,
    topic: Option<TopicId>,
    frames: &mut Vec<Utf8Bytes>,
) -> u64 {
    let mut reached = before;
    loop {
        let request = WindowRequest { before: Some(reached), from: Some(goal), topic };
        let mut view = D::view_within(state, audience, &request, FRAME_TARGET);
        D::shorten(&mut view, FRAME_TARGET);
        reached = D::window_start(&view);
        frames.push(frame::<D>(&ServerFrame::Page(Page { stream, seq: D::seq(state), view })));
        if reached <= goal || frames.len() >= MAX_FRAMES {
            return reached;
        }
    }
}
