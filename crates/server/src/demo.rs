//! A sample process for trying the program.
//! `serve --demo` fills an empty database with it and prints the links.
//! It issues the same commands as everyone else and writes nothing around them.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use stimmwerk_core::domain::Domain;
use stimmwerk_core::forum::{ForumCommand, HideReason, ReportReason, Reported, Stage, Waiting};
use stimmwerk_core::ids::{ContributionId, ForumId, ParticipantId, PollId, ProcessId, TopicId};
use stimmwerk_core::network::{CodeKind, NetworkCommand, Visibility};
use stimmwerk_core::people::{Actor, Audience, NOTICE_VERSION, Role};
use stimmwerk_core::poll::{Electorate, Poll, PollCommand, Question, Results, Secrecy, Weight};
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_core::tally::{Majority, Method};
use stimmwerk_eventlog::accounts::{Participant, Person, PersonId, PersonKind};
use uuid::Uuid;

use crate::app::AppState;
use crate::chance;
use crate::room::{Done, Room};

/// How long the moderator's link of a demo lasts, in milliseconds.
const LINK_MS: i64 = 24 * 3_600 * 1_000;
/// How long the sample evening has lasted, in milliseconds.
const EVENING_MS: i64 = 75 * 60 * 1_000;
const MODERATOR: &str = "moderation@demo.invalid";

/// Topics: German, English.
const TOPICS: [(&str, &str); 4] = [
    ("Selbstorganisation", "Self-organisation"),
    ("Interessen vertreten", "Speaking up"),
    ("Mitbestimmen", "Having a say"),
    ("Mit Streit umgehen", "Handling conflict"),
];

/// Contributions: author, language, topic, answer to, text.
const TALK: [(usize, &str, usize, Option<usize>, &str); 34] = [
    (
        0,
        "de",
        0,
        None,
        "Unsere Vereine tragen seit Jahren Verantwortung, fast immer ehrenamtlich. Das soll im Leitbild ganz vorne stehen.",
    ),
    (1, "de", 0, None, "Wir brauchen einen festen Raum, in dem sich kleine Vereine ohne Büro treffen können."),
    (2, "en", 0, Some(1), "We have a community room in Eisenach that stands empty on weekdays. We would share it."),
    (3, "ar", 2, None, "نريد أن تُترجم الدعوات إلى لغات بسيطة حتى يتمكن الجميع من المشاركة."),
    (
        4,
        "de",
        2,
        None,
        "Wer hier lebt, soll bei Entscheidungen in der Gemeinde mitreden können, auch ohne deutschen Pass.",
    ),
    (0, "de", 2, Some(4), "Ja. Und zwar bevor der Beschluss steht, nicht danach."),
    (
        5,
        "de",
        1,
        None,
        "Wenn eine Behörde uns etwas fragt, antworten oft immer dieselben drei Leute. Wir sollten das auf mehr Schultern verteilen.",
    ),
    (
        6,
        "de",
        3,
        None,
        "Streit gehört dazu. Wichtig ist:\n\n- zuhören\n- nicht persönlich werden\n- am Ende etwas festhalten",
    ),
    (
        2,
        "en",
        3,
        None,
        "Could every workshop have one person whose only task is to make sure quiet people get to speak?",
    ),
    (7, "de", 3, Some(8), "Das haben wir in Gera ausprobiert. Es hilft sehr."),
    (1, "de", 1, None, "Rassismus im Alltag muss im Text beim Namen genannt werden."),
    (3, "de", 1, Some(10), "Und was wir dagegen tun. Sonst bleibt es ein Satz auf Papier."),
    (4, "de", 0, None, "Junge Leute kommen, wenn sie etwas entscheiden dürfen. Gebt ihnen ein eigenes Budget."),
    (
        5,
        "en",
        2,
        None,
        "Please keep the meetings short and offer child care. Otherwise the same people stay at home every time.",
    ),
    (6, "de", 2, None, "Ein Leitbild in einfacher Sprache. Zwei Seiten, nicht zwanzig."),
    (7, "de", 3, None, "Demokratie heißt auch, eine Abstimmung zu verlieren und trotzdem weiter mitzumachen."),
    (8, "de", 0, None, "In der Region Nord fahren abends keine Busse. Wir brauchen auch Treffen am Samstag."),
    (9, "de", 0, Some(16), "Bei uns im Süden holt der Fußballverein die Leute ab. Das klappt mit drei Autos."),
    (10, "en", 1, None, "Let us speak for ourselves. Please do not invite us only as guests to talk about us."),
    (11, "ar", 3, None, "الاحترام لا يعني أن نتفق دائماً. نختلف ونبقى على الطاولة نفسها."),
    (1, "de", 1, None, "Die großen Verbände sitzen schon am Tisch. Kleine Vereine brauchen auch einen Platz."),
    (4, "de", 1, Some(20), "Vielleicht ein Platz pro Region, der jedes Jahr wechselt?"),
    (7, "de", 2, None, "Wer etwas vorschlägt, soll eine Antwort bekommen. Auch wenn es ein Nein ist."),
    (0, "de", 2, Some(22), "Genau. Ein Nein mit Grund ist besser als Schweigen."),
    (
        9,
        "en",
        0,
        None,
        "Our choir, the football team and the kitchen group never meet. One shared calendar would help.",
    ),
    (8, "de", 3, None, "Wenn jemand hetzt, sagen wir Stopp. Alle zusammen und ohne zu schreien."),
    (5, "de", 3, Some(25), "Dafür möchte ich üben. Gibt es einen Kurs?"),
    (6, "de", 3, Some(25), "Ja, die Demokratieberatung in der Region Mitte macht so etwas."),
    (2, "en", 2, None, "Voting is fine. Talking first is better. Can we do both in this order?"),
    (10, "de", 0, None, "Ehrenamt kostet Geld: Fahrkarte, Telefon, Essen. Das soll im Leitbild stehen."),
    (11, "de", 1, None, "Frauen aus unseren Vereinen sollen öffentlich sprechen. Nicht nur die Vorsitzenden."),
    (3, "ar", 0, Some(29), "أوافق. من يتطوع لا ينبغي أن يدفع من جيبه."),
    (4, "de", 2, None, "Unsere Kinder sind hier geboren. Fragt auch sie, was sie von uns erwarten."),
    (7, "de", 0, None, "Ein Leitbild ist gut, wenn man es nach einem Jahr noch kennt. Hängen wir es in jeden Raum?"),
];

const NAMES: [&str; 12] =
    ["Amal", "Oksana", "Daniel", "رنا", "Mehmet", "Fatou", "Linh", "Samuel", "Zofia", "Bilal", "Grace", "Hala"];

/// What waits for a moderator: name, language, text.
const WAITING: [(&str, &str, &str); 4] = [
    ("Ivana", "de", "Ich bin neu hier. Darf ich auch etwas sagen, wenn ich in keinem Verein bin?"),
    ("Yusuf", "de", "Bitte denkt an Menschen, die nachts arbeiten. Abends um sechs können viele nicht."),
    ("Marta", "en", "Is there a place for people who have just arrived and do not know the words yet?"),
    ("سمير", "ar", "هل يمكن أن نكتب بلغتنا ثم يترجم أحدهم؟"),
];

/// Fills an empty database, and gives the addresses to try: name and address.
///
/// # Errors
/// The log or the account tables cannot be written.
pub async fn prepare(app: &AppState, base: &str) -> Result<Vec<(&'static str, String)>> {
    if app.directory().processes().next().is_none() {
        fill(app).await.context("the sample process could not be made")?;
    }
    let directory = app.directory();
    let process = directory.processes().next().context("there is no process")?;
    let code = app.code(process, CodeKind::Link).context("the process has no link")?;
    let forum = process.forums().next().context("the process has no forum")?;
    let moderator = match app.accounts.account(MODERATOR).await? {
        Some(person) => person.id,
        None => moderator(app, process.id).await?,
    };
    let (secret, hash) = chance::secret();
    app.accounts.add_login_link(hash, moderator, chance::now().plus_ms(LINK_MS)).await?;
    let screen = app.screen_link(forum.forum).await.map_err(|fault| anyhow!("{}", fault.code))?;
    Ok(vec![
        ("participant", format!("{base}/j/{code}")),
        ("moderator", format!("{base}/login/link?token={secret}&next=/f/{}/moderation", forum.forum)),
        ("projector", format!("{base}{screen}")),
    ])
}

async fn moderator(app: &AppState, process: ProcessId) -> Result<PersonId> {
    let person = PersonId(chance::id());
    let account = Person { id: person, kind: PersonKind::Account, label: Some(MODERATOR.to_owned()) };
    app.accounts.add_person(account).await?;
    app.accounts.grant(person, None, Role::Admin).await?;
    app.accounts.grant(person, None, Role::Moderator).await?;
    app.accounts.add_participant(participant(process, person, "Mira Yıldız", false)).await?;
    Ok(person)
}

fn participant(process: ProcessId, person: PersonId, name: &str, guest: bool) -> Participant {
    Participant {
        id: ParticipantId(chance::id()),
        process,
        person,
        name: Some(name.to_owned()),
        lang: None,
        notice: NOTICE_VERSION,
        banned: false,
        guest,
        joined_at: chance::now(),
    }
}

fn both(german: &str, english: &str) -> Texts {
    let mut texts = Texts::of(Lang::german(), german);
    if let Ok(lang) = Lang::try_from("en".to_owned()) {
        texts.texts.insert(lang, english.into());
    }
    texts
}

async fn fill(app: &AppState) -> Result<()> {
    let network = async |command: NetworkCommand| {
        app.network
            .issue(command, chance::command_id(), Actor::system(), Uuid::nil())
            .await
            .map_err(|refusal| anyhow!("{refusal:?}"))
    };
    network(NetworkCommand::SetTitle { title: both("Netzwerk Vielfalt im Land", "Network for a diverse Land") })
        .await?;
    let process = network(NetworkCommand::CreateProcess {
        title: both("Unser Leitbild 2027", "Our mission statement 2027"),
        visibility: Visibility::Public,
    })
    .await?;
    let process = ProcessId(process.object.context("a process has an id")?);
    network(NetworkCommand::CreateForum {
        process,
        title: both("Was soll in unserem Leitbild stehen?", "What should our mission statement say?"),
        waiting: Waiting::FirstOfGuest,
    })
    .await?;
    app.run_follow_ups().await;
    let directory = app.directory();
    let place = directory.process(process).and_then(|process| process.forums().next()).context("the forum is there")?;
    let forum = app.forum(place).await.map_err(|fault| anyhow!("{}", fault.code))?;
    // The sample looks like an evening that began a while ago.
    let begin = chance::now().plus_ms(-EVENING_MS);
    let pace = EVENING_MS / (TALK.len() as i64 + 8);
    let tell_at = async |command: ForumCommand, actor: Actor, nth: usize| -> Result<Done> {
        let at = begin.plus_ms(nth as i64 * pace);
        let issued = forum.issue_at(command, chance::command_id(), actor, at).await;
        issued.map_err(|refusal| anyhow!("{refusal:?}"))
    };
    let tell = async |command: ForumCommand, actor: Actor| tell_at(command, actor, TALK.len()).await;
    let mut topics = Vec::new();
    for (german, english) in TOPICS {
        let done = tell(ForumCommand::AddTopic { title: both(german, english) }, Actor::system()).await?;
        topics.push(TopicId(done.object.context("a topic has an id")?));
    }
    let mut people = Vec::new();
    for name in NAMES {
        let person = PersonId(chance::id());
        let joined = participant(process, person, name, true);
        let actor = Actor {
            participant: Some(joined.id),
            name: joined.name.as_deref().map(Into::into),
            guest: true,
            ..Actor::default()
        };
        app.accounts.join_as_guest(Person { id: person, kind: PersonKind::Guest, label: None }, joined).await?;
        people.push(actor);
    }
    let mut said: Vec<ContributionId> = Vec::new();
    for (nth, (author, lang, topic, answers, text)) in TALK.into_iter().enumerate() {
        let command = ForumCommand::Contribute {
            text: text.to_owned(),
            lang: Lang::try_from(lang.to_owned()).ok(),
            topic: Some(topics[topic]),
            reply_to: answers.map(|nth| said[nth]),
            hall: None,
        };
        let done = tell_at(command, people[author].clone(), nth).await?;
        let id = ContributionId(done.object.context("a contribution has an id")?);
        // Only the first contribution of a guest waits for a moderator.
        if forum.state().waits(id) {
            tell(ForumCommand::Approve { contribution: id, seen: None }, Actor::system()).await?;
        }
        said.push(id);
    }
    for (nth, contribution) in said.iter().enumerate() {
        for (who, actor) in people.iter().enumerate() {
            let agrees = (nth * 5 + who * 3) % 7 < 3 && TALK[nth].0 != who;
            if agrees {
                tell(ForumCommand::Support { contribution: *contribution }, actor.clone()).await?;
            }
        }
    }
    let contribute = |lang: &str, text: &str, hall: Option<&str>| ForumCommand::Contribute {
        text: text.to_owned(),
        lang: Lang::try_from(lang.to_owned()).ok(),
        topic: None,
        reply_to: None,
        hall: hall.map(str::to_owned),
    };
    // Somebody in the hall spoke, and the moderator wrote it down.
    let staff = app.accounts.standing(moderator(app, process).await?).await?.context("the moderator is there")?;
    let mira = Actor {
        participant: staff.in_process(process).map(|participant| participant.id),
        roles: staff.roles_in(process),
        name: staff.in_process(process).and_then(|participant| participant.name.as_deref()).map(Into::into),
        ..Actor::default()
    };
    let voice = "Ich schreibe nicht gern am Telefon. Aber ich koche für die Werkstatt, und da reden alle.";
    tell(contribute("de", voice, Some("Frau Nguyen")), mira.clone()).await?;
    // The desk shows one contribution hidden with a reason, one reported, and four that wait.
    let advert = contribute("de", "Kauft jetzt billige Handyverträge, Link im Profil!!!", None);
    let done = tell(advert, people[6].clone()).await?;
    let contribution = ContributionId(done.object.context("a contribution has an id")?);
    let note = Some("Werbung gehört nicht in dieses Gespräch.".to_owned());
    tell(ForumCommand::Hide { contribution, reason: HideReason::Spam, note }, mira).await?;
    let harsh = contribute("de", "Die vom Amt sind doch alle gleich. Mit denen braucht man gar nicht zu reden.", None);
    let done = tell(harsh, people[2].clone()).await?;
    let contribution = ContributionId(done.object.context("a contribution has an id")?);
    for text in [None, Some("So kommen wir nicht ins Gespräch.".to_owned())] {
        let report = ForumCommand::Report { contribution, what: Reported::Text, reason: ReportReason::Insult, text };
        tell(report, Actor::default()).await?;
    }
    for (nth, (name, lang, text)) in WAITING.into_iter().enumerate() {
        let person = PersonId(chance::id());
        let joined = participant(process, person, name, true);
        let actor = Actor {
            participant: Some(joined.id),
            name: joined.name.as_deref().map(Into::into),
            guest: true,
            ..Actor::default()
        };
        app.accounts.join_as_guest(Person { id: person, kind: PersonKind::Guest, label: None }, joined).await?;
        tell_at(contribute(lang, text, None), actor, TALK.len() + 2 + nth).await?;
    }
    polls(app, process, place.forum, &people).await?;
    // A poll that opens is shown by the projector. Whoever tries the projector shall see the welcome first.
    tell(ForumCommand::SetStage { stage: Stage::Welcome, seen: None }, Actor::system()).await?;
    Ok(())
}

/// Three polls: one that is over, one that is on, one that is prepared.
async fn polls(app: &AppState, process: ProcessId, forum: ForumId, people: &[Actor]) -> Result<()> {
    let asked = |title: Texts, method: Method, options: Vec<Texts>| Question {
        title,
        note: None,
        method,
        options,
        ends: None,
        electorate: Electorate::Devices,
        secrecy: Secrecy::Confidential,
        weight: Weight::Mood,
        results: Results::Revealed,
        majority: Majority::Simple,
        quorum: None,
    };
    let create = async |question: Question| -> Result<Arc<Room<Poll>>> {
        let command = NetworkCommand::CreatePoll { process, forum: Some(forum), question: Box::new(question) };
        let issued = app.network.issue(command, chance::command_id(), Actor::system(), Uuid::nil()).await;
        let poll = issued.map_err(|refusal| anyhow!("{refusal:?}"))?.object.context("a poll has an id")?;
        app.run_follow_ups().await;
        let place = app.directory().poll(PollId(poll)).context("the poll is there")?;
        app.poll(place, Audience::Staff).await.map_err(|fault| anyhow!("{}", fault.code))
    };
    let tell = async |room: &Room<Poll>, command: PollCommand, actor: Actor| -> Result<()> {
        let issued = room.issue(command, chance::command_id(), actor, Uuid::nil()).await;
        issued.map(drop).map_err(|refusal| anyhow!("{refusal:?}"))
    };
    let vote = |marks: Vec<u8>| PollCommand::Vote { round: 1, marks, card: None };
    let topics = TOPICS.map(|(german, english)| both(german, english)).to_vec();
    let title = both("Woran arbeiten wir zuerst?", "What do we work on first?");
    let first = create(asked(title, Method::Multiple { min: 1, max: 2 }, topics)).await?;
    tell(&first, PollCommand::Open { seconds: None }, Actor::system()).await?;
    for (nth, actor) in people.iter().enumerate() {
        let chosen = [nth % 4, (nth * nth + 2) % 4];
        let marks = (0..TOPICS.len()).map(|option| u8::from(chosen.contains(&option))).collect();
        tell(&first, vote(marks), actor.clone()).await?;
    }
    let hands = PollCommand::CountHands { counts: vec![14, 9, 21, 6], people: 31 };
    for command in [hands, PollCommand::Close { seconds: Some(0) }] {
        tell(&first, command, Actor::system()).await?;
    }
    let over = Poll::next_due(&first.state()).context("a poll that is being closed ends")?;
    for command in [Poll::tick(over), PollCommand::Reveal] {
        tell(&first, command, Actor::system()).await?;
    }
    let title =
        both("Soll es das Leitbild auch in Leichter Sprache geben?", "Should there be a version in easy language?");
    let second = create(asked(title, Method::YesNo, Vec::new())).await?;
    tell(&second, PollCommand::Open { seconds: None }, Actor::system()).await?;
    for (nth, actor) in people.iter().enumerate().take(7) {
        let marks = (0..3).map(|option| u8::from(option == nth % 5 % 3)).collect();
        tell(&second, vote(marks), actor.clone()).await?;
    }
    let options = vec![
        both("Jeden Monat, online", "Every month, online"),
        both("Viermal im Jahr, an wechselnden Orten", "Four times a year, in changing places"),
        both("Einmal im Jahr, zwei Tage lang", "Once a year, for two days"),
    ];
    let title = both("Wie oft treffen wir uns?", "How often do we meet?");
    create(asked(title, Method::Resistance, options)).await?;
    app.run_follow_ups().await;
    Ok(())
}
