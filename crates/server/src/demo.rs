//! A sample process for trying the program: made through the same commands as everything else.

use anyhow::{Context, Result, anyhow};
use stimmwerk_core::forum::{ForumCommand, HideReason, Waiting};
use stimmwerk_core::ids::{ContributionId, ParticipantId, ProcessId, TopicId};
use stimmwerk_core::network::{CodeKind, NetworkCommand, Visibility};
use stimmwerk_core::people::{Actor, Role};
use stimmwerk_core::said::{Lang, Texts};
use stimmwerk_eventlog::accounts::{Participant, Person, PersonId, PersonKind};
use uuid::Uuid;

use crate::app::AppState;
use crate::chance;
use crate::room::Done;

/// How long the moderator's link of a demo lasts, in milliseconds.
const LINK_MS: i64 = 24 * 3_600 * 1_000;
const MODERATOR: &str = "moderation@demo.invalid";

/// Topics: German, English.
const TOPICS: [(&str, &str); 4] = [
    ("Selbstorganisation", "Self-organisation"),
    ("Interessen vertreten", "Speaking up"),
    ("Mitbestimmen", "Having a say"),
    ("Mit Streit umgehen", "Handling conflict"),
];

/// Contributions: author, language, topic, answer to, text.
const TALK: [(usize, &str, usize, Option<usize>, &str); 16] = [
    (
        0,
        "de",
        0,
        None,
        "Unsere Vereine tragen seit Jahren Verantwortung, fast immer ehrenamtlich. Das **soll im Leitbild ganz vorne stehen**.",
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
];

const NAMES: [&str; 8] = ["Amal", "Oksana", "Daniel", "رنا", "Mehmet", "Fatou", "Linh", "Samuel"];

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
    let forum = process.forums.front().context("the process has no forum")?;
    let moderator = match app.accounts.account(MODERATOR).await? {
        Some(person) => person.id,
        None => moderator(app, process.id).await?,
    };
    let (secret, hash) = chance::secret();
    app.accounts.add_login_link(hash, moderator, chance::now().plus_ms(LINK_MS)).await?;
    Ok(vec![
        ("participant", format!("{base}/j/{code}")),
        ("moderator", format!("{base}/login/link?token={secret}&next=/f/{}/moderation", forum.forum)),
    ])
}

async fn moderator(app: &AppState, process: ProcessId) -> Result<PersonId> {
    let person = PersonId(Uuid::now_v7());
    let account = Person { id: person, kind: PersonKind::Account, label: Some(MODERATOR.to_owned()) };
    app.accounts.add_person(account).await?;
    app.accounts.grant(person, None, Role::Admin).await?;
    app.accounts.grant(person, None, Role::Moderator).await?;
    app.accounts.add_participant(participant(process, person, "Mira Yıldız", false)).await?;
    Ok(person)
}

fn participant(process: ProcessId, person: PersonId, name: &str, guest: bool) -> Participant {
    Participant {
        id: ParticipantId(Uuid::now_v7()),
        process,
        person,
        name: Some(name.to_owned()),
        lang: None,
        notice: crate::rest::me::NOTICE,
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
    let place = *directory.process(process).and_then(|process| process.forums.front()).context("the forum is there")?;
    let forum = app.forum(place).await.map_err(|fault| anyhow!("{}", fault.code))?;
    let tell = async |command: ForumCommand, actor: Actor| -> Result<Done> {
        forum.issue(command, chance::command_id(), actor, Uuid::nil()).await.map_err(|refusal| anyhow!("{refusal:?}"))
    };
    let mut topics = Vec::new();
    for (german, english) in TOPICS {
        let done = tell(ForumCommand::AddTopic { title: both(german, english) }, Actor::system()).await?;
        topics.push(TopicId(done.object.context("a topic has an id")?));
    }
    let mut people = Vec::new();
    for name in NAMES {
        let person = PersonId(Uuid::now_v7());
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
    for (author, lang, topic, answers, text) in TALK {
        let command = ForumCommand::Contribute {
            text: text.to_owned(),
            lang: Lang::try_from(lang.to_owned()).ok(),
            topic: Some(topics[topic]),
            reply_to: answers.map(|nth| said[nth]),
            hall: None,
        };
        let done = tell(command, people[author].clone()).await?;
        let id = ContributionId(done.object.context("a contribution has an id")?);
        tell(ForumCommand::Approve { contribution: id }, Actor::system()).await?;
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
    // What a moderator meets: one hidden with a reason, two waiting.
    let loud = ForumCommand::Contribute {
        text: "Kauft jetzt billige Handyverträge, Link im Profil!!!".to_owned(),
        lang: Some(Lang::german()),
        topic: None,
        reply_to: None,
        hall: None,
    };
    let done = tell(loud, people[6].clone()).await?;
    let contribution = ContributionId(done.object.context("a contribution has an id")?);
    let note = Some("Werbung gehört nicht in dieses Gespräch.".to_owned());
    tell(ForumCommand::Hide { contribution, reason: HideReason::Spam, note }, Actor::system()).await?;
    for (name, text) in [
        ("Ivana", "Ich bin neu hier. Darf ich auch etwas zu Thema zwei sagen, wenn ich in keinem Verein bin?"),
        ("Yusuf", "Bitte denkt an Menschen, die nachts arbeiten. Abends um sechs können viele nicht."),
    ] {
        let person = PersonId(Uuid::now_v7());
        let joined = participant(process, person, name, true);
        let actor = Actor {
            participant: Some(joined.id),
            name: joined.name.as_deref().map(Into::into),
            guest: true,
            ..Actor::default()
        };
        app.accounts.join_as_guest(Person { id: person, kind: PersonKind::Guest, label: None }, joined).await?;
        let command = ForumCommand::Contribute {
            text: text.to_owned(),
            lang: Some(Lang::german()),
            topic: None,
            reply_to: None,
            hall: None,
        };
        tell(command, actor).await?;
    }
    Ok(())
}
