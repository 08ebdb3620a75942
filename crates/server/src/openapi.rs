//! Everything under `/api/v1`: the routes of REST and of live connections, and their OpenAPI description.
//! The router takes the routes from here; clients and tests read the description.
//! What handlers say of themselves stands with them; what holds for all of them follows from the access table.

use std::sync::LazyLock;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use stimmwerk_core::live::Problem;
use utoipa::PartialSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::access::{self, Needs, Rule};
use crate::app::AppState;
use crate::gate::Gate;
use crate::{live, rest};

/// All routes under `/api/v1`, with their description.
fn api() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(description())
        .merge(rest::routes())
        .routes(routes!(live::live))
        .routes(routes!(openapi))
}

/// The routes alone.
pub fn router() -> Router<AppState> {
    api().split_for_parts().0
}

fn description() -> utoipa::openapi::OpenApi {
    utoipa::openapi::OpenApiBuilder::new()
        .info(
            utoipa::openapi::InfoBuilder::new()
                .title("Stimmwerk")
                .version("1")
                .description(Some("Live dialogue forums. Refusals are application/problem+json with a stable code.")),
        )
        .build()
}

/// The OpenAPI document: what the handlers say of themselves, and what holds for all, from the access table.
///
/// # Panics
/// Never: the document is plain data.
pub fn document() -> Value {
    let mut document = serde_json::to_value(api().split_for_parts().1).expect("plain data");
    let session = json!({ "type": "apiKey", "in": "cookie", "name": "stimmwerk",
        "description": "Set by joining and logging in. Under TLS its name is `__Host-stimmwerk`." });
    let token = json!({ "type": "http", "scheme": "bearer" });
    document["components"]["securitySchemes"] = json!({ "session": session, "token": token });
    let problem = <Problem as PartialSchema>::schema();
    document["components"]["schemas"]["Problem"] = json!(problem);
    for rule in access::ROUTES.iter() {
        let methods = document["paths"].get_mut(rule.path);
        if let Some(operation) = methods.and_then(|methods| methods.get_mut(rule.method.to_lowercase())) {
            complete(operation, rule);
        }
    }
    document
}

/// Writes that are no commands: they change accounts, sessions and cookies, or rename somebody everywhere, and look at no
/// idempotency key. What they set they set again; [`rest::me::join`] and [`rest::me::new_return_code`] say how they are repeated.
pub const WITHOUT_KEY: [&str; 11] = [
    "/api/v1/join",
    "/api/v1/login/link/confirm",
    "/api/v1/logout",
    "/api/v1/language",
    "/api/v1/me",
    "/api/v1/me/return-code",
    "/api/v1/return",
    "/api/v1/processes/{process}/participants/{participant}/ban",
    "/api/v1/processes/{process}/participants/{participant}/reset-name",
    // What they make is told once and kept nowhere: asked again there are others.
    "/api/v1/forums/{forum}/screens",
    "/api/v1/polls/{poll}/cards",
];

/// Adds to an operation who may ask for it, how it is repeated safely, and how it is refused.
fn complete(operation: &mut Value, rule: &Rule) {
    let writes = rule.method != "GET";
    let open = matches!(rule.needs, Needs::Nothing | Needs::Sight);
    operation["security"] = json!([{ "session": [] }, { "token": [] }]);
    if let (true, Some(ways)) = (open, operation["security"].as_array_mut()) {
        ways.insert(0, json!({}));
    }
    if writes && !WITHOUT_KEY.contains(&rule.path) {
        let header = json!({ "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "format": "uuid" },
            "description": "The id of the command. Repeating a write under the same id is safe." });
        match operation["parameters"].as_array_mut() {
            Some(parameters) => parameters.push(header),
            None => operation["parameters"] = json!([header]),
        }
    }
    // The names of handlers are unique in their file, and so with the tag.
    operation["operationId"] = format!(
        "{}_{}",
        operation["tags"][0].as_str().unwrap_or_default(),
        operation["operationId"].as_str().unwrap_or_default()
    )
    .into();
    let named = rule.path.contains('{');
    let heavy = !writes && access::HEAVY.iter().any(|(path, _)| *path == rule.path);
    let refusals = [
        (true, "400", "It cannot be read."),
        (true, "401", "Nobody is known by this token, or one has to log in or join first."),
        (writes || !open, "403", "Not with this role, not as somebody shut out, or not from this origin."),
        (named, "404", "There is no such thing, or nothing that may be seen."),
        (writes, "409", "Not in the present state."),
        (writes, "413", "Too long."),
        (writes, "422", "What was sent cannot be taken as it is."),
        (writes || heavy, "429", "Too often."),
        (true, "503", "Not now. With `outcome_unknown`: repeat it under the same id."),
        (writes, "507", "The storage is full."),
    ];
    let content = json!({ "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } });
    for (status, said) in refusals.into_iter().filter(|(holds, ..)| *holds).map(|(_, status, said)| (status, said)) {
        let response = &mut operation["responses"][status];
        if response["description"].as_str().unwrap_or_default().is_empty() {
            response["description"] = said.into();
        }
        response["content"] = content.clone();
    }
    // Those that only one operation knows.
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if status.starts_with(['4', '5']) {
            response["content"] = content.clone();
        } else if response["description"].as_str().unwrap_or_default().is_empty() {
            let said = match (writes, status.as_str()) {
                (_, "201") => "It is there, durably.",
                (true, _) => "It holds, durably.",
                (false, _) => "As the caller may see it.",
            };
            response["description"] = said.into();
        }
    }
}

/// This description.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "api", responses((status = 200, body = Object, description = "OpenAPI 3.1")))]
pub async fn openapi(_gate: Gate) -> Response {
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| serde_json::to_vec(&document()).expect("plain data").into());
    let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ([json], DOCUMENT.clone()).into_response()
}
