//! Counting through the doors: what forms leave out, hands, cards, exports, and the record.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use stimmwerk_client::{Client, command_id, question};
use stimmwerk_core::ids::PollId;
use stimmwerk_core::network::Visibility;
use stimmwerk_core::people::Role;
use stimmwerk_core::poll::{Electorate, Question, Secrecy};
use stimmwerk_core::tally;

use super::sockets::Asking;
use super::world::{By, Caller, Place, World};

const FORM: &str = "application/x-www-form-urlencoded";

/// A forum, a moderator and a guest.
struct Scene {
    world: World,
    here: Place,
    moderator: Client,
    guest: Client,
}

impl Scene {
    async fn new() -> Self {
        let world = World::new().await;
        let here = world.place(Visibility::Code).await;
        let moderator = world.caller(Caller::Staff(Role::Moderator), By::Session, &here, &here).await;
        let moderator = world.speak(moderator, By::Session).await;
        let guest = world.caller(Caller::Guest, By::Session, &here, &here).await;
        let guest = world.speak(guest, By::Session).await;
        Self { world, here, moderator, guest }
    }

    async fn guest(&self) -> Client {
        let guest = self.world.caller(Caller::Guest, By::Session, &self.here, &self.here).await;
        self.world.speak(guest, By::Session).await
    }

    /// A poll that is open.
    async fn poll(&self, question: &Question) -> PollId {
        let poll = self.moderator.create_poll(self.here.process, Some(self.here.forum), question).await;
        let poll = poll.expect("a poll");
        if question.electorate != Electorate::Cards {
            self.tell(poll, "/open", &json!({})).await;
        }
        poll
    }

    async fn tell(&self, poll: PollId, way: &str, body: &Value) -> Value {
        let (status, answer) = json_of(post(&self.moderator, poll, way, body).await).await;
        assert!(status.is_success(), "{way}: {status} {answer}");
        answer
    }

    async fn view(&self, client: &Client, poll: PollId) -> Value {
        get(client, &format!("/api/v1/polls/{poll}")).await.1["view"].clone()
    }
}

async fn json_of(answer: Response) -> (StatusCode, Value) {
    let status = answer.status();
    (status, serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default())
}

async fn post(client: &Client, poll: PollId, way: &str, body: &Value) -> Response {
    client.request(Method::POST, &format!("/api/v1/polls/{poll}{way}")).json(body).send().await.expect("an answer")
}

/// As a browser without a program sends it.
async fn form(client: &Client, poll: PollId, way: &str, fields: &[(&str, &str)]) -> Response {
    let next = format!("/p/{poll}");
    let fields = [fields, &[("next", next.as_str())]].concat();
    let body = serde_urlencoded::to_string(fields).expect("pairs");
    let request = client.request(Method::POST, &format!("/api/v1/polls/{poll}{way}"));
    request.header("content-type", FORM).body(body).send().await.expect("an answer")
}

async fn get(client: &Client, path: &str) -> (StatusCode, Value) {
    json_of(client.request(Method::GET, path).send().await.expect("an answer")).await
}

async fn page(client: &Client, path: &str) -> String {
    client.request(Method::GET, path).send().await.expect("an answer").text().await.expect("a page")
}

fn asked(method: tally::Method, secrecy: Secrecy) -> Question {
    let options: &[&str] = if method == tally::Method::YesNo { &[] } else { &["Park", "Saal"] };
    Question { secrecy, ..question("Wohin?", method, options) }
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_form_that_leaves_resistance_out_then_it_is_no_answer_through_every_door() {
    let scene = Scene::new().await;
    let poll = scene.poll(&asked(tally::Method::Resistance, Secrecy::Open)).await;
    for (client, way, more) in
        [(&scene.guest, "/ballots", ("round", "1")), (&scene.moderator, "/paper", ("ballots", "3"))]
    {
        for fields in [&[more][..], &[more, ("mark_0", "0"), ("mark_1", ""), ("mark_2", "4")]] {
            let refused = form(client, poll, way, fields).await;
            assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY, "{way} {fields:?}");
        }
        let short = json!({ "round": 1, "ballots": 3, "marks": [0, 4] });
        assert_eq!(post(client, poll, way, &short).await.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
    let turnout = &scene.view(&scene.moderator, poll).await["turnout"];
    assert_eq!((&turnout["online"], &turnout["paper"]), (&json!(0), &json!(0)), "nobody consented by silence");
    let whole = [("round", "1"), ("mark_0", "0"), ("mark_1", "0"), ("mark_2", "10")];
    assert!(!form(&scene.guest, poll, "/ballots", &whole).await.status().is_client_error());
    assert_eq!(scene.view(&scene.moderator, poll).await["turnout"]["online"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_hands_then_empty_fields_change_nothing_and_they_can_be_taken_back() {
    let scene = Scene::new().await;
    let poll = scene.poll(&asked(tally::Method::YesNo, Secrecy::Open)).await;
    let hands = async || scene.view(&scene.moderator, poll).await["turnout"]["hands"].clone();
    scene.tell(poll, "/hands", &json!({ "counts": [3, 2, 1] })).await;
    for empty in [&[][..], &[("mark_0", ""), ("mark_1", " "), ("mark_2", "")]] {
        form(&scene.moderator, poll, "/hands", empty).await;
        assert_eq!(hands().await, 6);
    }
    form(&scene.moderator, poll, "/hands", &[("mark_1", "4")]).await;
    assert_eq!(hands().await, 4, "what is left out beside a number is none");
    form(&scene.moderator, poll, "/hands", &[("none", "true")]).await;
    assert_eq!(hands().await, 0);
    // Several options: hands are not people.
    let poll = scene.poll(&asked(tally::Method::Multiple { min: 1, max: 2 }, Secrecy::Open)).await;
    for (hands, problem) in
        [(json!({ "counts": [3, 2] }), "people"), (json!({ "counts": [3, 2], "people": 6 }), "hands")]
    {
        let (status, refused) = json_of(post(&scene.moderator, poll, "/hands", &hands).await).await;
        assert_eq!((status, &refused["problem"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(problem)), "{refused}");
    }
    scene.tell(poll, "/hands", &json!({ "counts": [3, 2], "people": 4 })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_card_that_voted_then_only_who_cast_it_reads_so_and_nobody_changes_it() {
    let scene = Scene::new().await;
    let poll =
        scene.poll(&Question { electorate: Electorate::Cards, ..asked(tally::Method::YesNo, Secrecy::Open) }).await;
    let codes = scene.tell(poll, "/cards", &json!({ "count": 2 })).await["codes"].clone();
    scene.tell(poll, "/open", &json!({})).await;
    let before = page(&scene.guest, &format!("/p/{poll}")).await;
    assert!(before.contains("<li>Jede Stimmkarte stimmt einmal ab."), "said before");
    let card = codes[0].as_str().expect("a code");
    let cast = form(&scene.guest, poll, "/ballots", &[("round", "1"), ("option", "0"), ("card", card)]).await;
    assert_eq!(cast.status(), StatusCode::SEE_OTHER);
    let thanks = cast.headers()["location"].to_str().expect("an address").to_owned();
    let own = page(&scene.guest, &thanks).await;
    assert!(own.contains("id=\"voted\"") && own.contains("<p>Jede Stimmkarte stimmt einmal ab."), "said after");
    let other = scene.guest().await;
    for (client, path) in
        [(&other, thanks.clone()), (&other, format!("/p/{poll}?cast=1")), (&scene.guest, format!("/p/{poll}?cast=1"))]
    {
        assert!(!page(client, &path).await.contains("id=\"voted\""), "{path}");
    }
    // Whoever has a picture of the card.
    let (status, refused) =
        json_of(post(&other, poll, "/ballots", &json!({ "round": 1, "marks": [0, 1, 0], "card": card })).await).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("already_voted")));
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_secret_ballot_that_is_sent_again_under_its_id_then_the_answer_says_that_nothing_changed() {
    let scene = Scene::new().await;
    let poll = scene.poll(&asked(tally::Method::YesNo, Secrecy::Secret)).await;
    let id = command_id().to_string();
    for (marks, repeated) in [([1, 0, 0], false), ([0, 1, 0], true), ([1, 0, 0], true)] {
        let request = scene.guest.request(Method::POST, &format!("/api/v1/polls/{poll}/ballots"));
        let request = request.header("idempotency-key", &id).json(&json!({ "round": 1, "marks": marks }));
        let (status, taken) = json_of(request.send().await.expect("an answer")).await;
        assert_eq!((status, taken["repeated"] == true), (StatusCode::OK, repeated), "{marks:?}");
    }
    // Over the socket too.
    let voter = scene.guest().await;
    let mut socket = Asking::open(&voter).await;
    let id = command_id();
    for (marks, repeated) in [([1, 0, 0], false), ([0, 1, 0], true), ([1, 0, 0], true)] {
        let command = json!({ "type": "vote", "round": 1, "marks": marks });
        let stream = scene.world.app.directory().poll(poll).expect("it was made").stream;
        let frame = json!({ "type": "command", "id": id, "stream": stream, "command": command });
        let answer = socket.ask(&frame, &["accepted", "rejected"]).await;
        assert_eq!((&answer["type"], answer["repeated"] == true), (&json!("accepted"), repeated), "{marks:?} {answer}");
    }
    // And a plain form says so: the page does not thank for a choice that was not taken.
    let voter = scene.guest().await;
    let id = command_id().to_string();
    for (option, status) in [("0", StatusCode::SEE_OTHER), ("1", StatusCode::CONFLICT)] {
        let fields = [("round", "1"), ("option", option), ("idempotency_key", id.as_str())];
        let answer = form(&voter, poll, "/ballots", &fields).await;
        assert_eq!(answer.status(), status, "{option}");
        let page = answer.text().await.expect("a page");
        assert_eq!(page.contains("Diese Stimme ist schon da. Sie bleibt, wie sie ist."), option == "1", "{page}");
    }
    assert_eq!(scene.view(&scene.moderator, poll).await["turnout"]["online"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn given_a_result_then_page_print_table_and_record_say_the_same_figures() {
    let scene = Scene::new().await;
    let two_thirds = Question { majority: tally::Majority::TwoThirds, ..asked(tally::Method::YesNo, Secrecy::Open) };
    let poll = scene.poll(&two_thirds).await;
    for marks in [[1, 0, 0], [1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]] {
        let ballot = json!({ "round": 1, "marks": marks });
        assert!(post(&scene.guest().await, poll, "/ballots", &ballot).await.status().is_success());
    }
    scene.tell(poll, "/close", &json!({ "seconds": 0 })).await;
    scene.tell(poll, "/reveal", &json!({})).await;
    let record = format!("/f/{}/record", scene.here.forum);
    for path in [format!("/p/{poll}"), format!("/p/{poll}/print"), record.clone()] {
        let html = page(&scene.guest, &path).await.replace(['\u{2068}', '\u{2069}'], "");
        for says in ["3 Stimmen · 75\u{a0}%", "Ja: 3 von 4. Nötig: 3.", "Ja und Nein zusammen: 4"] {
            let says = [says.to_owned(), says.replace('\u{a0}', " ")];
            assert!(says.iter().any(|says| html.contains(says)), "{path}: {says:?}");
        }
        assert!(!html.contains("50 %") && !html.contains("33 %"), "{path}: abstentions are a number");
    }
    let (_, json) = get(&scene.guest, &format!("/api/v1/polls/{poll}/result")).await;
    let figures = &json["rounds"][0]["figures"];
    assert_eq!((&figures["base"], &figures["of"], &figures["need"]), (&json!("sides"), &json!(4), &json!(3)));
    assert_eq!(figures["rows"][0]["share"], 75);
    assert!(json["rounds"][0]["closed_at"].as_str().is_some_and(|at| at.contains('+')), "{json}");
    let table = page(&scene.guest, &format!("/api/v1/polls/{poll}/result?format=csv")).await;
    assert!(table.contains(";adopted;sides;4;3;1;yes;3;75;"), "{table}");
    let (_, kept) = get(&scene.guest, &format!("/api/v1/forums/{}/record", scene.here.forum)).await;
    let results = kept["results"].as_array().expect("polls");
    let of = |one: &&Value| one["poll"]["id"] == json!(poll);
    assert_eq!(results.iter().find(of).expect("the poll")["rounds"][0]["figures"], *figures);
    // The forum leads to both, also when it is closed.
    let forum = page(&scene.guest, &format!("/f/{}", scene.here.forum)).await;
    assert!(forum.contains(&format!("href=\"/p/{poll}\"")) && forum.contains(&format!("href=\"{record}\"")));
}
