//! An evening in a forum: coming back, pointing something out, answering to being hidden, and what is kept of it.

use reqwest::Method;
use reqwest::header::SET_COOKIE;
use serde_json::{Value, json};
use stimmwerk_client::{Client, Identity};
use stimmwerk_core::forum::{ForumCommand, HideReason, ReportReason, Reported, Waiting};
use stimmwerk_core::ids::ContributionId;
use stimmwerk_core::network::Visibility;
use stimmwerk_tests::{Scene, Server, eventually, refusal, saying, where_is};

/// Sends JSON and returns status, cookies and answer.
async fn send(client: &Client, method: Method, path: &str, body: Value) -> (u16, Vec<String>, Value) {
    let sent = client.request(method, path).json(&body).send().await.expect("an answer");
    let status = sent.status().as_u16();
    let cookies = sent.headers().get_all(SET_COOKIE).iter();
    let cookies = cookies.map(|cookie| cookie.to_str().expect("text").to_owned()).collect();
    let bytes = sent.bytes().await.expect("a body");
    (status, cookies, serde_json::from_slice(&bytes).unwrap_or_default())
}

fn session(cookies: &[String]) -> Identity {
    let pair = cookies.iter().filter_map(|cookie| cookie.split(';').next()).find(|pair| pair.starts_with("stimmwerk="));
    Identity::Session(pair.expect("a session").to_owned())
}

async fn page(client: &Client, path: &str) -> (u16, String) {
    let answer = client.request(Method::GET, path).send().await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}

#[tokio::test]
async fn given_a_return_code_then_it_leads_back_from_another_phone_until_there_is_a_newer_one() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let join = json!({ "code": scene.code, "name": "Amal", "notice": stimmwerk_core::people::NOTICE_VERSION });
    let (status, cookies, joined) = send(&server.visitor(), Method::POST, "/api/v1/join", join).await;
    assert_eq!(status, 201);
    let code = joined["return_code"].as_str().expect("a code").to_owned();
    assert_eq!(code.split('-').count(), 5, "{code}");
    assert!(where_is(&code, &server.data).is_empty(), "the words are kept nowhere");
    let amal = server.visitor().as_identity(session(&cookies));
    let contribution = scene.say(&amal, "Das habe ich geschrieben").await;

    // Said aloud, the words come in any form.
    let spoken = code.to_uppercase().replace('-', "  ");
    let (status, cookies, _) = send(&server.visitor(), Method::POST, "/api/v1/return", json!({ "code": spoken })).await;
    assert_eq!(status, 200);
    let other_phone = server.visitor().as_identity(session(&cookies));
    let own = scene.fresh(&other_phone, 0).await.own.expect("the same person");
    assert_eq!(own.mine, [contribution]);

    let (status, _, renewed) = send(&amal, Method::POST, "/api/v1/me/return-code", json!({})).await;
    assert_eq!(status, 200);
    let (status, _, problem) = send(&server.visitor(), Method::POST, "/api/v1/return", json!({ "code": code })).await;
    assert_eq!((status, problem["code"].as_str()), (404, Some("return_unknown")));
    let newer = renewed["return_code"].as_str().expect("a code");
    let (status, ..) = send(&server.visitor(), Method::POST, "/api/v1/return", json!({ "code": newer })).await;
    assert_eq!(status, 200);
    let (status, ..) = send(&server.visitor(), Method::POST, "/api/v1/me/return-code", json!({})).await;
    assert_eq!(status, 401, "strangers have nothing to come back to");
    let (status, ..) = send(&amal, Method::DELETE, "/api/v1/me", json!({})).await;
    assert_eq!(status, 200);
    let (status, ..) = send(&server.visitor(), Method::POST, "/api/v1/return", json!({ "code": newer })).await;
    assert_eq!(status, 404, "who is gone does not come back");
}

#[tokio::test]
async fn given_somebody_joins_by_form_then_the_page_shows_the_words_to_them_alone() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let sent = server
        .visitor()
        .request(Method::POST, "/api/v1/join")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("code={}&name=Amal&notice={}&next=%2F", scene.code, stimmwerk_core::people::NOTICE_VERSION))
        .send()
        .await
        .expect("an answer");
    assert_eq!(sent.status(), 303);
    let to = sent.headers()["location"].to_str().expect("text").to_owned();
    assert_eq!(to, format!("/welcome/{}", scene.process));
    let cookies: Vec<String> =
        sent.headers().get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().expect("text").to_owned()).collect();
    let brings = cookies.iter().find(|cookie| cookie.starts_with("welcome=")).expect("the words");
    for kept_close in ["Path=/welcome", "HttpOnly", "SameSite=Lax", "Max-Age=600"] {
        assert!(brings.contains(kept_close), "{brings}");
    }
    let words = brings.trim_start_matches("welcome=").split(';').next().expect("the words").to_owned();
    let Identity::Session(cookie) = session(&cookies) else { unreachable!() };
    let both = Identity::Session(format!("{cookie}; welcome={words}"));
    let (status, html) = page(&server.visitor().as_identity(both), &to).await;
    assert_eq!(status, 200);
    for word in words.split('-') {
        assert!(html.contains(word), "{word}");
    }
    let (_, html) = page(&server.visitor().as_identity(Identity::Session(cookie)), &to).await;
    assert!(!html.contains(&words), "shown once");
    assert_eq!(page(&server.visitor(), &to).await.0, 404);
}

#[tokio::test]
async fn given_a_report_by_a_stranger_then_moderators_see_one_entry_and_nobody_sees_who() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Public, Waiting::None).await;
    let (amal, joined) = scene.guest_who(&server, "Amal").await;
    let contribution = scene.say(&amal, "Etwas Strittiges").await;
    let report = ForumCommand::Report {
        contribution,
        what: Reported::Text,
        reason: ReportReason::Insult,
        text: Some("Das verletzt mich".to_owned()),
    };
    scene.tell(&server.visitor(), report.clone()).await.expect("strangers may");
    let (oksana, reporter) = scene.guest_who(&server, "Oksana").await;
    scene.tell(&oksana, report.clone()).await.expect("taken");
    let attention = scene.fresh(&scene.staff, 0).await.view.attention;
    assert_eq!((attention.len(), attention[0].reports.len()), (1, 2));
    assert_eq!(scene.fresh(&amal, 0).await.view.contributions.len(), 1, "a report hides nothing");
    let told = serde_json::to_string(&scene.fresh(&scene.staff, 0).await.view).expect("plain data");
    assert!(!told.contains(&reporter.participant.to_string()), "nobody is told who");
    assert!(told.contains(&joined.participant.to_string()), "though staff are told who wrote");

    let restore = ForumCommand::Dismiss { contribution };
    assert_eq!(refusal(scene.tell(&amal, restore.clone()).await), (403, "forbidden".to_owned()));
    scene.tell(&scene.staff, restore).await.expect("taken");
    assert!(scene.fresh(&scene.staff, 0).await.view.attention.is_empty());
    // Files are cleaned at most every ten seconds; only who erases waits for it.
    eventually("a settled report leaves no words", async || where_is("Das verletzt mich", &server.data).is_empty())
        .await;

    let hidden = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let secret = hidden.say(&hidden.guest(&server, "Ivana").await, "Unter uns").await;
    let notice = json!({ "forum": hidden.forum, "contribution": secret, "reason": "spam" });
    let (status, _, problem) = send(&server.visitor(), Method::POST, "/api/v1/notices", notice).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (401, Some("unauthorized")),
        "what cannot be seen cannot be reported"
    );
    let form = format!("forum={}&contribution={contribution}&reason=other&next=%2Ff%2F{}", scene.forum, scene.forum);
    let sent = server
        .visitor()
        .request(Method::POST, "/api/v1/notices")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    assert_eq!(sent.send().await.expect("an answer").status(), 303, "without a script too");
}

#[tokio::test]
async fn given_a_hidden_contribution_then_its_author_appeals_and_another_moderator_decides() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let amal = scene.guest(&server, "Amal").await;
    let contribution = scene.say(&amal, "Missverstanden").await;
    let hide = ForumCommand::Hide { contribution, reason: HideReason::Insult, note: None };
    scene.tell(&scene.staff, hide).await.expect("hidden");
    let appeal = ForumCommand::Appeal { contribution, text: "So war es nicht gemeint".to_owned() };
    scene.tell(&amal, appeal.clone()).await.expect("heard");
    assert_eq!(refusal(scene.tell(&amal, appeal).await), (409, "appealed".to_owned()), "once");
    let attention = scene.fresh(&scene.staff, 0).await.view.attention;
    assert_eq!(attention[0].hidden.as_ref().and_then(|why| why.appeal.clone()).expect("there").text.len(), 23);
    let reject = ForumCommand::RejectAppeal { contribution, note: Some("Es bleibt dabei".to_owned()) };
    scene.tell(&scene.staff, reject).await.expect("tokens are nobody in particular");
    let own = scene.fresh(&amal, 0).await.own.expect("joined");
    assert!(own.hidden[0].why.appeal.as_ref().expect("there").rejected);
    scene.tell(&scene.staff, ForumCommand::Restore { contribution }).await.expect("after all");
    assert_eq!(scene.fresh(&amal, 0).await.view.contributions.len(), 1);
}

#[tokio::test]
async fn given_a_name_that_was_reset_then_it_is_gone_from_every_forum_and_the_account() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let (bad, joined) = scene.guest_who(&server, "Schimpfwort").await;
    scene.say(&bad, "Hallo").await;
    let path = format!("/api/v1/processes/{}/participants/{}/reset-name", scene.process, joined.participant);
    assert_eq!(send(&bad, Method::POST, &path, json!({})).await.0, 403);
    assert_eq!(send(&scene.staff, Method::POST, &path, json!({})).await.0, 200);
    let view = scene.fresh(&bad, 0).await.view;
    assert_eq!(view.people.author(view.contributions[0].author).name, None);
    let (_, _, me) = send(&bad, Method::GET, "/api/v1/me", json!({})).await;
    assert!(me["participants"][0]["name"].is_null(), "{me}");
    let renamed = json!({ "process": scene.process, "name": "Freundlich" });
    assert_eq!(send(&bad, Method::PATCH, "/api/v1/me", renamed).await.0, 200);
    let view = scene.fresh(&bad, 0).await.view;
    assert_eq!(view.people.author(view.contributions[0].author).name.as_deref(), Some("Freundlich"));

    let ban = format!("/api/v1/processes/{}/participants/{}/ban", scene.process, joined.participant);
    assert_eq!(send(&scene.staff, Method::POST, &ban, json!({ "banned": true })).await.0, 200);
    let once_more = json!({ "process": scene.process, "name": "Noch einer" });
    let (status, _, problem) = send(&bad, Method::PATCH, "/api/v1/me", once_more).await;
    assert_eq!((status, problem["code"].as_str()), (403, Some("banned")));
    let (_, _, me) = send(&bad, Method::GET, "/api/v1/me", json!({})).await;
    assert_eq!(me["participants"][0]["name"], "Freundlich", "a refused name is kept nowhere");
}

#[tokio::test]
async fn given_an_evening_then_it_is_searched_logged_and_kept() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::FirstOfGuest).await;
    let (amal, joined) = scene.guest_who(&server, "Amal").await;
    let texts = ["Mehr Räume", "=2+5 klingt gefährlich", "Noch ein Gedanke"];
    let mut said: Vec<ContributionId> = Vec::new();
    for text in texts {
        said.push(scene.say(&amal, text).await);
    }
    let all = ForumCommand::ApproveAll { participant: joined.participant, seen: None };
    scene.tell(&scene.staff, all).await.expect("all of this person");
    assert_eq!(scene.fresh(&amal, 0).await.view.contributions.len(), 3);
    scene.tell(&scene.staff, ForumCommand::PutBack { contribution: said[2] }).await.expect("ten seconds to undo");
    assert_eq!(scene.fresh(&amal, 0).await.view.contributions.len(), 2);
    let hall = ForumCommand::Contribute {
        text: "Aus dem Saal gerufen".to_owned(),
        lang: None,
        topic: None,
        reply_to: None,
        hall: Some("Frau Nguyen".to_owned()),
    };
    let (moderator, _) = scene.guest_who(&server, "Lena").await;
    assert_eq!(refusal(scene.tell(&moderator, hall).await), (403, "forbidden".to_owned()));
    scene.tell(&scene.staff, ForumCommand::CountHall { people: Some(60) }).await.expect("counted");
    let summary = ForumCommand::SetSummary { text: Some("**Viel** besprochen".to_owned()) };
    scene.tell(&scene.staff, summary).await.expect("written");

    let of = |rest: &str| format!("/api/v1/forums/{}/{rest}", scene.forum);
    let (_, _, found) = send(&amal, Method::GET, &of("search?q=r%C3%A4ume"), json!({})).await;
    assert_eq!(found["contributions"].as_array().expect("a list").len(), 1);
    assert_eq!(send(&amal, Method::GET, &of("search?sort=loudest"), json!({})).await.0, 400);
    assert_eq!(send(&server.visitor(), Method::GET, &of("search"), json!({})).await.0, 404);
    let thread = of(&format!("contributions/{}/thread", said[0]));
    assert_eq!(send(&amal, Method::GET, &thread, json!({})).await.0, 200);
    let waiting = of(&format!("contributions/{}/thread", said[2]));
    assert_eq!(send(&moderator, Method::GET, &waiting, json!({})).await.0, 404);

    assert_eq!(send(&amal, Method::GET, &of("log"), json!({})).await.0, 403);
    let (_, _, log) = send(&scene.staff, Method::GET, &of("log"), json!({})).await;
    let did: Vec<&str> = log["acts"].as_array().expect("a list").iter().filter_map(|act| act["did"].as_str()).collect();
    assert_eq!(did, ["summarised", "hall_counted", "put_back", "approved", "approved", "approved"]);

    let (_, _, record) = send(&amal, Method::GET, &of("record?names=1"), json!({})).await;
    assert_eq!((record["hall"].as_u64(), record["authors"].as_u64()), (Some(60), Some(1)));
    assert!(!record.to_string().contains("Amal"), "names are for moderators, and only when asked for");
    let (_, _, record) = send(&scene.staff, Method::GET, &of("record?names=1"), json!({})).await;
    assert!(record.to_string().contains("Amal"));
    let (status, table) = page(&amal, &of("record?format=csv")).await;
    assert_eq!(status, 200);
    assert!(table.starts_with("\u{feff}id;at;topic"), "{table}");
    assert!(table.contains("'=2+5"), "no formula: {table}");
    for name in ["record", "log", "list", "list?q=r%C3%A4ume&sort=supported", "moderation"] {
        let (status, html) = page(&scene.staff, &format!("/f/{}/{name}", scene.forum)).await;
        assert_eq!(status, 200, "{name}");
        assert!(html.contains("</html>"), "{name}");
    }
    scene.tell(&amal, saying("Der Abend geht weiter")).await.expect("taken");
}

#[tokio::test]
async fn given_done_on_this_device_then_the_browser_is_told_to_forget() {
    let server = Server::start();
    let scene = Scene::new(&server, Visibility::Code, Waiting::None).await;
    let amal = scene.guest(&server, "Amal").await;
    let sent = amal.request(Method::POST, "/api/v1/logout").send().await.expect("an answer");
    let cookies: Vec<_> = sent.headers().get_all(SET_COOKIE).iter().filter_map(|cookie| cookie.to_str().ok()).collect();
    let words = cookies.iter().find(|cookie| cookie.starts_with("welcome=;")).expect("the words go");
    assert!(words.contains("Path=/welcome") && words.contains("Max-Age=0"), "{words}");
    let told = sent.headers()["clear-site-data"].to_str().expect("text").to_owned();
    for part in ["cache", "cookies", "storage"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(refusal(scene.tell(&amal, saying("Noch da?")).await).1, "unauthorized");
}
