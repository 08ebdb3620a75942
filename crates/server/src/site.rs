//! The built site: the WebAssembly, its loader and the style. A release holds it; a dev program reads its folder.
//! The router serves its files; pages take their names from it.
//! A name holds a hash, so the file behind a name never changes.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::gate::Gate;
use crate::problem::{Answer, Fault};

#[cfg(embedded_site)]
fn file(name: &str) -> Option<Vec<u8>> {
    #[derive(rust_embed::RustEmbed)]
    #[folder = "$STIMMWERK_SITE"]
    struct Site;
    Site::get(name).map(|file| file.data.into_owned())
}

/// Names come from the manifest, never from a request alone.
#[cfg(not(embedded_site))]
fn file(name: &str) -> Option<Vec<u8>> {
    std::fs::read(std::path::Path::new(env!("STIMMWERK_SITE")).join(name)).ok()
}

/// Hashed names by logical name. Empty if the program was built without them: pages are plain then.
pub static ASSETS: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| file("manifest.json").and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default());

/// One file, in the best compression that the browser takes.
pub async fn asset(gate: Gate, headers: HeaderMap) -> Answer<Response> {
    let name = gate.param("name");
    if name == "manifest.json" || !ASSETS.values().any(|known| known == name) {
        return Err(Fault::not_found());
    }
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let packed = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(coding, _)| accepts.split(',').any(|offer| offer.trim().split(';').next() == Some(coding)))
        .find_map(|(coding, ending)| file(&format!("{name}{ending}")).map(|bytes| (Some(coding), bytes)));
    let (coding, bytes) = match packed {
        Some(packed) => packed,
        None => (None, file(name).ok_or_else(Fault::not_found)?),
    };
    let mut response = (StatusCode::OK, bytes).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Ok(response)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("wasm") => "application/wasm",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}
