//! The description of the API: complete, and changed only on purpose.

use std::collections::BTreeSet;

use serde_json::Value;

use super::world::World;

#[tokio::test]
async fn given_the_description_then_it_is_the_reviewed_one() {
    let world = World::new().await;
    let document: Value = world.visitor().read("/openapi.json").await.expect("readable");
    insta::assert_json_snapshot!("openapi", document);
}

#[test]
fn given_the_description_then_every_operation_says_what_it_does_who_may_and_how_it_is_refused() {
    let document = crate::rest::document();
    let mut ids = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let what = format!("{method} {path}");
            assert!(operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()), "{what}: no summary");
            assert!(operation["security"].as_array().is_some_and(|ways| !ways.is_empty()), "{what}: no security");
            assert!(ids.insert(operation["operationId"].as_str().expect("an id").to_owned()), "{what}: id taken");
            let named = path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name);
            let given: BTreeSet<_> =
                operation["parameters"].as_array().into_iter().flatten().filter_map(|p| p["name"].as_str()).collect();
            for name in named {
                assert!(given.contains(name), "{what}: {name} is not described");
            }
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.keys().any(|status| status.starts_with(['1', '2'])), "{what}: never succeeds");
            assert!(responses.keys().any(|status| status.starts_with('4')), "{what}: is never refused");
            for (status, response) in responses {
                let said = response["description"].as_str().unwrap_or_default();
                assert!(!said.is_empty(), "{what}: {status} says nothing");
                let problem = response["content"]["application/problem+json"].is_object();
                assert_eq!(problem, status.starts_with(['4', '5']), "{what}: {status}");
            }
        }
    }
    let text = document.to_string();
    for reference in text.split("\"#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(document["components"]["schemas"][reference].is_object(), "{reference} is not described");
    }
}
