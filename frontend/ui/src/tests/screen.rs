//! What the hall sees as HTML: each stage, in a language of each direction.

use stimmwerk_core::forum::{AuthorView, FloorEntryView, FloorView, SpeakingView};
use stimmwerk_core::ids::{FloorId, PollId, ProcessId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::people::Role;
use stimmwerk_core::poll::{
    Electorate, Phase, PollHeader, PollView, Question, ResultView, Results, Secrecy, Turnout, Weight,
};
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::tally::{Majority, Method, Tally, outcome};
use stimmwerk_core::time::Timestamp;

use super::render::{attribute, page, shell, tags};
use super::{boxed, markup};
use crate::page::Look;
use crate::pages::{OnStage, PollOnStage, Quote, ScreenPage, WayIn};
use crate::sample::{HOSTILE, NOW, texts, uuid};
use crate::{LANGUAGES, document};

fn two(german: &str, arabic: &str) -> Texts {
    let mut texts = texts(german);
    texts.texts.insert(Lang::try_from("ar".to_owned()).expect("a tag"), arabic.into());
    texts
}

fn screen(shows: OnStage) -> ScreenPage {
    ScreenPage {
        stream: StreamId(uuid(1)),
        seq: Seq(90),
        title: two("Wie wollen wir zusammen leben?", "كيف نريد أن نعيش معًا؟"),
        shows,
        join: Some(WayIn {
            address: "stimm.example/join".to_owned(),
            spoken: "BCDFGHJK".to_owned(),
            picture: "<svg></svg>".to_owned(),
        }),
        people: 57,
        now: Timestamp(NOW),
        look: Look::Light,
    }
}

fn html(lang: &str, page_of: ScreenPage) -> String {
    markup(page(lang, boxed(page_of)))
}

fn poll(method: Method, phase: Phase) -> PollOnStage {
    let options = ["Ein Treffpunkt", "Sprachkurse", "Ein Bus am Abend"].map(texts);
    let header = PollHeader {
        id: PollId(uuid(900)),
        process: ProcessId(uuid(3)),
        forum: None,
        round: 1,
        phase,
        opened_at: Some(Timestamp(NOW)),
        until: (phase == Phase::Open).then_some(Timestamp(NOW + 307_000)),
        closing: false,
        question: Question {
            title: two("Was brauchen wir zuerst?", "ماذا نحتاج أولاً؟"),
            note: None,
            method,
            options: if method == Method::YesNo { Vec::new() } else { options.into() },
            ends: None,
            electorate: Electorate::Devices,
            secrecy: Secrecy::Confidential,
            weight: Weight::Mood,
            results: Results::Revealed,
            majority: Majority::Simple,
            quorum: None,
        },
    };
    let marks: Vec<u8> = match method {
        Method::Ranking => vec![2, 1, 3],
        Method::Scale { .. } => vec![5, 1, 3],
        Method::Resistance => vec![0, 4, 9, 5],
        _ => vec![0, 1, 0],
    };
    let tally = Tally::count(method, header.options(), [(marks.as_slice(), 37)]);
    let outcome = outcome(method, &tally, Majority::Simple, None, None);
    let result =
        ResultView { round: 1, opened_at: None, closed_at: None, tally, outcome, parts: Vec::new(), entitled: None };
    let view = PollView {
        poll: Some(header),
        turnout: Turnout { online: 30, hands: 7, paper: 0, entitled: None },
        result: (phase == Phase::Revealed).then_some(result),
        before: Vec::new(),
    };
    PollOnStage { stream: StreamId(uuid(901)), seq: Seq(7), view }
}

fn on(poll: PollOnStage) -> OnStage {
    OnStage::Poll(Box::new(poll))
}

fn entry(n: u128, name: Option<&str>, hall: bool) -> FloorEntryView {
    FloorEntryView {
        id: FloorId(uuid(n)),
        name: name.map(Into::into),
        number: if hall { 0 } else { n as u32 },
        hall,
        interpreted: false,
        turns: 0,
        pinned: false,
        asked_at: Timestamp(NOW),
        participant: None,
    }
}

fn floor() -> FloorView {
    let mut entries = vec![entry(11, None, false), entry(12, Some("رنا"), false), entry(13, None, true)];
    entries.extend((14..20).map(|n| entry(n, Some("Samuel"), false)));
    let speaks = FloorEntryView { interpreted: true, ..entry(10, Some("Frau Nguyen"), true) };
    let speaking = SpeakingView { entry: speaks, since: Timestamp(NOW - 20_000), seconds: 240 };
    FloorView { open: true, seconds: 120, entries, speaking: Some(speaking) }
}

fn quote(name: Option<&str>, text: &str) -> Quote {
    let author = AuthorView { name: name.map(Into::into), number: 12, role: None, participant: None };
    Quote { author, hall: false, text: text.to_owned(), lang: Some(Lang::german()) }
}

fn stages() -> Vec<(&'static str, OnStage)> {
    vec![
        ("off", OnStage::Off),
        ("welcome", OnStage::Welcome),
        ("subject", OnStage::Topic(two("Mitbestimmen", "المشاركة في القرار"))),
        ("poll", on(poll(Method::Single, Phase::Open))),
        ("poll", on(poll(Method::Single, Phase::Closed))),
        ("poll", on(poll(Method::Single, Phase::Revealed))),
        ("poll", on(poll(Method::YesNo, Phase::Revealed))),
        ("poll", on(poll(Method::Scale { steps: 5 }, Phase::Revealed))),
        ("poll", on(poll(Method::Resistance, Phase::Revealed))),
        ("poll", on(poll(Method::Ranking, Phase::Revealed))),
        ("speaking", OnStage::Speaking(floor())),
        ("speaking", OnStage::Speaking(FloorView::default())),
        ("quotes", OnStage::Quotes(vec![quote(Some("Amal"), "Mehr Licht."), quote(None, "Und Ruhe.\nBitte.")])),
    ]
}

#[test]
fn given_any_stage_in_any_language_then_one_thing_is_shown_and_nothing_can_be_pressed() {
    for lang in LANGUAGES {
        for (name, stage) in stages() {
            let off = stage == OnStage::Off;
            let html = html(lang, screen(stage));
            let who = format!("{lang} {name}");
            let tags = tags(&html);
            let count = |wanted: &str| tags.iter().filter(|(name, _)| name == wanted).count();
            assert_eq!(count("h1"), 1, "{who}");
            for none in ["a", "button", "input", "form", "details", "script"] {
                assert_eq!(count(none), 0, "{who}: {none}");
            }
            assert!(html.contains(&format!("class=\"stage {name}\"")), "{who}");
            assert!(html.contains("data-seq=\"90\""), "{who}");
            assert_eq!(html.contains("BCDF"), !off, "{who}: the way in is on every stage but the dark one");
            assert!(!html.contains("style="), "{who}: the security policy forbids it");
        }
    }
}

#[test]
fn given_the_document_then_there_is_a_stage_one_button_and_a_way_without_script() {
    for (look, class) in [(Look::Light, "class=\"screen\""), (Look::Dark, "class=\"screen dark\"")] {
        let screen = ScreenPage { look, ..screen(OnStage::Welcome) };
        let html = document(&page("ar", boxed(screen)), &shell());
        assert!(html.contains("dir=\"rtl\"") && html.contains(class));
        let tags = tags(&html);
        let buttons: Vec<_> = tags.iter().filter(|(name, _)| name == "button").collect();
        assert_eq!(buttons.len(), 1);
        assert_eq!(attribute(&buttons[0].1, "id"), Some("full"));
        assert!(tags.iter().all(|(name, _)| !["a", "form", "input", "header", "nav"].contains(&name.as_str())));
        assert!(html.contains("<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>"));
    }
}

#[test]
fn given_a_poll_then_the_hall_sees_turnout_and_time_while_it_runs_and_the_result_afterwards() {
    let open = html("de", screen(on(poll(Method::Single, Phase::Open))));
    assert!(open.contains("37 haben abgestimmt") && open.contains("5:07"));
    assert!(open.contains(&format!("data-until=\"{}\"", NOW + 307_000)));
    assert!(open.contains("Ein Bus am Abend") && !open.contains("svg class=\"bar\""));
    assert!(open.contains(&format!("data-stream=\"{}\" data-seq=\"7\"", uuid(901))), "it is followed too");
    let closed = html("de", screen(on(poll(Method::Single, Phase::Closed))));
    assert!(closed.contains("Das Ergebnis kommt noch.") && !closed.contains("data-until"));
    let revealed = html("de", screen(on(poll(Method::Single, Phase::Revealed))));
    assert!(revealed.contains("svg class=\"bar\"") && revealed.contains("Vorn liegt"));
    let ranked = html("de", screen(on(poll(Method::Ranking, Phase::Revealed))));
    assert!(ranked.find("Sprachkurse").expect("there") < ranked.find("Ein Treffpunkt").expect("there"));
    assert!(html("de", screen(on(poll(Method::Resistance, Phase::Revealed)))).contains("svg class=\"strip\""));
    let mut late = poll(Method::Single, Phase::Open);
    if let Some(poll) = &mut late.view.poll {
        poll.until = Some(Timestamp(NOW + 3 * 3_600_000));
    }
    assert!(html("de", screen(on(late))).contains("Ende: "), "hours are told by the clock");
}

#[test]
fn given_the_speaking_list_then_five_are_next_in_order_and_only_approved_names_are_said() {
    let german = html("de", screen(OnStage::Speaking(floor())));
    assert!(german.contains("Frau Nguyen") && german.contains("mit Dolmetschen") && german.contains("3:40"));
    assert_eq!(german.matches("<li>").count(), 5);
    assert!(german.contains("Gast 11") && german.contains("Jemand im Saal"));
    assert!(german.contains("und noch 4 Personen"));
    let arabic = html("ar", screen(OnStage::Speaking(floor())));
    assert!(arabic.contains("<bdi>Frau Nguyen</bdi>") && arabic.contains("في القاعة"));
    let silent = FloorView { speaking: None, ..floor() };
    assert!(html("de", screen(OnStage::Speaking(silent))).contains("Wer möchte anfangen?"));
}

#[test]
fn given_contributions_then_each_has_its_lines_its_language_and_who_said_it() {
    let mut staff = quote(Some("Mira"), "Willkommen.");
    staff.author.role = Some(Role::Moderator);
    let mut heard = quote(None, "Aus dem Saal.");
    heard.hall = true;
    let quotes = vec![quote(None, "Eins.\n\nZwei."), staff, heard];
    let html = html("de", screen(OnStage::Quotes(quotes)));
    assert!(html.contains("<p dir=\"auto\">Eins.</p><p dir=\"auto\">Zwei.</p>"));
    assert!(html.contains("Gast 12") && html.contains("Jemand im Saal") && html.contains("Moderation"));
    assert!(html.contains("<blockquote lang=\"de\""));
}

#[test]
fn given_hostile_words_then_they_are_words() {
    let mut poll = poll(Method::Single, Phase::Open);
    if let Some(header) = &mut poll.view.poll {
        header.question.title = texts(HOSTILE);
        header.question.options[0] = texts(HOSTILE);
    }
    let mut floor = floor();
    floor.entries[0].name = Some(HOSTILE.into());
    for shows in [
        on(poll),
        OnStage::Speaking(floor),
        OnStage::Topic(texts(HOSTILE)),
        OnStage::Quotes(vec![quote(Some(HOSTILE), HOSTILE)]),
    ] {
        let screen = ScreenPage { title: texts(HOSTILE), ..screen(shows) };
        let html = document(&page("de", boxed(screen)), &shell());
        assert!(html.contains("&lt;script&gt;alert"));
        assert!(!html.contains("<script>alert") && !html.contains("<img"));
    }
}
