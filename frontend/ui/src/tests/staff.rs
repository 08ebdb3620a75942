//! The pages of staff, in every state.

use std::collections::{BTreeMap, BTreeSet};

use stimmwerk_core::forum::{
    ActView, AdditionView, AppealView, ClaimView, ContributionView, Decided, Did, FloorEntryView, FloorView, HallView,
    Header, HiddenView, HideReason, Mode, People, Record, ReportReason, ReportView, Reported, SpeakingView, Stage,
    TopicView, Totals, Waiting,
};
use stimmwerk_core::ids::{CommandId, ContributionId, ForumId, ParticipantId, PollId, ProcessId, TopicId};
use stimmwerk_core::live::{Problem, Seq};
use stimmwerk_core::people::Role;
use stimmwerk_core::poll::{Electorate, Phase, PollHeader, PollView, Turnout};
use stimmwerk_core::tally::{Majority, Method, Quorum};
use stimmwerk_core::time::{Timestamp, Zone};

use super::{Kind, boxed, markup};
use crate::data::{Me, PageData, Refused, Shell};
use crate::pages::{Codes, DeskPage, Languages, LogPage, Logged, Place, PreparePage, RecordPage};
use crate::sample::{self, HOSTILE, NOW, me, texts, uuid};
use crate::{LANGUAGES, direction, document};

const MINUTE: i64 = 60_000;

/// Ten people wrote what there is, and one moderator is at some of it.
fn author_of(n: u128) -> u32 {
    (n % 10) as u32 + 1
}

const MODERATOR: u32 = 11;

fn people(moderator: &str) -> People {
    let mut people = sample::people((1..MODERATOR).map(|number| (number, "Yusuf")));
    people.0.extend(sample::people([(MODERATOR, moderator)]).0);
    for (number, person) in &mut people.0 {
        let uuid = if *number == MODERATOR { uuid(9) } else { uuid(999 + u128::from(*number)) };
        person.participant = Some(ParticipantId(uuid));
    }
    people
}

fn contribution(n: u128, text: &str, minutes: i64) -> ContributionView {
    ContributionView {
        author: author_of(n),
        at: Timestamp(NOW - minutes * MINUTE),
        topic: Some(TopicId(uuid(500))),
        ..sample::contribution(n as u64, text)
    }
}

fn hidden(appeal: Option<AppealView>, text: &str) -> HiddenView {
    let by = Some(ParticipantId(uuid(77)));
    HiddenView { reason: HideReason::Insult, note: Some(text.into()), by, appeal }
}

/// A desk with everything on it, each text as given.
fn desk(text: &str) -> DeskPage {
    let said = || Some(text.into());
    let waiting = |n, minutes| ContributionView { waits: true, ..contribution(n, text, minutes) };
    let mut claimed = waiting(52, 3);
    claimed.claim = Some(ClaimView { by: MODERATOR, at: Timestamp(NOW - MINUTE) });
    let mut stale = waiting(53, 0);
    stale.claim = Some(ClaimView { by: MODERATOR, at: Timestamp(NOW - 6 * MINUTE) });
    stale.reply_to = Some(ContributionId(uuid(40)));
    let same_person = waiting(61, 1);
    let report = |what, reason, text| ReportView { what, reason, text, at: Timestamp(NOW) };
    let mut reported = contribution(40, text, 90);
    reported.reports = vec![
        report(Reported::Text, ReportReason::Insult, said()),
        report(Reported::Text, ReportReason::Insult, None),
        report(Reported::Name, ReportReason::Other, None),
    ];
    let mut changed = contribution(41, text, 80);
    changed.pending = said();
    let mut added = contribution(42, text, 70);
    added.addition = said();
    added.additions = vec![AdditionView { text: text.into(), links: Vec::new(), at: Timestamp(NOW) }];
    let mut appealed = contribution(43, "", 60);
    appealed.hidden =
        Some(hidden(Some(AppealView { text: text.into(), at: Timestamp(NOW), rejected: false, note: None }), text));
    let mut spoken = contribution(44, text, 50);
    spoken.hall = Some(HallView { name: said() });
    let mut gone = contribution(45, "", 40);
    gone.hidden = Some(hidden(None, text));
    let contributions = vec![gone, spoken, appealed.clone(), added.clone(), changed.clone(), reported.clone()];
    let mut page = sample::forum_page(contributions);
    page.view.forum = header(text);
    page.view.people = people(text);
    page.view.totals = Totals { contributions: 6, waiting: Some(8) };
    page.view.topics = vec![TopicView { id: TopicId(uuid(500)), title: texts(text) }];
    page.view.waiting = vec![waiting(51, 12), claimed, stale, same_person];
    page.view.attention = vec![reported, changed, added, appealed];
    page.view.window.from = 40;
    page.moderates = true;
    let mut details = Vec::new();
    for (at, (phase, method)) in polls().into_iter().enumerate() {
        let mut poll = sample::poll(600 + at as u128, phase, text, method);
        poll.until = (phase == Phase::Open).then_some(Timestamp(NOW + 65_000));
        poll.question.electorate = if phase == Phase::Draft { Electorate::Cards } else { Electorate::Devices };
        poll.closing = at == 2;
        page.view.polls.push(sample::poll_place(at as u32 + 1, &poll));
        let turnout = Turnout { online: 12, hands: 3, paper: 0, entitled: (phase == Phase::Draft).then_some(0) };
        details.push((poll.id, PollView { poll: Some(poll), turnout, ..PollView::default() }));
    }
    page.view.stage = Stage::Contributions { contributions: vec![ContributionId(uuid(40)), ContributionId(uuid(44))] };
    page.view.floor = FloorView {
        open: true,
        seconds: 120,
        entries: vec![
            FloorEntryView { pinned: true, turns: 2, ..sample::speaker(701, Some(text)) },
            FloorEntryView { hall: true, interpreted: true, ..sample::speaker(702, None) },
        ],
        speaking: Some(SpeakingView {
            entry: sample::speaker(700, Some(text)),
            since: Timestamp(NOW - 55_000),
            seconds: 120,
        }),
    };
    let codes = Codes {
        spoken: "BCDF GHJK".to_owned(),
        url: "https://stimm.example/j/abcdef".to_owned(),
        picture: "<svg viewBox=\"0 0 2 2\"><path d=\"M0 0h1v1\"/></svg>".to_owned(),
    };
    DeskPage { forum: page, codes: Some(codes), polls: details }
}

/// A poll in every phase, and one that is being closed.
fn polls() -> [(Phase, Method); 5] {
    [
        (Phase::Draft, Method::Single),
        (Phase::Open, Method::YesNo),
        (Phase::Open, Method::Scale { steps: 5 }),
        (Phase::Closed, Method::Multiple { min: 1, max: 2 }),
        (Phase::Revealed, Method::Ranking),
    ]
}

fn prepare(poll: Option<PollHeader>) -> Kind {
    boxed(PreparePage {
        process: ProcessId(uuid(3)),
        forum: Some(ForumId(uuid(2))),
        poll,
        idempotency_key: CommandId(uuid(77)),
    })
}

fn header(title: &str) -> Header {
    Header { mode: Mode::Slow { seconds: 60 }, waiting: Waiting::FirstOfGuest, ..sample::header(title) }
}

fn place(text: &str, moderates: bool) -> Place {
    Place { own: None, moderates, ..sample::place(desk(text).forum) }
}

fn all_acts() -> Vec<Did> {
    vec![
        Did::Titled,
        Did::TopicAdded,
        Did::Spoken,
        Did::Approved,
        Did::Hidden { reason: HideReason::Hatred },
        Did::ChangeRefused,
        Did::Restored,
        Did::PutBack,
        Did::Dismissed,
        Did::AppealRejected,
        Did::NameReset,
        Did::ShutOut,
        Did::LetIn,
        Did::Erased,
        Did::StateSet { mode: Mode::Open },
        Did::StateSet { mode: Mode::Slow { seconds: 30 } },
        Did::StateSet { mode: Mode::Locked },
        Did::StateSet { mode: Mode::Closed },
        Did::WaitingSet { waiting: Waiting::All },
        Did::Summarised,
        Did::HallCounted,
        Did::FloorGiven,
        Did::FloorDropped,
        Did::FloorPinned,
        Did::FloorUnpinned,
        Did::Staged,
        Did::PollOpened { poll: PollId(uuid(600)) },
        Did::PollClosed { poll: PollId(uuid(600)) },
        Did::PollRevealed { poll: PollId(uuid(600)) },
    ]
}

fn log(name: &str) -> Kind {
    let act = |(at, did)| {
        let by = (at % 3 != 2).then(|| ParticipantId(uuid(9)));
        let act = ActView {
            seq: Seq(900 - at as u64),
            at: Some(Timestamp(NOW - at as i64 * MINUTE)),
            by,
            did,
            contribution: (at % 2 == 0).then(|| ContributionId(uuid(40))),
            person: matches!(did, Did::ShutOut | Did::LetIn).then(|| ParticipantId(uuid(8))),
        };
        let person = (did == Did::ShutOut).then(|| "Rana".to_owned());
        Logged { act, name: by.filter(|_| at % 3 == 0).map(|_| name.to_owned()), person }
    };
    let acts = all_acts().into_iter().enumerate().map(act).collect();
    boxed(LogPage { place: place(name, true), acts, older: Some(Seq(880)) })
}

fn record(text: &str, moderates: bool, names: bool) -> Kind {
    boxed(record_page(text, moderates, names))
}

fn record_page(text: &str, moderates: bool, names: bool) -> RecordPage {
    let mut view = desk(text).forum.view;
    view.contributions.retain(|one| one.hidden.is_none());
    view.contributions.reverse();
    let mut answer = contribution(46, text, 3);
    answer.topic = None;
    answer.reply_to = Some(ContributionId(uuid(40)));
    answer.author = MODERATOR;
    view.people.0.entry(MODERATOR).or_default().role = Some(Role::Moderator);
    answer.support = 4;
    let mut free = contribution(47, text, 2);
    free.topic = None;
    view.contributions.extend([answer, free]);
    (view.waiting, view.attention) = (Vec::new(), Vec::new());
    if !names {
        view.contributions.iter_mut().for_each(|one| one.author = 0);
    }
    view.forget_unnamed();
    let record = Record {
        seq: Seq(90),
        from: Some(Timestamp(NOW - 3_000 * MINUTE)),
        to: Some(Timestamp(NOW)),
        authors: 12,
        people: 31,
        hall: Some(85),
        summary: Some(text.into()),
        summary_links: Vec::new(),
        polls: Vec::new(),
        floor: None,
        hidden: vec![(HideReason::Insult, 2), (HideReason::Spam, 1)],
        appeals: (2, 1),
        decisions: vec![
            Decided { at: Some(Timestamp(NOW)), did: Did::Hidden { reason: HideReason::Spam }, contribution: None },
            Decided { at: None, did: Did::ChangeRefused, contribution: Some(ContributionId(uuid(45))) },
        ],
        left_out: 3,
        view,
    };
    RecordPage {
        place: place(text, moderates),
        process: texts(text),
        joined: 54,
        polls: super::poll::recorded(),
        record,
        names,
        head: "0123456789abcdef".to_owned(),
        summary: text.to_owned(),
    }
}

fn kinds(text: &str) -> Vec<(&'static str, Kind)> {
    let mut empty = desk(text);
    let view = &mut empty.forum.view;
    (view.waiting, view.attention, view.contributions) = (Vec::new(), Vec::new(), Vec::new());
    view.topics = Vec::new();
    view.forum.mode = Mode::Closed;
    empty.codes = None;
    let mut quiet = LogPage { place: place(text, true), acts: Vec::new(), older: None };
    quiet.place.forum.mode = Mode::Open;
    vec![
        ("desk", boxed(desk(text))),
        ("empty desk", boxed(empty)),
        ("prepare", prepare(None)),
        ("edit", prepare(Some(sample::poll(600, Phase::Draft, text, Method::Multiple { min: 1, max: 2 })))),
        ("log", log(text)),
        ("empty log", boxed(quiet)),
        ("record", record(text, true, true)),
        ("participants record", record(text, false, false)),
        ("languages", boxed(Languages)),
    ]
}

fn page(lang: &str, kind: Kind) -> PageData<Kind> {
    PageData {
        lang: lang.to_owned(),
        zone: Zone { offsets: vec![(Timestamp(0), 60)] },
        network: Some(texts("Netzwerk der Vereine")),
        path: "/f/x/moderation".to_owned(),
        me: Some(Me { admin: true, ..me("Lena") }),
        refused: None,
        page: kind,
    }
}

fn tags(html: &str) -> Vec<(String, String)> {
    html.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>').map(|(tag, _)| tag))
        .filter(|tag| !tag.starts_with('!'))
        .map(|tag| {
            let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
            (name.to_owned(), attributes.to_owned())
        })
        .collect()
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let start = attributes.find(&format!("{name}=\""))?;
    attributes[start + name.len() + 2..].split('"').next()
}

/// Names in a sentence are set apart for both directions; that is not looked at here.
fn has(html: &str, text: &str) -> bool {
    html.replace(['\u{2068}', '\u{2069}'], "").contains(text)
}

#[test]
fn given_any_staff_page_in_any_language_then_it_is_whole() {
    for lang in LANGUAGES {
        for (name, kind) in kinds("Ein Gedanke") {
            let html = document(&page(lang, kind), &Shell::default());
            assert_eq!(html.matches("<h1").count(), 1, "{name}");
            assert!(!has(&html, "style=\"") && !has(&html, " onclick"), "{name}: the policy allows no inline");
            let html = html.split("<script type=\"application/json\"").next().unwrap_or_default();
            let mut open = Vec::new();
            for (tag, attributes) in tags(html.trim_end_matches("</body></html>")) {
                match tag.strip_prefix('/') {
                    Some(tag) => assert_eq!(open.pop().as_deref(), Some(tag), "{name}"),
                    None if attributes.ends_with('/') || tag.ends_with('/') => {}
                    None if ["meta", "link", "input", "br"].contains(&tag.as_str()) => {}
                    None => open.push(tag),
                }
            }
            assert_eq!(open, ["html", "body"], "{name}");
        }
    }
}

#[test]
fn given_any_staff_page_then_ids_are_unique_and_every_field_has_a_label() {
    for (name, kind) in kinds("Ein Gedanke") {
        let html = document(&page("de", kind), &Shell::default());
        let tags = tags(&html);
        let mut ids = BTreeSet::new();
        for (_, attributes) in &tags {
            let id = attribute(attributes, " id").or_else(|| attributes.strip_prefix("id=\"")?.split('"').next());
            if let Some(id) = id {
                assert!(ids.insert(id.to_owned()), "{name}: {id} twice");
            }
        }
        let mut inside_label = false;
        for (tag, attributes) in &tags {
            match tag.as_str() {
                "label" => inside_label = true,
                "/label" => inside_label = false,
                "input" | "textarea" | "select" if attribute(attributes, "type") != Some("hidden") => {
                    let id = attribute(attributes, "id").unwrap_or_default();
                    let labelled = tags.iter().any(|(tag, of)| tag == "label" && attribute(of, "for") == Some(id));
                    assert!(inside_label || labelled, "{name}: {tag} {attributes}");
                }
                _ => {}
            }
            for reference in ["aria-describedby", "aria-labelledby", "for"] {
                for id in attribute(attributes, reference).unwrap_or_default().split(' ').filter(|id| !id.is_empty()) {
                    assert!(ids.contains(id), "{name}: {reference}={id}");
                }
            }
            if let Some(part) = attribute(attributes, "href").and_then(|href| href.strip_prefix('#')) {
                let known = part.starts_with("i-") || ids.contains(part) || name == "empty desk" && part == "codes";
                assert!(known, "{name}: #{part}");
            }
        }
    }
}

#[test]
fn given_any_staff_page_then_every_form_is_a_plain_form() {
    for (name, kind) in kinds("Ein Gedanke") {
        let html = markup(page("de", kind));
        for form in html.split("<form").skip(1) {
            let (opening, rest) = form.split_once('>').expect("an end");
            let body = rest.split("</form>").next().unwrap_or_default();
            let action = attribute(opening, "action").expect("an address");
            assert_eq!(attribute(opening, "method"), Some("post"), "{name}: {action}");
            assert!(action.starts_with("/api/v1/"), "{name}: {action}");
            assert!(has(body, "<button") && has(body, "name=\"next\""), "{name}: {action}");
        }
    }
}

#[test]
fn given_hostile_words_everywhere_then_they_are_words() {
    for (name, kind) in kinds(HOSTILE) {
        let mut data = page("de", kind);
        data.network = Some(texts(HOSTILE));
        data.me = Some(Me { admin: true, ..me(HOSTILE) });
        data.refused = Some(Refused {
            action: format!("/api/v1/forums/{}/summary", uuid(2)),
            again: Vec::new(),
            fields: BTreeMap::from([("text".to_owned(), HOSTILE.to_owned())]),
            problem: Some(Problem {
                code: "internal".to_owned(),
                status: 500,
                title: HOSTILE.to_owned(),
                params: serde_json::Map::new(),
            }),
        });
        let html = document(&data, &Shell::default());
        let (body, scripts) = html.split_once("<script type=\"application/json\"").unwrap_or((&html, ""));
        assert!(!has(body, "<script") && !has(body, "<img") && !has(body, "<!--"), "{name}");
        assert_eq!(
            scripts.matches("</script>").count(),
            if data.page.brings(&data.around(())).is_some() { 2 } else { 0 },
            "{name}"
        );
    }
}

#[test]
fn given_the_data_of_a_desk_when_embedded_then_it_reads_back_the_same() {
    let data = PageData { network: None, ..page("de", boxed(Languages)) };
    super::render::comes_back(&data.around(desk("Ein Gedanke")), "desk");
}

#[test]
fn given_a_desk_then_everything_on_it_can_be_decided() {
    let html = markup(page("de", boxed(desk("Ein Gedanke"))));
    let of = |n: u128, verb: &str| format!("/contributions/{}/{verb}\"", uuid(n));
    for n in [51, 52, 53, 61, 41, 42] {
        assert!(has(&html, &of(n, "approve")), "{n}");
    }
    for n in [51, 52, 53, 61, 40, 41, 42, 44] {
        assert!(has(&html, &of(n, "hide")), "{n}");
    }
    assert!(has(&html, &of(40, "dismiss")) && !has(&html, &of(41, "dismiss")));
    assert!(has(&html, &of(43, "restore")) && has(&html, &of(43, "reject-appeal")));
    assert!(has(&html, &of(45, "restore")) && !has(&html, &of(45, "reject-appeal")));
    assert!(has(&html, &of(44, "put-back")), "without a program this is how it is taken back");
    assert!(has(&html, &format!("/processes/{}/participants/{}/reset-name\"", uuid(3), uuid(1_000))));
    assert!(has(&html, &format!("/processes/{}/participants/{}/ban\"", uuid(3), uuid(1_001))));
    assert!(has(&html, &format!("/forums/{}/participants/{}/approve\"", uuid(2), uuid(1_001))));
    assert!(has(&html, &format!("/forums/{}/participants/{}/refuse\"", uuid(2), uuid(1_001))));
    for reason in ["insult", "hatred", "private_data", "spam", "off_topic", "other"] {
        assert!(has(&html, &format!("<button name=\"reason\" value=\"{reason}\"")), "{reason}");
    }
    for state in ["open", "slow", "locked", "closed"] {
        assert!(has(&html, &format!("name=\"state\" value=\"{state}\"")), "{state}");
    }
    assert_eq!(html.matches("aria-pressed=\"true\"").count(), 3, "slow, the keys, and what is on stage");
}

#[test]
fn given_a_desk_then_it_says_how_long_who_is_at_it_and_what_was_reported() {
    let mut page_data = desk("Ein Gedanke");
    page_data.forum.view.people = people("Lena K.");
    let html = markup(page("de", boxed(page_data)));
    assert!(has(&html, "am längsten seit 12 Minuten") && has(&html, "seit 3 Minuten") && has(&html, "seit eben"));
    assert_eq!(html.matches("macht das").count(), 1, "what was claimed six minutes ago no longer counts");
    assert!(has(&html, "Lena K. macht das"));
    assert!(has(&html, "3 Meldungen") && has(&html, "2 × Text: Beleidigung oder Drohung") && has(&html, "1 × Name"));
    assert!(has(&html, "Neuer Text") && has(&html, "Bisher sichtbar") && has(&html, "Ergänzung"));
    assert!(has(&html, "Wer den Beitrag ausgeblendet hat, entscheidet hier nicht."));
    assert!(has(&html, "Alle 2 von dieser Person freigeben"));
    assert!(has(&html, "BCDF GHJK") && has(&html, "<svg viewBox=\"0 0 2 2\">"));
    assert!(has(&html, "name=\"in_hall\" value=\"1\"") && has(&html, "name=\"hall\""));
}

#[test]
fn given_a_desk_then_only_who_took_something_on_is_told_so() {
    let mine = |participant| {
        let me = Me { participant, ..me("Lena K.") };
        let page = page("de", boxed(desk("Lena K.")));
        has(&markup(PageData { me: Some(me), ..page }), "Sie machen das")
    };
    assert!(mine(Some(ParticipantId(uuid(9)))));
    assert!(!mine(Some(ParticipantId(uuid(10)))), "another one of the same name");
    assert!(!mine(None));
}

#[test]
fn given_deleting_for_good_then_it_is_for_admins_and_needs_a_second_press() {
    let html = |admin| {
        let page = page("de", boxed(desk("Ein Gedanke")));
        markup(PageData { me: Some(Me { admin, ..me("Lena") }), ..page })
    };
    assert!(!has(&html(false), "/erase\""));
    let html = html(true);
    let forms = html.matches("/erase\"").count();
    assert!(forms > 0);
    let sure = |before: &str| before.rfind("<details class=\"sure\"") > before.rfind("</details>");
    assert!(html.match_indices("/erase\"").all(|(at, _)| sure(&html[..at])));
}

#[test]
fn given_a_refused_form_of_the_desk_then_what_was_typed_is_still_there() {
    let refused = |action: &str, fields: &[(&str, &str)]| {
        let mut data = page("de", boxed(desk("Ein Gedanke")));
        data.refused = Some(Refused {
            action: format!("/api/v1/forums/{}{action}", uuid(2)),
            again: Vec::new(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            problem: Some(Problem {
                code: "internal".to_owned(),
                status: 500,
                title: "Nein.".to_owned(),
                params: serde_json::Map::new(),
            }),
        });
        markup(data)
    };
    let html = refused("/contributions", &[("text", "Im Saal"), ("hall", "Frau Berger"), ("lang", "")]);
    assert!(has(&html, ">Im Saal</textarea>") && has(&html, "value=\"Frau Berger\""));
    let (_, other) = html.split_once("id=\"hall-lang\"").expect("a choice of languages");
    assert!(has(other.split("</select>").next().unwrap_or_default(), "<option value=\"\" selected"));
    assert!(has(&refused("/topics", &[("title", "Wohnen")]), "value=\"Wohnen\""));
    let html = refused(&format!("/contributions/{}/hide", uuid(51)), &[("note", "Bitte freundlich.")]);
    assert!(has(&html, ">Bitte freundlich.</textarea>") && has(&html, "<details open class=\"hide over\""));
}

#[test]
fn given_a_slow_forum_then_its_interval_is_chosen_whatever_it_is() {
    for seconds in [30, 45] {
        let mut page_data = desk("Ein Gedanke");
        page_data.forum.view.forum.mode = Mode::Slow { seconds };
        let html = markup(page("de", boxed(page_data)));
        assert!(has(&html, &format!("<option value=\"{seconds}\" selected")), "{seconds}");
    }
}

#[test]
fn given_a_reader_of_a_language_staff_words_are_not_in_then_the_whole_page_is_english() {
    for (name, kind) in kinds("Ein Gedanke").into_iter().filter(|(_, kind)| kind.frame().of_staff) {
        let html = document(&page("ar", kind), &Shell::default());
        assert!(has(&html, "<html lang=\"en\" dir=\"ltr\">"), "{name}");
        let outside = html.split("<form class=\"menu-list\"").next().unwrap_or_default();
        assert!(!has(outside, "lang=\"ar\"") && !has(outside, direction("ar")), "{name}");
    }
}

#[test]
fn given_a_page_without_a_program_then_nothing_is_there_that_needs_one() {
    let html = markup(page("de", boxed(desk("Ein Gedanke"))));
    for class in ["undo", "panel keys"] {
        let start = html.find(&format!("class=\"{class}\"")).expect("it is in the page");
        let open = html[..start].rfind('<').expect("a tag");
        let tag = html[open..].split('>').next().expect("an end");
        assert!(has(tag, "hidden"), "{tag}");
    }
}

#[test]
fn given_any_act_then_it_is_a_sentence_of_its_own_with_who_did_it() {
    for lang in LANGUAGES {
        let html = markup(page(lang, log("Lena K.")));
        let rows: Vec<&str> = html.split("<li").skip(1).filter_map(|row| row.split("class=\"did\"").nth(1)).collect();
        assert_eq!(rows.len(), all_acts().len());
        let mut seen = BTreeSet::new();
        for row in rows {
            assert!(has(row, "class=\"author\""), "{row}");
            let after = row.rsplit("class=\"author\">").next().and_then(|rest| Some(rest.split_once("</a>")?.0));
            let after = after.or(row.rsplit("class=\"author\">").next());
            let after = after.and_then(|rest| rest.split_once('>')).map(|(_, rest)| rest);
            assert!(seen.insert(after.unwrap_or_default().to_owned()), "{lang}: {row}");
        }
        let named = all_acts().len().div_ceil(3);
        assert_eq!(html.matches("<bdi class=\"author\">Lena K.</bdi>").count(), named);
        assert!(has(&html, &format!("/f/{}/c/{}\"", uuid(2), uuid(40))));
        assert!(has(&html, &format!("/f/{}/log?before=880\"", uuid(2))));
    }
}

#[test]
fn given_polls_in_any_phase_then_what_can_be_done_is_there() {
    let html = markup(page("de", boxed(desk("Ein Gedanke"))));
    let rows: Vec<&str> = html.split("class=\"poll-row\"").skip(1).collect();
    let verbs = |row: &str| -> Vec<String> {
        let forms = row.split("action=\"/api/v1/polls/").skip(1);
        let verb = |form: &str| form.split('"').next()?.split_once('/').map(|(_, verb)| verb.to_owned());
        forms.filter_map(verb).collect()
    };
    assert_eq!(rows.len(), 5);
    assert_eq!(verbs(rows[0]), ["open", "cards", "cards/void"]);
    assert_eq!(verbs(rows[1]), ["close", "extend", "extend", "cards", "cards/void", "hands", "hands", "paper"]);
    assert_eq!(verbs(rows[3]), ["reveal", "again", "cards", "cards/void", "hands", "hands", "paper"]);
    assert_eq!(verbs(rows[4])[0], "again");
    assert!(has(rows[0], "Zuerst Stimmkarten machen") && has(rows[0], "/edit\" class"));
    assert!(has(rows[1], "15 Stimmen · Hände im Saal: 3") && has(rows[1], "noch 1:05"));
    assert!(has(rows[1], "name=\"seconds\" value=\"60\""), "a minute more, however much is left");
    assert!(has(rows[2], "Sofort beenden") && has(rows[2], "name=\"seconds\" value=\"0\""));
}

#[test]
fn given_a_stage_and_a_speaking_list_then_they_stand_on_the_desk() {
    let html = markup(page("de", boxed(desk("Ein Gedanke"))));
    let preview =
        html.split("class=\"preview\"").nth(1).and_then(|rest| rest.split("</div>").next()).expect("a preview");
    assert!(has(preview, "Yusuf: Ein Gedanke") && has(preview, "Ein Gedanke: Ein Gedanke"), "{preview}");
    assert!(has(&html, "Von der Leinwand") && has(&html, "Auf die Leinwand"));
    let floor = html.split("id=\"floor\"").nth(1).expect("a speaking list");
    for words in ["noch 1:05", "vorgezogen", "mit Dolmetschen", "war schon 2 Mal dran", "Jemand im Saal"] {
        assert!(has(floor, words), "{words}");
    }
}

#[test]
fn given_a_poll_to_edit_then_the_form_holds_all_of_it() {
    let mut poll = sample::poll(600, Phase::Draft, "Was zuerst?", Method::Multiple { min: 1, max: 2 });
    let arabic = stimmwerk_core::said::Lang::try_from("ar".to_owned()).expect("a tag");
    poll.question.title.texts.insert(arabic.clone(), "ماذا أولاً؟".into());
    poll.question.options[1].texts.insert(arabic, "السكن".into());
    poll.question.majority = Majority::TwoThirds;
    poll.question.quorum = Some(Quorum::Percent(30));
    let html = markup(page("de", prepare(Some(poll))));
    for part in [
        "name=\"_method\" value=\"PATCH\"",
        "value=\"Was zuerst?\"",
        "Was zuerst?\nWohnen\nArbeit</textarea>",
        "Was zuerst?\nالسكن\nArbeit</textarea>",
        "value=\"ماذا أولاً؟\"",
        "value=\"multiple\" checked",
        "value=\"two_thirds\" checked",
        "name=\"quorum_percent\" min=\"1\" max=\"100\" value=\"30\"",
    ] {
        assert!(has(&html, part), "{part}");
    }
}

#[test]
fn given_a_refused_poll_then_what_was_typed_is_still_there() {
    let mut data = page("de", prepare(None));
    let fields = [("title", "Was zuerst?"), ("options", "Nur eine"), ("method", "dots"), ("points", "7")];
    data.refused = Some(Refused {
        action: format!("/api/v1/processes/{}/polls", uuid(3)),
        again: Vec::new(),
        fields: fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        problem: Some(Problem {
            code: "question".to_owned(),
            status: 422,
            title: "Diese Frage braucht 2 bis 20 Antworten.".to_owned(),
            params: serde_json::Map::new(),
        }),
    });
    let html = markup(data);
    for part in
        ["Diese Frage braucht", "value=\"Was zuerst?\"", "Nur eine</textarea>", "value=\"dots\" checked", "value=\"7\""]
    {
        assert!(has(&html, part), "{part}");
    }
}

#[test]
fn given_a_record_for_a_participant_then_there_are_no_names_and_no_forms() {
    let html = markup(page("de", record("Ein Gedanke", false, false)));
    assert!(!has(&html, "<form") && !has(&html, "Yusuf") && !has(&html, "Gast 0") && !has(&html, "names=1"));
    for text in ["54", "31", "12", "85", "0123456789abcdef", "3 Beiträge sind ausgeblendet."] {
        assert!(has(&html, text), "{text}");
    }
    assert!(has(&html, "record?format=csv\"") && has(&html, "record?format=json\""));
    assert!(has(&html, "2 Widersprüche dagegen.") && has(&html, "1 davon hatte keinen Erfolg."));
    let (topic, rest) = html.split_once("id=\"no-topic\"").expect("a chapter for the rest");
    assert!(
        has(topic, "Antwort") && !has(rest, "class=\"entry reply\""),
        "an answer stands where what it answers stands"
    );
}

#[test]
fn given_any_decision_then_the_record_has_a_sentence_for_it_in_every_language() {
    let decides: Vec<_> = all_acts().into_iter().filter(|did| did.decides()).collect();
    assert!(decides.len() > 10);
    for lang in LANGUAGES {
        for did in &decides {
            let mut one = record_page("Ein Gedanke", false, false);
            one.record.decisions = vec![Decided { at: None, did: *did, contribution: None }];
            let html = markup(page(lang, boxed(one)));
            let told = html.split("<span class=\"did\">").nth(1).and_then(|rest| rest.split('<').next());
            assert!(told.is_some_and(|told| told.len() > 10), "{lang} {did:?}: {told:?}");
        }
    }
}

#[test]
fn given_a_record_for_a_moderator_then_it_can_be_completed() {
    let html = markup(page("de", record("Ein Gedanke", true, true)));
    assert!(has(&html, "Yusuf") && has(&html, "format=csv&amp;names=1"));
    assert!(has(&html, "/summary\"") && has(&html, ">Ein Gedanke</textarea>"));
    assert!(has(&html, "/hall\"") && has(&html, "value=\"85\""));
}

#[test]
fn given_the_languages_then_each_is_there_with_its_own_name() {
    let html = markup(page("de", boxed(Languages)));
    for lang in LANGUAGES {
        assert!(has(&html, &format!("<th lang=\"{lang}\"")) || has(&html, &format!("lang=\"{lang}\"")), "{lang}");
    }
    assert!(has(&html, "noch von niemandem geprüft") || has(&html, "geprüft von"));
}

/// Not a test of anything: writes the pages where a browser can look at them.
#[test]
fn write_the_pages_of_staff_where_asked() {
    let Ok(folder) = std::env::var("STIMMWERK_PAGES") else { return };
    let text = "Wir brauchen einen Ort, an dem sich alle treffen können. Viele Vereine haben keinen Raum.";
    let assets = BTreeMap::from([("style.css".to_owned(), "style.css".to_owned())]);
    for lang in LANGUAGES {
        for (name, kind) in kinds(text) {
            let shell = Shell { assets: assets.clone(), ..Shell::default() };
            let path = std::path::Path::new(&folder).join(format!("staff-{}.{lang}.html", name.replace(' ', "-")));
            std::fs::write(path, document(&page(lang, kind), &shell)).expect("a folder to write to");
        }
    }
}
