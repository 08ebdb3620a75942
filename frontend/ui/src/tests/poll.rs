//! Polls as HTML: each method and each state.

use stimmwerk_core::ids::{CommandId, ForumId, PollId, ProcessId, StreamId};
use stimmwerk_core::live::Seq;
use stimmwerk_core::poll::{
    Electorate, Part, Phase, PollHeader, PollOwn, PollView, Question, ResultView, Results, Secrecy, Source, Turnout,
    Weight,
};
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::tally::{Majority, Method, Outcome, Quorum, Tally, outcome};
use stimmwerk_core::time::Timestamp;

use super::render::{attribute, page, problem, shell, tags};
use super::{Kind, boxed, markup};
use crate::command::Form;
use crate::data::Refused;
use crate::pages::poll::{Ballot, Draft};
use crate::pages::{CardSheet, MayVote, PollPage, PollPrint, PollVoters, VoterRow, VotingCard};
use crate::sample::{HOSTILE, NOW, texts, uuid};
use crate::{LANGUAGES, document};

const METHODS: [Method; 7] = [
    Method::Single,
    Method::Multiple { min: 1, max: 2 },
    Method::YesNo,
    Method::Scale { steps: 5 },
    Method::Resistance,
    Method::Dots { points: 9 },
    Method::Ranking,
];

fn two(german: &str, arabic: &str) -> Texts {
    let mut texts = texts(german);
    texts.texts.insert(Lang::try_from("ar".to_owned()).expect("a tag"), arabic.into());
    texts
}

fn question(method: Method) -> Question {
    let options = match method {
        Method::YesNo => Vec::new(),
        _ => vec![
            two("Ein Treffpunkt im Stadtteil", "مكان للقاء في الحي"),
            two("Sprachkurse am Abend", "دورات لغة في المساء"),
            texts("Ein Bus, der auch am Wochenende und spät am Abend noch fährt"),
        ],
    };
    Question {
        title: match method {
            Method::YesNo => two("Soll der Treffpunkt am Sonntag offen sein?", "هل يُفتح المكان يوم الأحد؟"),
            _ => two("Was brauchen wir zuerst?", "ماذا نحتاج أولاً؟"),
        },
        note: Some(two("Das Geld reicht für eines davon.", "المال يكفي لشيء واحد منها.")),
        method,
        options,
        ends: matches!(method, Method::Scale { .. })
            .then(|| [two("gar nicht wichtig", "غير مهم"), two("sehr wichtig", "مهم جداً")]),
        electorate: Electorate::Devices,
        secrecy: Secrecy::Confidential,
        weight: Weight::Mood,
        results: Results::Revealed,
        majority: Majority::Simple,
        quorum: None,
    }
}

fn header(method: Method, phase: Phase) -> PollHeader {
    PollHeader {
        id: PollId(uuid(900)),
        process: ProcessId(uuid(3)),
        forum: Some(ForumId(uuid(2))),
        round: 1,
        phase,
        opened_at: Some(Timestamp(NOW - 60_000)),
        until: (phase == Phase::Open).then_some(Timestamp(NOW + 600_000)),
        closing: false,
        question: question(method),
    }
}

fn ballots(method: Method) -> Vec<(Vec<u8>, u32)> {
    let all: &[(&[u8], u32)] = match method {
        Method::Single | Method::YesNo => &[(&[1, 0, 0], 23), (&[0, 1, 0], 14), (&[0, 0, 1], 5)],
        Method::Multiple { .. } => &[(&[1, 1, 0], 20), (&[0, 1, 0], 12), (&[0, 0, 1], 10)],
        Method::Scale { .. } => &[(&[5, 1, 3], 14), (&[4, 2, 0], 11), (&[1, 5, 3], 17)],
        Method::Resistance => &[(&[0, 3, 10, 5], 18), (&[2, 0, 7, 10], 16), (&[10, 4, 4, 0], 8)],
        Method::Dots { .. } => &[(&[5, 3, 1], 18), (&[0, 9, 0], 10), (&[2, 2, 5], 14)],
        Method::Ranking => &[(&[1, 2, 3], 19), (&[2, 1, 3], 13), (&[3, 2, 1], 10)],
    };
    all.iter().map(|(marks, times)| (marks.to_vec(), *times)).collect()
}

fn result(poll: &PollHeader, times: u32) -> ResultView {
    let question = &poll.question;
    let ballots = ballots(question.method);
    let counted = ballots.iter().map(|(marks, have)| (marks.as_slice(), *have * times));
    let tally = Tally::count(question.method, poll.options(), counted);
    let outcome = outcome(question.method, &tally, question.majority, question.quorum, None);
    let (opened_at, closed_at) = (poll.opened_at, Some(Timestamp(NOW - 1_000)));
    ResultView { round: poll.round, opened_at, closed_at, tally, outcome, parts: Vec::new(), entitled: None }
}

fn poll(method: Method, phase: Phase) -> PollPage {
    let header = header(method, phase);
    let result = (phase == Phase::Revealed).then(|| result(&header, 1));
    PollPage {
        stream: StreamId(uuid(901)),
        seq: Seq(7),
        view: PollView {
            poll: Some(header),
            turnout: Turnout { online: 42, hands: 0, paper: 0, entitled: None },
            result,
            before: Vec::new(),
        },
        own: Some(PollOwn::default()),
        may: MayVote::Yes,
        cast: None,
        idempotency_key: CommandId(uuid(77)),
        now: Timestamp(NOW),
    }
}

fn with(mut page: PollPage, change: impl FnOnce(&mut PollPage, &mut PollHeader)) -> PollPage {
    let mut header = page.view.poll.take().expect("a poll");
    change(&mut page, &mut header);
    page.view.poll = Some(header);
    page
}

fn kind(page: PollPage) -> Kind {
    boxed(page)
}

/// With hands and paper, in the second round.
fn second_round() -> PollPage {
    with(poll(Method::Single, Phase::Revealed), |page, header| {
        header.round = 2;
        let before = ResultView { round: 1, ..result(header, 2) };
        let mut now = result(header, 1);
        now.parts = vec![
            Part { source: Source::Online, ballots: 30, sums: vec![15, 10, 5] },
            Part { source: Source::Hands, ballots: 12, sums: vec![8, 4, 0] },
        ];
        page.view.result = Some(now);
        page.view.before = vec![before];
        page.view.turnout = Turnout { online: 30, hands: 12, paper: 0, entitled: None };
    })
}

fn cards() -> PollPage {
    with(poll(Method::YesNo, Phase::Open), |page, header| {
        header.question.electorate = Electorate::Cards;
        header.question.secrecy = Secrecy::Secret;
        header.question.weight = Weight::Binding;
        header.question.majority = Majority::TwoThirds;
        header.question.quorum = Some(Quorum::Percent(50));
        page.view.turnout = Turnout { online: 12, hands: 0, paper: 0, entitled: Some(80) };
    })
}

fn voted(method: Method) -> PollPage {
    with(poll(method, Phase::Open), |page, _| {
        let marks = ballots(method)[0].0.clone();
        page.own = Some(PollOwn { voted: true, marks: Some(marks) });
    })
}

fn print(method: Method) -> Kind {
    let page = poll(method, Phase::Revealed);
    boxed(PollPrint { view: page.view, head: "0123456789abcdef".to_owned(), now: Timestamp(NOW) })
}

fn voters() -> Kind {
    let page = with(poll(Method::Single, Phase::Revealed), |_, header| header.question.secrecy = Secrecy::Open);
    let row = |name: Option<&str>, card, marks: [u8; 3]| VoterRow {
        round: 1,
        name: name.map(str::to_owned),
        card,
        marks: marks.to_vec(),
    };
    boxed(PollVoters {
        view: page.view,
        ballots: vec![
            row(Some("Amira K."), None, [1, 0, 0]),
            row(None, Some(7), [0, 1, 0]),
            row(None, None, [0, 0, 1]),
        ],
        now: Timestamp(NOW),
    })
}

fn sheet() -> Kind {
    let card = |number| VotingCard {
        number,
        code: "BCDF-GHJK-LMNP".to_owned(),
        picture: "<svg viewBox=\"0 0 9 9\"><path d=\"M0 0h3v3z\"/></svg>".to_owned(),
    };
    boxed(CardSheet { view: cards().view, cards: (1..=10).map(card).collect() })
}

/// The polls of a record: one that is over, and one that people vote in.
pub fn recorded() -> Vec<PollView> {
    vec![poll(Method::YesNo, Phase::Revealed).view, poll(Method::Scale { steps: 5 }, Phase::Open).view]
}

/// The kinds of page there are of polls, for the tests of every page.
pub fn kinds() -> Vec<(&'static str, Kind)> {
    let names = METHODS.map(Method::word);
    let open =
        ["open-single", "open-multiple", "open-yes", "open-scale", "open-resistance", "open-dots", "open-ranking"];
    let voted_names = [
        "voted-single",
        "voted-multiple",
        "voted-yes",
        "voted-scale",
        "voted-resistance",
        "voted-dots",
        "voted-ranking",
    ];
    let mut kinds: Vec<(&'static str, Kind)> = Vec::new();
    for (nth, method) in METHODS.into_iter().enumerate() {
        kinds.push((open[nth], kind(poll(method, Phase::Open))));
        kinds.push((voted_names[nth], kind(voted(method))));
        kinds.push((names[nth], kind(poll(method, Phase::Revealed))));
    }
    let visitor = with(poll(Method::Single, Phase::Open), |page, _| {
        page.own = None;
        page.may = MayVote::NotJoined;
    });
    kinds.extend([
        ("poll-cards", kind(cards())),
        ("poll-closed", kind(poll(Method::Single, Phase::Closed))),
        ("poll-draft", kind(poll(Method::Single, Phase::Draft))),
        ("poll-visitor", kind(visitor)),
        ("poll-round", kind(second_round())),
        ("poll-print", print(Method::Scale { steps: 5 })),
        ("poll-voters", voters()),
        ("cards", sheet()),
    ]);
    kinds
}

fn html(lang: &str, page_of: PollPage) -> String {
    markup(page(lang, kind(page_of)))
}

/// The fields of the ballot: type, name and value.
fn fields(html: &str) -> Vec<(String, String, String)> {
    let form = html.split("/ballots\"").nth(1).and_then(|rest| rest.split("</form>").next()).expect("a ballot");
    tags(&format!("<x>{form}"))
        .into_iter()
        .filter(|(tag, attributes)| {
            ["input", "select"].contains(&tag.as_str()) && attribute(attributes, "type") != Some("hidden")
        })
        .map(|(tag, attributes)| {
            let of = |name: &str| attribute(&attributes, name).unwrap_or_default().to_owned();
            (if tag == "select" { tag } else { of("type") }, of("name"), of("value"))
        })
        .collect()
}

#[test]
fn given_each_method_then_its_ballot_is_made_of_native_fields_that_the_server_reads() {
    for lang in ["de", "ar"] {
        for method in METHODS {
            let html = html(lang, poll(method, Phase::Open));
            let fields = fields(&html);
            let count = |kind: &str, name: &str| fields.iter().filter(|(k, n, _)| k == kind && n == name).count();
            match method {
                Method::Single | Method::YesNo => assert_eq!((count("radio", "option"), fields.len()), (3, 3)),
                Method::Multiple { .. } => assert_eq!((count("checkbox", "option"), fields.len()), (3, 3)),
                Method::Scale { steps } => {
                    assert_eq!((count("radio", "mark_0"), fields.len()), (usize::from(steps) + 1, 18));
                }
                Method::Resistance => {
                    assert_eq!((count("radio", "mark_3"), fields.len()), (11, 44), "as it is, last");
                }
                Method::Dots { .. } => assert_eq!((count("number", "mark_2"), fields.len()), (1, 3)),
                Method::Ranking => assert_eq!((count("select", "mark_2"), fields.len()), (1, 3)),
            }
            assert!(html.contains("name=\"round\" value=\"1\""), "{method:?}");
            assert_eq!(html.matches("idempotency_key").count(), 1);
            assert_eq!(html.matches("class=\"main\"").count(), 1, "one main action");
        }
    }
}

#[test]
fn given_a_ballot_then_who_votes_and_how_secret_it_is_stands_before_it() {
    for (secrecy, says) in [
        (Secrecy::Open, "wer was gewählt hat"),
        (Secrecy::Confidential, "Nur wer die Technik betreut"),
        (Secrecy::Secret, "Wer die Technik betreut"),
    ] {
        let html = html("de", with(poll(Method::Single, Phase::Open), |_, header| header.question.secrecy = secrecy));
        let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}"));
        assert!(at(says) < at("<form"), "{secrecy:?}");
        assert!(at("Wir prüfen nicht, wer Sie sind.") < at("<form"));
        assert!(at("Damit ist noch nichts entschieden.") < at("<form"));
        assert_eq!(html.contains("können Sie nichts mehr ändern"), secrecy == Secrecy::Secret);
        assert!(html.contains("Ende: heute,"), "the end");
    }
    let html = html("de", cards());
    assert!(html.contains("name=\"card\"") && html.contains("Das Ergebnis entscheidet."));
    assert!(html.contains("zwei Drittel") && html.contains("50 Prozent"));
    assert!(html.contains("Bisher 12 Stimmen bei 80 Stimmkarten"));
}

#[test]
fn given_a_reader_who_may_not_vote_then_it_is_said_why_and_there_is_no_ballot() {
    for (may, says) in [
        (MayVote::NotJoined, "Möchten Sie mit abstimmen?"),
        (MayVote::Banned, "ausgeschlossen"),
        (MayVote::NotEntitled, "wer auf dieser Seite ein Konto hat"),
    ] {
        let html = html("de", with(poll(Method::Single, Phase::Open), |page, _| page.may = may));
        assert!(html.contains(says) && !html.contains("/ballots"), "{may:?}");
        assert_eq!(html.contains(&format!("href=\"/join?next=/p/{}\"", uuid(900))), may == MayVote::NotJoined);
    }
    let closed = html("de", poll(Method::Single, Phase::Closed));
    assert!(closed.contains("Das Ergebnis kommt noch."));
    assert!(hides_ballot(&closed));
    assert!(html("de", poll(Method::Single, Phase::Draft)).contains("diesen Entwurf"));
}

/// Is the ballot there, but not shown?
fn hides_ballot(html: &str) -> bool {
    tags(html)
        .iter()
        .any(|(tag, attributes)| tag == "details" && attributes.contains("ballot") && attributes.contains("hidden"))
}

#[test]
fn given_who_has_voted_then_they_see_what_and_can_change_it_unless_it_is_secret() {
    for method in METHODS {
        let html = html("de", voted(method));
        assert!(html.contains("Danke! Ihre Stimme ist da.") && html.contains("Sie haben gewählt:"), "{method:?}");
        assert!(html.contains("Stimme ändern") && !hides_ballot(&html));
    }
    let secret = with(voted(Method::Single), |page, header| {
        header.question.secrecy = Secrecy::Secret;
        page.own = Some(PollOwn { voted: true, marks: None });
    });
    let html = html("de", secret);
    assert!(html.contains("Darum steht sie hier nicht") && hides_ballot(&html));
    let revealed = with(voted(Method::Dots { points: 9 }), |page, header| {
        header.phase = Phase::Revealed;
        page.view.result = Some(result(header, 1));
    });
    let html = self::html("de", revealed);
    assert!(html.contains("Sie haben gewählt:") && hides_ballot(&html) && html.contains("Vorn liegt"));
}

#[test]
fn given_a_refused_ballot_then_it_says_why_and_keeps_what_was_filled_in() {
    let refused_in = |phase: Phase, may: MayVote, method: Method, fields: &[(&str, &str)]| {
        let mut data = page("de", kind(with(poll(method, phase), |page, _| page.may = may)));
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        data.refused = Some(Refused {
            action: format!("/api/v1/polls/{}/ballots", uuid(900)),
            again: Vec::new(),
            fields: fields.collect(),
            problem: Some(problem("poll_not_open", 409)),
        });
        markup(data)
    };
    let refused = |method, fields: &[(&str, &str)]| refused_in(Phase::Open, MayVote::Yes, method, fields);
    let html = refused(Method::Multiple { min: 1, max: 2 }, &[("option", "0\n1\n2"), ("round", "1")]);
    assert_eq!(html.matches(" checked").count(), 3, "each one that was chosen");
    assert_eq!(html.matches("role=\"alert\"").count(), 1);
    assert!(html.contains("Gerade kann hier niemand abstimmen."));
    assert!(!html.contains("Gewählt hatten Sie:"), "it stands in the fields");
    let html = refused(Method::Dots { points: 9 }, &[("mark_0", "7"), ("mark_2", "70")]);
    assert!(html.contains("value=\"70\"") && html.contains("68 Punkte zu viel"), "as it was typed");
    let html = refused(Method::Ranking, &[("mark_1", "2")]);
    assert_eq!(html.matches(" selected").count(), 1);
    // Too late, or not (any more) for this reader: there is no ballot to say it in.
    for (phase, may) in [(Phase::Closed, MayVote::Yes), (Phase::Open, MayVote::Banned)] {
        let html = refused_in(phase, may, Method::Single, &[("option", "1"), ("round", "1")]);
        let alert = html.split("role=\"alert\"").nth(1).and_then(|rest| rest.split("</ul>").next()).expect("a problem");
        for says in ["nicht gezählt", "Gerade kann hier niemand abstimmen.", "Gewählt hatten Sie:", "Sprachkurse"] {
            assert!(alert.contains(says), "{phase:?}: {says}");
        }
        let before = html.split("role=\"alert\"").next().expect("the page before it");
        assert!(!before.contains("<details class=\"panel ballot\""), "it stands outside of the ballot");
    }
}

#[test]
fn given_a_result_then_what_came_of_it_is_a_sentence_and_every_number_is_in_a_table() {
    for (method, says) in [
        (Method::Single, "Vorn liegt: \u{2068}Ein Treffpunkt im Stadtteil\u{2069}"),
        (Method::YesNo, "Ja hat genug Stimmen."),
        (Method::Scale { steps: 5 }, "So haben alle zusammen bewertet."),
        (Method::Resistance, "Am wenigsten dagegen sind die Menschen bei: \u{2068}Sprachkurse am Abend\u{2069}"),
        (Method::Ranking, "Vorn liegt: \u{2068}Sprachkurse am Abend\u{2069}"),
    ] {
        let html = html("de", poll(method, Phase::Revealed));
        assert!(html.contains(says), "{method:?}");
        assert!(html.contains("<table>"), "{method:?}");
    }
    let html = html("de", poll(Method::Single, Phase::Revealed));
    assert!(html.contains("23 Stimmen · 55 %"));
    assert!(html.contains("<td>23</td>"));
    let binding = with(poll(Method::YesNo, Phase::Revealed), |_, header| header.question.weight = Weight::Binding);
    assert!(self::html("de", binding).contains("Der Vorschlag ist angenommen."));
    let tied = with(poll(Method::Single, Phase::Revealed), |page, header| {
        let result = page.view.result.as_mut().expect("a result");
        result.tally = Tally::of_hands(header.question.method, &[4, 4, 1], 9);
        result.outcome = outcome(header.question.method, &result.tally, Majority::Simple, None, None);
    });
    assert!(self::html("de", tied).contains("Gleichauf:"));
    let small = with(poll(Method::Single, Phase::Revealed), |page, header| {
        let result = page.view.result.as_mut().expect("a result");
        let quorum = Some(Quorum::Ballots(100));
        result.outcome = outcome(header.question.method, &result.tally, Majority::Simple, quorum, None);
    });
    assert!(self::html("de", small).contains("Nötig sind 100."));
}

#[test]
fn given_a_result_that_would_tell_of_few_then_only_that_is_said() {
    let withheld = |page: &mut PollPage, header: &PollHeader| {
        let result = ResultView { outcome: Outcome::TooFew { need: 5 }, ..result(header, 1) };
        page.view.result = Some(result);
    };
    let page_of = with(poll(Method::Single, Phase::Revealed), |page, header| {
        header.phase = Phase::Revealed;
        withheld(page, header);
    });
    let html = html("de", page_of);
    assert!(html.contains("wie einige wenige gewählt haben"), "why");
    assert!(!html.contains("<table") && !html.contains("<svg class=\"bar\""));
    let second = with(second_round(), |page, _| {
        for before in &mut page.view.before {
            before.outcome = Outcome::TooFew { need: 5 };
        }
    });
    let html = self::html("de", second);
    assert!(!html.contains("Der leere Balken"), "there is nothing to compare with");
}

#[test]
fn given_a_second_round_then_it_is_compared_and_its_parts_stand_apart() {
    let html = html("de", second_round());
    assert!(html.contains("Der leere Balken zeigt Runde 1."));
    assert_eq!(html.matches("class=\"before\"").count(), 3);
    assert!(html.contains("Hände im Saal: 12") && html.contains(">Hände</th>") && html.contains(">Runde 1</th>"));
    assert!(html.contains("<td>8</td>"), "of hands");
    assert!(html.contains("Frühere Runden"));
}

#[test]
fn given_a_right_to_left_language_then_bars_begin_at_the_right() {
    let (german, arabic) =
        (html("de", poll(Method::YesNo, Phase::Revealed)), html("ar", poll(Method::YesNo, Phase::Revealed)));
    assert!(german.contains("class=\"now\" x=\"0.0%\" width=\"62.1%\""));
    assert!(arabic.contains("class=\"now\" x=\"37.9%\" width=\"62.1%\""));
    let other = html("fr", poll(Method::Single, Phase::Open));
    assert!(other.contains("<span lang=\"de\" dir=\"auto\">Was brauchen wir zuerst?</span>"), "the original, labelled");
    assert!(html("ar", poll(Method::Single, Phase::Open)).contains("ماذا نحتاج أولاً؟"));
}

#[test]
fn given_print_and_cards_then_all_that_has_to_stand_there_does() {
    let html = markup(page("de", print(Method::Scale { steps: 5 })));
    for text in
        ["0123456789abcdef", "العربية", "ماذا نحتاج أولاً؟", "غير مهم", "?format=csv", "Ein Treffpunkt im Stadtteil"]
    {
        assert!(html.contains(text), "{text}");
    }
    let html = markup(page("de", sheet()));
    assert_eq!((html.matches("<ol class=\"sheet\">").count(), html.matches("<li class=\"card\">").count()), (2, 10));
    assert!(html.contains("Karte 10") && html.contains("BCDF-GHJK-LMNP"));
    let html = markup(page("de", voters()));
    assert!(html.contains("Amira K.") && html.contains("Karte 7") && html.contains("ohne Namen"));
}

/// Without the marks that keep values apart from the text around them.
fn plain(html: &str) -> String {
    html.replace(['\u{2068}', '\u{2069}'], "")
}

#[test]
fn given_a_rule_then_it_names_its_base_and_the_number_needed_wherever_the_result_is_shown() {
    let two_thirds = |page: PollPage| {
        with(page, |page, header| {
            header.question.majority = Majority::TwoThirds;
            page.view.result = Some(result(header, 1));
        })
    };
    let shown = two_thirds(poll(Method::YesNo, Phase::Revealed));
    let paper = PollPrint { view: shown.view.clone(), head: String::new(), now: Timestamp(NOW) };
    for html in [html("de", shown), markup(page("de", boxed(paper)))] {
        let html = plain(&html);
        for says in
            ["Nötig sind zwei Drittel der Stimmen. Enthaltungen zählen dabei nicht.", "Ja: 23 von 37. Nötig: 25."]
        {
            assert!(html.contains(says), "{says}");
        }
        assert!(html.contains("100 % = Ja und Nein zusammen: 37") && html.contains("23 Stimmen · 62 %"));
        assert!(html.contains("5 Stimmen") && !html.contains("5 Stimmen ·"), "abstentions are a number");
    }
    let several = plain(&html("de", poll(Method::Multiple { min: 1, max: 2 }, Phase::Revealed)));
    assert!(several.contains("100 % = alle Personen: 42") && several.contains("Kreuze: 32 · 76 %"), "{several}");
    let scale = plain(&html("de", poll(Method::Scale { steps: 5 }, Phase::Revealed)));
    assert!(scale.contains("Durchschnitt 3,0 · Bewertungen: 31"), "eleven of 42 left the last line out");
}

#[test]
fn given_blank_ballots_then_nobody_leads() {
    let blank = with(poll(Method::Multiple { min: 0, max: 2 }, Phase::Revealed), |page, header| {
        let mut shown = result(header, 1);
        shown.tally = Tally::count(header.question.method, 3, [(&[0, 0, 0][..], 7)]);
        shown.outcome = outcome(header.question.method, &shown.tally, Majority::Simple, None, None);
        page.view.result = Some(shown);
    });
    let html = html("de", blank);
    assert!(html.contains("Niemand hat etwas gewählt.") && !html.contains("badge leads"));
}

#[test]
fn given_few_are_withheld_or_a_card_votes_once_then_that_is_said_before_anybody_votes() {
    for (secrecy, said) in [(Secrecy::Open, false), (Secrecy::Confidential, true), (Secrecy::Secret, true)] {
        let html = html("de", with(poll(Method::Single, Phase::Open), |_, header| header.question.secrecy = secrecy));
        let before = plain(html.split("<form").next().unwrap_or_default());
        assert_eq!(before.contains("Unter 5 Stimmen online zeigen wir niemandem ein Ergebnis."), said, "{secrecy:?}");
    }
    for secrecy in Secrecy::ALL {
        let open = with(cards(), |_, header| header.question.secrecy = secrecy);
        let cast = with(open.clone(), |page, _| page.cast = Some(1));
        for page in [open, cast] {
            let html = html("de", page);
            assert!(html.contains("Jede Stimmkarte stimmt einmal ab.") && !html.contains("Stimme bis zum Ende ändern"));
        }
    }
}

#[test]
fn given_a_ranking_then_it_is_said_before_and_after_where_what_has_no_place_comes() {
    let says = "Ohne Platz heißt: hinter allen anderen.";
    assert!(html("de", poll(Method::Ranking, Phase::Open)).contains(says));
    let some = with(voted(Method::Ranking), |page, _| {
        page.own = Some(PollOwn { voted: true, marks: Some(vec![1, 0, 0]) });
    });
    let html = html("de", some);
    let mine =
        html.split("class=\"chosen\"").nth(1).and_then(|rest| rest.split("</ul>").next()).expect("what was chosen");
    assert!(mine.contains(says) && mine.matches("ohne Platz").count() == 2, "{mine}");
}

#[test]
fn given_resistance_that_is_left_out_then_the_fields_hold_no_ballot() {
    let page = poll(Method::Resistance, Phase::Open);
    let header = page.view.poll.expect("a poll");
    let form = |fields: &[(&str, &str)]| Form {
        action: format!("/api/v1/polls/{}/ballots", uuid(900)),
        fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    };
    let whole = [("round", "1"), ("mark_0", "0"), ("mark_1", "0"), ("mark_2", "0"), ("mark_3", "9")];
    assert!(Ballot::of(&header, &form(&whole[..4])).is_none(), "silence is no consent");
    assert_eq!(Ballot::of(&header, &form(&whole)).expect("a ballot").marks, [0, 0, 0, 9]);
}

#[test]
fn given_a_printed_result_then_its_dates_are_full() {
    let html = plain(&markup(page("de", print(Method::Single))));
    let year = "2026,";
    assert!(html.contains("Beginn: ") && html.contains(year), "{html}");
    assert!(!html.contains("heute,"));
}

#[test]
fn given_hostile_words_in_a_poll_then_they_are_words() {
    for method in METHODS {
        let hostile = with(poll(method, Phase::Revealed), |_, header| {
            header.question.title = texts(HOSTILE);
            header.question.note = Some(texts(HOSTILE));
            header.question.ends = header.question.ends.as_ref().map(|_| [texts(HOSTILE), texts(HOSTILE)]);
            header.question.options.fill(texts(HOSTILE));
        });
        let view = hostile.view.clone();
        let print = boxed(PollPrint { view, head: String::new(), now: Timestamp(NOW) });
        for kind in [kind(hostile), print] {
            let html = document(&page("de", kind), &shell());
            assert!(!html.contains("<img") && !html.contains("<script>alert"), "{method:?}");
        }
    }
}

#[test]
fn given_any_language_then_no_word_of_a_poll_lacks_its_number() {
    for lang in LANGUAGES {
        for (name, kind) in kinds() {
            let html = markup(page(lang, kind));
            assert!(!html.contains("{count}") && !html.contains("{number}"), "{lang} {name}");
        }
    }
}

#[test]
fn given_a_ranking_then_an_option_moves_by_a_place_and_another_makes_room() {
    let mut draft = Draft { values: vec![String::new(); 3], card: String::new() };
    let marks = |draft: &Draft| [0, 1, 2].map(|at| draft.mark(at));
    draft.shift(2, -1);
    draft.shift(0, -1);
    assert_eq!(marks(&draft), [2, 0, 1], "the first press gives a place");
    draft.shift(0, -1);
    assert_eq!(marks(&draft), [1, 0, 2]);
    draft.shift(0, -1);
    draft.shift(2, 1);
    draft.shift(2, 1);
    assert_eq!(marks(&draft), [1, 0, 3], "no further than the ends");
}
