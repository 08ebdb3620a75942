use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use uuid::Uuid;

use super::*;
use crate::commands::Commands;
use crate::domain::{Domain, FollowUp, MAX_LANGUAGES, StreamKind};
use crate::forum::{Forum, ForumCommand, Waiting};
use crate::ids::{ForumId, ProcessId, StreamId};
use crate::live::{Delta, Seq, WindowRequest};
use crate::people::{Actor, Audience, Role};
use crate::poll::{Poll, PollCommand};
use crate::rejection::Rejection;
use crate::said::{Lang, SaidTexts, Texts};
use crate::testing::{
    Stream, Witness, Words, account, assert_alike, assert_commands, assert_fixtures, assert_same, banned, german, json,
    participant, staff, token, words, words_in, written, yes_or_no,
};
use crate::time::Timestamp;

type Net = Stream<Network>;

fn admin() -> Actor {
    staff(5, Role::Admin)
}

fn net() -> Net {
    Net::new(StreamId::NETWORK)
}

impl Net {
    fn create(&mut self, visibility: Visibility) -> ProcessId {
        let command = NetworkCommand::CreateProcess { title: german("Leitbild"), visibility };
        self.ask(&admin(), 0, command).expect("taken");
        ProcessId(self.object().expect("it has an id"))
    }

    fn codes(&self, process: ProcessId) -> BTreeMap<String, CodeKind> {
        let process = self.state.process(process).expect("there");
        process.codes.iter().map(|code| (code.text.as_str().to_owned(), code.kind)).collect()
    }

    fn seen(&self, audience: Audience) -> NetworkView {
        Network::view(&self.state, audience, &WindowRequest::default())
    }

    /// What would follow from a command, and the command to be asked with.
    fn follow_ups(&self, command: &NetworkCommand) -> Vec<FollowUp> {
        let context = self.context(&Actor::system(), 0);
        Network::decide(&self.state, command, &context).map(|decision| decision.follow_ups).unwrap_or_default()
    }
}

// Laws, over random days of a network.

#[derive(Clone, Copy, Debug)]
enum What {
    SetTitle,
    CreateProcess,
    SetVisibility,
    SetProcessTitle,
    CreateForum,
    CreatePoll,
    SetJoining,
    RenewCodes,
    ErasePerson,
    Tick,
}

/// One command, in small numbers that fit whatever there is by then.
#[derive(Clone, Copy, Debug)]
struct Step {
    what: What,
    /// Who; from 6 on, someone who is allowed.
    by: u8,
    /// About which process.
    on: u8,
    how: u8,
    again: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let what = prop_oneof![
        1 => Just(What::SetTitle),
        3 => Just(What::CreateProcess),
        5 => Just(What::SetVisibility),
        2 => Just(What::SetProcessTitle),
        2 => Just(What::CreateForum),
        2 => Just(What::CreatePoll),
        2 => Just(What::SetJoining),
        2 => Just(What::RenewCodes),
        1 => Just(What::ErasePerson),
        1 => Just(What::Tick),
    ];
    (what, 0..12u8, any::<u8>(), any::<u8>(), prop::bool::weighted(0.1)).prop_map(|(what, by, on, how, again)| Step {
        what,
        by,
        on,
        how,
        again,
    })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..40)
}

#[derive(Clone)]
struct Days {
    net: Net,
    forums: BTreeMap<StreamId, Stream<Forum>>,
    polls: BTreeMap<StreamId, Stream<Poll>>,
    retold: Retold,
    texts: u32,
}

impl Days {
    fn new() -> Self {
        Self { net: net(), forums: BTreeMap::new(), polls: BTreeMap::new(), retold: Retold::default(), texts: 0 }
    }

    fn witness(&self) -> Witness<Network> {
        let window = |from| WindowRequest { from, ..WindowRequest::default() };
        let mut witness = Witness::new(vec![window(None), window(Some(4))], vec![participant(1), participant(5)]);
        witness.see(&self.net.state);
        witness
    }

    fn title(&mut self) -> Texts {
        self.texts += 1;
        german(&format!("Titel «{}»", self.texts))
    }

    fn step(&mut self, step: Step) {
        let how = usize::from(step.how);
        let some = self.net.state.processes().nth(usize::from(step.on) % (self.net.state.processes().count() + 1));
        let process = some.map_or(ProcessId(Uuid::from_u128(404)), |process| process.id);
        let visibility = [Visibility::Code, Visibility::Members, Visibility::Public][how % 3];
        let command = match step.what {
            What::SetTitle => NetworkCommand::SetTitle { title: self.title() },
            What::CreateProcess => NetworkCommand::CreateProcess { title: self.title(), visibility },
            What::SetVisibility => NetworkCommand::SetVisibility { process, visibility },
            What::SetProcessTitle => NetworkCommand::SetProcessTitle { process, title: self.title() },
            What::CreateForum => {
                let mut title = self.title();
                // Now and then more than a title can have.
                for n in 0..if how > 230 { MAX_LANGUAGES } else { how % 3 } {
                    let lang = format!("{}{}", char::from(b'a' + (n / 26) as u8), char::from(b'a' + (n % 26) as u8));
                    title.texts.insert(Lang::try_from(lang).expect("a tag"), "Titel".into());
                }
                NetworkCommand::CreateForum { process, title, waiting: Waiting::All }
            }
            What::CreatePoll => {
                // Now and then in a forum, which may be one of another process.
                let forums: Vec<ForumId> =
                    self.net.state.processes().flat_map(|process| process.forums().map(|place| place.forum)).collect();
                let forum = forums.get(how % (2 * forums.len()).max(1)).copied();
                NetworkCommand::CreatePoll { process, forum, question: Box::new(yes_or_no(self.title())) }
            }
            What::SetJoining => {
                NetworkCommand::SetJoining { process, joining: [Joining::Open, Joining::Closed][how % 2] }
            }
            What::RenewCodes => NetworkCommand::RenewCodes { process },
            What::ErasePerson => NetworkCommand::ErasePerson { process, participant: participant(step.how) },
            What::Tick => Network::tick(Timestamp(0)),
        };
        let actors =
            [account(1), staff(2, Role::Moderator), admin(), token(Role::Admin), banned(admin()), Actor::system()];
        let follow_ups = self.net.follow_ups(&command);
        let actor = actors.get(usize::from(step.by)).cloned().unwrap_or_else(Actor::system);
        let Ok(events) = self.net.ask(&actor, 0, command) else { return };
        for event in &events {
            self.retold.hear(event);
        }
        for follow_up in follow_ups {
            if follow_up.kind == StreamKind::Poll {
                let command: PollCommand = serde_json::from_str(&follow_up.command).expect("a command");
                let poll = self.polls.entry(follow_up.stream).or_insert_with(|| Stream::new(follow_up.stream));
                poll.ask(&Actor::system(), 0, command).expect("what follows is taken");
                continue;
            }
            assert_eq!(follow_up.kind, StreamKind::Forum);
            let command: ForumCommand = serde_json::from_str(&follow_up.command).expect("a command");
            let forum = self.forums.entry(follow_up.stream).or_insert_with(|| Stream::new(follow_up.stream));
            forum.ask(&Actor::system(), 0, command).expect("what follows is taken");
        }
        if step.again {
            assert_eq!(self.net.repeat().unwrap_or_default(), []);
        }
    }
}

/// Which titles who may see, told anew from the events.
#[derive(Clone, Default)]
struct Retold {
    title: Words,
    processes: BTreeMap<ProcessId, (Words, Visibility)>,
}

impl Retold {
    fn hear(&mut self, event: &NetworkEvent) {
        let all = |title: &SaidTexts| title.texts.values().flat_map(|said| words(said.as_str())).collect::<Words>();
        match event {
            NetworkEvent::NetworkTitled(e) => self.title = all(&e.title),
            NetworkEvent::ProcessCreated(e) => {
                self.processes.insert(e.process, (all(&e.title), e.visibility));
            }
            NetworkEvent::ProcessTitled(e) => self.processes.get_mut(&e.process).expect("there").0 = all(&e.title),
            NetworkEvent::VisibilitySet(e) => self.processes.get_mut(&e.process).expect("there").1 = e.visibility,
            NetworkEvent::ForumCreated(_)
            | NetworkEvent::PollCreated(_)
            | NetworkEvent::JoiningSet(_)
            | NetworkEvent::CodeIssued(_)
            | NetworkEvent::ParticipantErased(_) => {}
        }
    }

    fn seen_by(&self, audience: Audience) -> Words {
        let mut seen = self.title.clone();
        for (title, visibility) in self.processes.values() {
            if visibility.is_public() || audience == Audience::Staff {
                seen.extend(title);
            }
        }
        seen
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn given_any_days_then_every_view_follows_from_an_earlier_one_and_the_deltas_since(
        steps in steps(), salt in any::<u8>()
    ) {
        let mut days = Days::new();
        let mut witness = days.witness();
        for step in steps {
            let before = days.net.seq();
            days.step(step);
            if days.net.seq() > before {
                witness.see(&days.net.state);
            }
        }
        witness.judge_all(salt.into());
    }

    #[test]
    fn given_any_days_then_nobody_sees_a_code_or_a_title_that_is_not_for_them(steps in steps()) {
        let mut days = Days::new();
        let mut codes: BTreeMap<String, ProcessId> = BTreeMap::new();
        for step in steps {
            days.step(step);
            let state = &days.net.state;
            let valid: BTreeMap<String, ProcessId> = state
                .processes()
                .flat_map(|process| days.net.codes(process.id).into_keys().map(|code| (code, process.id)))
                .collect();
            prop_assert_eq!(valid.len(), 2 * state.processes().count(), "two each, no two alike");
            codes.extend(valid.clone());
            for code in codes.keys() {
                prop_assert_eq!(state.by_code(code).map(|process| process.id), valid.get(code).copied());
            }
            for audience in Audience::ALL {
                let seen = days.retold.seen_by(audience);
                let mut sent = vec![json(&days.net.seen(audience))];
                prop_assert_eq!(words(&sent[0]), seen.clone());
                sent.extend((0..=days.net.seq()).map(|after| json(&Network::deltas(state, Seq(after), audience))));
                for sent in sent {
                    prop_assert!(words(&sent).is_subset(&seen));
                    prop_assert!(!codes.keys().any(|code| sent.contains(code)));
                }
            }
        }
    }

    #[test]
    fn given_any_days_when_restored_from_a_snapshot_or_folded_again_then_nothing_differs(
        steps in steps(), at in any::<prop::sample::Index>()
    ) {
        let mut days = Days::new();
        let (first, rest) = steps.split_at(at.index(steps.len()));
        for step in first {
            days.step(*step);
        }
        let mut twin = days.clone();
        twin.net.state = days.net.restored();
        let windows = [WindowRequest::default()];
        assert_same::<Network>(&twin.net.state, &days.net.state, &windows, &[]);
        for step in rest {
            let before = (days.net.state.clone(), twin.net.state.clone());
            days.step(*step);
            twin.step(*step);
            let (command, context) = days.net.last();
            assert_alike::<Network>(&before.0, &before.1, command, context);
        }
        assert_same::<Network>(&twin.net.state, &days.net.state, &windows, &[]);
        let folded = days.net.folded();
        assert_same::<Network>(&folded, &days.net.state, &windows, &[]);
        for state in [&twin.net.state, &folded, &days.net.state] {
            for (stream, forum) in &days.forums {
                let place = state.place(*stream).expect("known");
                let place = place.forum().expect("a forum");
                prop_assert_eq!(forum.state.process(), Some(place.process));
                prop_assert_eq!(state.forum(place.forum), Some(place));
            }
            for (stream, poll) in &days.polls {
                let place = state.place(*stream).expect("known");
                let place = place.poll().expect("a poll");
                prop_assert_eq!(poll.state.process(), Some(place.process));
                prop_assert_eq!(state.poll(place.poll), Some(place));
            }
        }
    }
}

#[test]
fn given_many_days_then_everything_that_can_happen_happened() {
    let mut runner = TestRunner::deterministic();
    let mut days = Days::new();
    let mut witness = days.witness();
    for n in 0..300 {
        let before = days.net.seq();
        days.step(step().new_tree(&mut runner).expect("a step").current());
        if days.net.seq() > before {
            witness.see(&days.net.state);
            witness.judge(witness.len() - 2, witness.len() - 1, n);
        }
    }
    // The network waits for no moment yet, so nothing follows from a tick.
    let commands: BTreeSet<&str> =
        NetworkCommand::RULES.iter().map(|rule| rule.name).filter(|it| *it != "tick").collect();
    assert_eq!(days.net.taken, commands, "commands that led to something");
    assert_eq!(days.net.kinds(), written(include_str!("event.rs")), "events");
    assert!(witness.deltas.iter().eq(["gone process", "put network", "put process"]), "{:?}", witness.deltas);
}

// Formats.

#[test]
fn given_every_event_accepted_so_far_then_it_is_read_and_written_as_it_was() {
    assert_fixtures::<NetworkEvent>("network", include_str!("event.rs"));
}

#[test]
fn given_the_list_of_commands_then_it_has_every_command_once() {
    assert_commands::<Network>();
}

#[test]
fn given_a_key_of_a_delta_then_it_is_one_string_and_only_such_are_read() {
    for key in [NetworkKey::Network, NetworkKey::Process(ProcessId(Uuid::from_u128(5)))] {
        assert_eq!(json(&key), format!("\"{key}\""));
        assert_eq!(serde_json::from_str::<NetworkKey>(&json(&key)).expect("read"), key);
    }
    for unknown in ["", "process", "process/1", "forum/00000000-0000-0000-0000-000000000005"] {
        assert!(serde_json::from_str::<NetworkKey>(&json(&unknown)).is_err(), "{unknown}");
    }
}

// Rules.

#[test]
fn given_a_new_process_then_it_has_a_spoken_code_and_one_for_links() {
    let mut net = net();
    let process = net.create(Visibility::Code);
    let codes = net.codes(process);
    assert_eq!(codes.len(), 2);
    assert!([CodeKind::Spoken, CodeKind::Link].iter().all(|kind| codes.values().any(|have| have == kind)));
    for (code, kind) in &codes {
        let length = if *kind == CodeKind::Spoken { CODE_LENGTH } else { 29 };
        assert_eq!(code.len(), length);
        assert!(code.bytes().all(|symbol| CODE_ALPHABET.contains(&symbol)), "{code}");
    }
    assert!(CODE_ALPHABET.is_sorted() && !CODE_ALPHABET.iter().any(|symbol| b"AEIOUY".contains(symbol)));
    assert_ne!(net.create(Visibility::Code), process);
}

#[test]
fn given_a_code_as_people_type_it_then_it_leads_to_its_process() {
    let mut net = net();
    let process = net.create(Visibility::Code);
    net.create(Visibility::Code);
    for code in net.codes(process).into_keys() {
        let (front, back) = code.split_at(4);
        for typed in [code.clone(), format!(" {}-{back}\n", front.to_lowercase()), format!("{front} – {back}")] {
            assert_eq!(net.state.by_code(&typed).map(|it| it.id), Some(process), "{typed}");
        }
        for wrong in [front, "", "-", &format!("{code}B")] {
            assert!(net.state.by_code(wrong).is_none(), "{wrong}");
        }
    }
}

#[test]
fn given_new_codes_then_the_old_ones_lead_nowhere_and_nobody_who_looks_on_is_told() {
    let mut net = net();
    let process = net.create(Visibility::Public);
    let (old, seq) = (net.codes(process), net.seq());
    net.ask(&staff(2, Role::Moderator), 0, NetworkCommand::RenewCodes { process }).expect("taken");
    let new = net.codes(process);
    assert_eq!(new.len(), 2);
    assert!(old.keys().all(|code| net.state.by_code(code).is_none()));
    assert!(new.keys().all(|code| net.state.by_code(code).is_some()));
    for audience in Audience::ALL {
        assert_eq!(Network::deltas(&net.state, Seq(seq), audience), []);
    }
    // Whether joining is open is for the door to judge.
    net.ask(&admin(), 0, NetworkCommand::SetJoining { process, joining: Joining::Closed }).expect("taken");
    let found = new.keys().next().and_then(|code| net.state.by_code(code)).expect("found");
    assert_eq!(found.joining, Joining::Closed);
}

#[test]
fn given_a_process_that_is_no_longer_public_then_it_is_gone_for_all_but_staff() {
    let mut net = net();
    let process = net.create(Visibility::Public);
    let hidden = net.create(Visibility::Code);
    assert_eq!(net.seen(Audience::Public).processes.len(), 1);
    net.ask(&admin(), 0, NetworkCommand::SetVisibility { process, visibility: Visibility::Members }).expect("taken");
    let again = NetworkCommand::SetVisibility { process, visibility: Visibility::Members };
    assert_eq!(net.ask(&admin(), 0, again), Ok(Vec::new()), "so it was already");
    let seq = Seq(net.seq());
    let gone = [Delta::Gone { key: NetworkKey::Process(process), seq }];
    for audience in [Audience::Public, Audience::Participants] {
        assert_eq!(Network::deltas(&net.state, Seq(0), audience), gone, "and of {hidden} nothing is said");
        assert_eq!(net.seen(audience).processes, []);
    }
    assert_eq!(net.seen(Audience::Staff).processes.len(), 2);
    assert_eq!(net.state.process_view(process).expect("who joined can ask").visibility, Visibility::Members);
}

#[test]
fn given_a_new_forum_then_its_stream_is_founded_by_a_follow_up_that_can_be_repeated() {
    let mut net = net();
    let process = net.create(Visibility::Code);
    let command = NetworkCommand::CreateForum { process, title: german("Ideen"), waiting: Waiting::All };
    let follow_ups = net.follow_ups(&command);
    assert_eq!(net.follow_ups(&command), follow_ups, "the same ids each time");
    let events = net.ask(&staff(2, Role::Moderator), 0, command).expect("taken");
    let [NetworkEvent::ForumCreated(created)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(net.object(), Some(created.forum.0));
    let place = net.state.forum(created.forum).expect("known");
    assert_eq!((place.process, place.stream), (process, created.stream));
    assert_eq!(net.state.place(created.stream).and_then(|it| it.forum()), Some(place));
    let [FollowUp { stream, kind: StreamKind::Forum, command, .. }] = &follow_ups[..] else { panic!("one follow-up") };
    assert_eq!(*stream, created.stream);
    let found = ForumCommand::Found { forum: created.forum, process, title: german("Ideen"), waiting: Waiting::All };
    assert_eq!(serde_json::from_str::<ForumCommand>(command).expect("a command"), found);
    assert_eq!(net.rows.len(), 3, "title and codes; the forum's title is in its own stream");
}

#[test]
fn given_a_title_that_a_forum_could_not_take_then_the_network_refuses_it() {
    let mut net = net();
    let process = net.create(Visibility::Code);
    let mut many = german("Ideen");
    for n in 0..MAX_LANGUAGES as u8 {
        let lang = format!("x{}{}", char::from(b'a' + n / 26), char::from(b'a' + n % 26));
        many.texts.insert(Lang::try_from(lang).expect("a tag"), "Ideen".into());
    }
    let sourceless = Texts { source: Lang::try_from("en".to_owned()).expect("a tag"), ..german("Ideen") };
    for (title, code) in
        [(many, "too_many"), (sourceless, "text"), (german(" "), "text"), (german(&"a".repeat(161)), "text")]
    {
        let command = NetworkCommand::CreateForum { process, title, waiting: Waiting::None };
        assert_eq!(net.ask(&admin(), 0, command).expect_err("refused").code(), code);
    }
}

#[test]
fn given_a_poll_then_it_is_found_by_id_and_stream_and_its_stream_is_told() {
    let mut net = net();
    let (process, other) = (net.create(Visibility::Code), net.create(Visibility::Code));
    let forum = NetworkCommand::CreateForum { process, title: german("Ideen"), waiting: Waiting::None };
    let events = net.ask(&admin(), 0, forum).expect("taken");
    let [NetworkEvent::ForumCreated(forum)] = &events[..] else { panic!("{events:?}") };
    let question = Box::new(yes_or_no(german("Weiter so?")));
    let create = |process| NetworkCommand::CreatePoll { process, forum: Some(forum.forum), question: question.clone() };
    assert_eq!(net.ask(&admin(), 0, create(other)), Err(Rejection::NotFound), "a forum of another process");
    let follow_ups = net.follow_ups(&create(process));
    let events = net.ask(&staff(2, Role::Moderator), 0, create(process)).expect("taken");
    let [NetworkEvent::PollCreated(created)] = &events[..] else { panic!("{events:?}") };
    assert_eq!(net.object(), Some(created.poll.0));
    let place = net.state.poll(created.poll).expect("known");
    assert_eq!((place.process, place.stream, place.forum), (process, created.stream, Some(forum.forum)));
    assert_eq!(net.state.place(created.stream).and_then(|it| it.poll()), Some(place));
    let [FollowUp { stream, kind: StreamKind::Poll, command, .. }] = &follow_ups[..] else { panic!("one follow-up") };
    assert_eq!(*stream, created.stream);
    let forum = Some(ForumPlaceView { id: forum.forum, stream: forum.stream });
    let found = PollCommand::Found { poll: created.poll, process, forum, question: question.clone() };
    assert_eq!(serde_json::from_str::<PollCommand>(command).expect("a command"), found);
    // What the poll would refuse is refused here.
    let mut wrong = yes_or_no(german("Verbindlich?"));
    wrong.weight = crate::poll::Weight::Binding;
    let wrong = NetworkCommand::CreatePoll { process, forum: None, question: Box::new(wrong) };
    assert_eq!(net.ask(&admin(), 0, wrong).expect_err("refused").code(), "question");
}

#[test]
fn given_a_person_to_erase_then_every_stream_of_the_process_is_told_and_no_other_and_they_act_no_more() {
    let mut net = net();
    let (process, other) = (net.create(Visibility::Code), net.create(Visibility::Code));
    for process in [process, process, other] {
        let command = NetworkCommand::CreateForum { process, title: german("Ideen"), waiting: Waiting::None };
        net.ask(&admin(), 0, command).expect("taken");
        let command = NetworkCommand::CreatePoll { process, forum: None, question: Box::new(yes_or_no(german("Ja?"))) };
        net.ask(&admin(), 0, command).expect("taken");
    }
    let erase = NetworkCommand::ErasePerson { process, participant: participant(1) };
    let follow_ups = net.follow_ups(&erase);
    let streams: Vec<StreamId> = follow_ups.iter().map(|it| it.stream).collect();
    let found = net.state.process(process).expect("there");
    let expected: Vec<StreamId> = found.places.iter().map(|it| it.stream).collect();
    assert_eq!((streams, expected.len()), (expected.clone(), 4));
    assert_eq!(follow_ups.iter().map(|it| it.id).collect::<BTreeSet<_>>().len(), 4, "each with an id of its own");
    let expected = [
        serde_json::to_string(&ForumCommand::ErasePerson { participant: participant(1) }).expect("JSON"),
        serde_json::to_string(&PollCommand::ErasePerson { participant: participant(1) }).expect("JSON"),
    ];
    // In the order in which they were made.
    let kinds = [StreamKind::Forum, StreamKind::Poll, StreamKind::Forum, StreamKind::Poll];
    assert!(follow_ups.iter().map(|it| it.kind).eq(kinds));
    assert!(follow_ups.iter().all(|it| it.command == expected[usize::from(it.kind == StreamKind::Poll)]));
    assert_eq!(net.ask(&admin(), 0, erase.clone()), Err(Rejection::Forbidden), "the program itself does it");
    let title = NetworkCommand::SetProcessTitle { process, title: german("Neu") };
    let leaver = staff(1, Role::Moderator);
    net.ask(&leaver, 0, title.clone()).expect("taken");
    assert_eq!(net.ask(&Actor::system(), 0, erase).expect("taken").len(), 1);
    assert_eq!(net.ask(&leaver, 0, title), Err(Rejection::NotJoined));
    assert!(net.restored().erased.contains(&participant(1)));
}

#[test]
fn given_a_forum_or_poll_to_be_made_then_its_words_are_not_in_what_the_network_remembers() {
    let process = ProcessId(Uuid::from_u128(1));
    let mut question = yes_or_no(german("Frage «1»"));
    question.note = Some(german("Erklärung «2»"));
    question.options = vec![german("Antwort «3»")];
    question.ends = Some([german("wenig «4»"), german("viel «5»")]);
    let forum = |title| NetworkCommand::CreateForum { process, title: german(title), waiting: Waiting::None };
    let poll = NetworkCommand::CreatePoll { process, forum: None, question: Box::new(question) };
    let remembered =
        |command: &NetworkCommand| Network::remembered(&NetworkState::default(), command, &staff(2, Role::Moderator));
    for command in [forum("Ideen «6»"), poll] {
        let (who, kept) = remembered(&command).expect("not as it is");
        assert_eq!((who, words(&json(&kept))), (participant(2).0, Words::new()));
    }
    assert_eq!(remembered(&NetworkCommand::RenewCodes { process }), None);
}

#[test]
fn given_who_may_not_or_what_is_not_there_then_it_is_refused() {
    let mut net = net();
    let (process, unknown) = (net.create(Visibility::Code), ProcessId(Uuid::from_u128(404)));
    let create = NetworkCommand::CreateProcess { title: german("Leitbild"), visibility: Visibility::Code };
    let title = NetworkCommand::SetTitle { title: german("Netz") };
    let visibility = |process| NetworkCommand::SetVisibility { process, visibility: Visibility::Public };
    let moderator = staff(2, Role::Moderator);
    for command in [create.clone(), title.clone(), visibility(process)] {
        assert_eq!(net.ask(&moderator, 0, command), Err(Rejection::Forbidden));
    }
    for command in [
        NetworkCommand::SetProcessTitle { process: unknown, title: german("Leitbild") },
        NetworkCommand::CreateForum { process: unknown, title: german("Ideen"), waiting: Waiting::None },
        NetworkCommand::SetJoining { process: unknown, joining: Joining::Closed },
        NetworkCommand::RenewCodes { process: unknown },
    ] {
        assert_eq!(net.ask(&account(1), 0, command.clone()), Err(Rejection::Forbidden));
        assert_eq!(net.ask(&moderator, 0, command), Err(Rejection::NotFound));
    }
    assert_eq!(net.ask(&admin(), 0, visibility(unknown)), Err(Rejection::NotFound));
    assert_eq!(net.ask(&banned(admin()), 0, title.clone()), Err(Rejection::Banned));
    net.ask(&token(Role::Admin), 0, create).expect("a program may");
    net.ask(&admin(), 0, title).expect("taken");
    assert_eq!(net.seen(Audience::Public).title, Some(german("Netz")));
    assert_eq!(net.state.forum(ForumId(unknown.0)), None);
    assert_eq!(words_in(&net.seen(Audience::Staff)), Words::new());
}
