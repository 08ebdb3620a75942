//! The cookies that the program sets beside the session: the language, and a fresh return code for the welcome page.
//! Handlers of REST set them; pages and the choice of a language read them.
//! No script reads them, and no page of another site sends them along.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;

use crate::config::Config;

/// The cookie that brings a fresh return code to the one page that shows it. It lives for ten minutes and is kept
/// nowhere on the server.
pub const WELCOME: &str = "welcome";

/// Puts a return code into the cookie of the page that shows it.
pub fn remember_return_code(response: &mut Response, config: &Config, code: &str) {
    set(response, config, &format!("{WELCOME}={code}; Path=/welcome; Max-Age=600"));
}

/// Lets a browser forget the return code.
pub fn forget_return_code(response: &mut Response, config: &Config) {
    set(response, config, &format!("{WELCOME}=; Path=/welcome; Max-Age=0"));
}

/// Remembers the language of the interface for a year.
pub fn remember_language(response: &mut Response, config: &Config, lang: &str) {
    set(response, config, &format!("lang={lang}; Path=/; Max-Age=31536000"));
}

fn set(response: &mut Response, config: &Config, cookie: &str) {
    let secure = if config.is_secure() { "; Secure" } else { "" };
    if let Ok(cookie) = HeaderValue::from_str(&format!("{cookie}; SameSite=Lax; HttpOnly{secure}")) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// A cookie by name.
pub fn get<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().split_once('=').filter(|(have, _)| *have == name).map(|(_, value)| value))
}
