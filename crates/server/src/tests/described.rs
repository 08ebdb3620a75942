//! The description of the API: complete, and changed only on purpose.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex};

use axum::http::StatusCode;
use jsonschema::{Registry, RegistryBuilder, Validator};
use serde_json::{Value, json};

use super::world::World;

#[tokio::test]
async fn given_the_description_then_it_is_the_reviewed_one() {
    let world = World::new().await;
    let document: Value = world.visitor().read("/openapi.json").await.expect("readable");
    insta::assert_json_snapshot!("openapi", document);
}

#[test]
fn given_the_description_then_every_operation_says_what_it_does_who_may_and_how_it_is_refused() {
    let document = crate::openapi::document();
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
            for (status, response) in responses.iter().filter(|(status, _)| status.starts_with('2')) {
                let answer = &response["content"]["application/json"]["schema"];
                assert!(answer.is_object(), "{what}: {status} does not say what the answer holds");
            }
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

/// Finds what the description says that requests and answers hold.
struct Described {
    document: Value,
    registry: Registry<'static>,
    /// By their place in the document. `None`: nothing is said there.
    schemas: Mutex<HashMap<String, Option<Arc<Validator>>>>,
}

static DESCRIBED: LazyLock<Described> = LazyLock::new(|| {
    let mut document = crate::openapi::document();
    close(&mut document);
    let registry = Registry::new().add("urn:described", document.clone()).and_then(RegistryBuilder::prepare);
    Described { document, registry: registry.expect("schemas"), schemas: Mutex::default() }
});

impl Described {
    fn schema(&'static self, operation: &str, part: &str) -> Option<Arc<Validator>> {
        let mut schemas = self.schemas.lock().expect("no panic while held");
        let build = || {
            let content = self.document.pointer(&format!("{operation}/{part}/content"))?.as_object()?;
            let (kind, _) = content.iter().find(|(_, content)| content["schema"].is_object())?;
            let kind = kind.replace('/', "~1");
            let at = format!("{operation}/{part}/content/{kind}/schema").replace('{', "%7B").replace('}', "%7D");
            let schema = json!({ "$ref": format!("urn:described#{at}") });
            let built = jsonschema::options().with_registry(&self.registry).build(&schema);
            Some(Arc::new(built.expect("a schema")))
        };
        schemas.entry(format!("{operation}/{part}")).or_insert_with(build).clone()
    }
}

/// Lets objects hold nothing but what is described, so that nothing is left out of the description. Parts of something
/// larger stay open; the larger thing is closed.
fn close(document: &mut Value) {
    fn parts(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(members) => {
                let all = members.get("allOf").and_then(Value::as_array).into_iter().flatten();
                found.extend(all.filter_map(|part| part["$ref"].as_str()).map(str::to_owned));
                members.values().for_each(|member| parts(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| parts(item, found)),
            _ => {}
        }
    }
    fn close_within(schema: &mut Value, part: bool) {
        match schema {
            Value::Object(members) => {
                let open = members.contains_key("additionalProperties");
                if !part && !open && (members.contains_key("properties") || members.contains_key("allOf")) {
                    members.insert("unevaluatedProperties".to_owned(), false.into());
                }
                for (name, member) in members.iter_mut() {
                    match (name.as_str(), member) {
                        ("allOf", Value::Array(all)) => {
                            for one in all {
                                close_within(one, true);
                            }
                        }
                        ("oneOf" | "anyOf", Value::Array(all)) => {
                            for one in all {
                                close_within(one, part);
                            }
                        }
                        (_, member) => close_within(member, false),
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    close_within(item, false);
                }
            }
            _ => {}
        }
    }
    let mut of_larger = BTreeSet::new();
    parts(document, &mut of_larger);
    let schemas = document["components"]["schemas"].as_object_mut().expect("schemas");
    for (name, schema) in schemas {
        close_within(schema, of_larger.contains(&format!("#/components/schemas/{name}")));
    }
    close_within(&mut document["paths"], false);
}

/// What is not as the description says: of what was sent, if it was taken, and of the answer. `None` was sent: nothing.
pub fn undescribed(method: &str, path: &str, sent: Option<&Value>, status: StatusCode, answer: &[u8]) -> Vec<String> {
    let what = format!("{method} {path}");
    let operation = format!("/paths/{}/{}", path.replace('~', "~0").replace('/', "~1"), method.to_lowercase());
    let mut wrong = Vec::new();
    let mut compare = |part: String, value: &Value| match DESCRIBED.schema(&operation, &part) {
        Some(schema) => {
            let errors = schema.iter_errors(value);
            wrong.extend(errors.map(|error| format!("{what} {part}: {error} at {}", error.instance_path())));
        }
        None => wrong.push(format!("{what}: {part} is not described")),
    };
    if let Some(sent) = sent.filter(|_| status.is_success()) {
        compare("requestBody".to_owned(), sent);
    }
    if status != StatusCode::SWITCHING_PROTOCOLS {
        match serde_json::from_slice(answer) {
            Ok(answer) => compare(format!("responses/{}", status.as_u16()), &answer),
            Err(error) => wrong.push(format!("{what}: {status} is no JSON: {error}")),
        }
    }
    wrong
}

#[test]
fn given_an_answer_that_holds_more_or_less_than_described_then_it_is_found() {
    let check = |answer: Value| {
        let bytes = serde_json::to_vec(&answer).expect("plain data");
        undescribed("POST", "/api/v1/processes", Some(&json!({ "title": "Treffen" })), StatusCode::CREATED, &bytes)
    };
    let id = uuid::Uuid::now_v7();
    assert_eq!(check(json!({ "id": id, "seq": 4 })), Vec::<String>::new());
    assert_eq!(check(json!({ "id": id, "seq": 4, "more": true })).len(), 1);
    assert_eq!(check(json!({ "id": id })).len(), 1, "the number is missing");
    assert_eq!(check(json!({ "id": 1, "seq": 4 })).len(), 1);
}
