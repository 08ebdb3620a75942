//! Addresses in what people typed. Texts are plain: they are shown as they were typed, and only addresses of `http`,
//! `https` and `mailto` can be pressed. Nothing else in a text is interpreted.
//!
//! The server finds the addresses ([`find`], feature `decide`); views carry them beside the text, and the browser only
//! cuts the text at the ranges.

use serde::{Deserialize, Serialize};

#[cfg(feature = "decide")]
pub use finding::find;

/// Addresses of one text that can be pressed; further ones are text.
pub const MAX_LINKS: usize = 10;

/// An address in a text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// Where it begins: a number of bytes of the text in UTF-8.
    pub from: u32,
    /// Where it ends: the first byte behind it.
    pub to: u32,
    /// Where it leads: `http`, `https` or `mailto`, in ASCII.
    pub href: String,
    /// The host (or the mail address) it leads to, in ASCII (RFC 3492), where the typed address does not show just that.
    /// It must be shown beside the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Words as they were typed.
    Words(&'a str),
    /// An address as it was typed, and where it leads.
    Address(&'a str, &'a Link),
}

/// The text in pieces, in order. Ranges that do not fit are passed over, so that every letter of the text is in one piece.
pub fn pieces<'a>(text: &'a str, links: &'a [Link]) -> Vec<Piece<'a>> {
    let mut pieces = Vec::with_capacity(1 + 2 * links.len());
    let mut at = 0;
    for link in links {
        let (from, to) = (link.from as usize, link.to as usize);
        let (Some(before), Some(address)) = (text.get(at..from), text.get(from..to)) else { continue };
        if !before.is_empty() {
            pieces.push(Piece::Words(before));
        }
        pieces.push(Piece::Address(address, link));
        at = to;
    }
    if at < text.len() {
        pieces.push(Piece::Words(&text[at..]));
    }
    pieces
}

#[cfg(feature = "decide")]
mod finding {
    use linkify::{LinkFinder, LinkKind};
    use unicode_normalization::UnicodeNormalization;
    use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

    use super::{Link, MAX_LINKS};
    use crate::text::is_visible;

    /// What looks like an address is tried so many times; a text of nothing else costs no more.
    const TRIED: usize = 2 * MAX_LINKS;

    /// The addresses in a text, in order and apart from one another, at most [`MAX_LINKS`].
    ///
    /// Web addresses need their scheme, mail addresses do not. Closing punctuation is left to the sentence. What browsers
    /// would have to repair, and hosts without a dot or of digits, are no addresses. The time grows with the length alone.
    pub fn find(text: &str) -> Vec<Link> {
        // Most texts hold none, and every view asks.
        if !text.contains("://") && !text.contains('@') {
            return Vec::new();
        }
        let mut finder = LinkFinder::new();
        finder.kinds(&[LinkKind::Url, LinkKind::Email]);
        let links = finder.links(text).take(TRIED).filter_map(|found| {
            let (from, kind) = (found.start(), found.kind());
            if text[..from].ends_with(char::is_alphanumeric) {
                return None;
            }
            let typed = without_closing(found.as_str());
            let target = match kind {
                LinkKind::Email => Target::mail(typed)?,
                _ => Target::web(typed)?,
            };
            let host = (!target.is_seen).then_some(target.shown);
            Some(Link { from: from as u32, to: (from + typed.len()) as u32, href: target.href, host })
        });
        links.take(MAX_LINKS).collect()
    }

    /// An address up to a quotation mark or what cannot be seen, without the punctuation that closes a sentence.
    fn without_closing(typed: &str) -> &str {
        let ends = |c: char| {
            c.is_whitespace()
                || matches!(c, '"' | '<' | '>' | '`' | '\\')
                || !is_visible(c)
                || matches!(
                    c.general_category(),
                    GeneralCategory::InitialPunctuation | GeneralCategory::FinalPunctuation
                )
        };
        let typed = &typed[..typed.find(ends).unwrap_or(typed.len())];
        // Brackets are balanced already.
        typed.trim_end_matches(|c: char| {
            !c.is_alphanumeric() && !matches!(c, '/' | '-' | '_' | '=' | '&' | '#' | '%' | '+' | '~' | '$' | ')')
        })
    }

    /// Where a link goes.
    struct Target {
        /// The whole address: ASCII without anything HTML or a URL parser could take for a delimiter of its own.
        href: String,
        /// The host with its port, or the mail address.
        shown: String,
        /// Whether the typed address shows just that.
        is_seen: bool,
    }

    impl Target {
        /// Stricter than browsers (WHATWG URL): what they would repair is no link here, so that what is shown is where it
        /// goes. User names and passwords are left out.
        fn web(url: &str) -> Option<Self> {
            let (scheme, rest) = url.split_once("://")?;
            let scheme = scheme.to_ascii_lowercase();
            if !matches!(scheme.as_str(), "http" | "https") {
                return None;
            }
            if rest.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
                return None;
            }
            let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
            let host_and_port = authority.rsplit_once('@').map_or(authority, |(_, behind)| behind);
            let shown = match host_and_port.split_once(':') {
                None => ascii_host(host_and_port)?,
                Some((host, port)) => {
                    if !port.bytes().all(|b| b.is_ascii_digit()) {
                        return None;
                    }
                    format!("{}:{}", ascii_host(host)?, port.parse::<u16>().ok()?)
                }
            };
            let mut href = format!("{scheme}://{shown}");
            for c in tail.chars() {
                if c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '<' | '>' | '`' | '{' | '}' | '|' | '^') {
                    href.push(c);
                } else {
                    let mut bytes = [0; 4];
                    href.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
                }
            }
            Some(Self { href, is_seen: authority.eq_ignore_ascii_case(&shown), shown })
        }

        fn mail(address: &str) -> Option<Self> {
            let (local, domain) = address.split_once('@')?;
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-');
            if !(1..=64).contains(&local.len()) || !local.bytes().all(is_plain) {
                return None;
            }
            let shown = format!("{local}@{}", ascii_host(domain)?);
            Some(Self { href: format!("mailto:{shown}"), is_seen: address.eq_ignore_ascii_case(&shown), shown })
        }
    }

    /// A public host name in lower case, labels in other scripts in Punycode. IP addresses and names without a dot are none.
    fn ascii_host(host: &str) -> Option<String> {
        if host.len() > 253 {
            return None;
        }
        let labels: Vec<String> = host.split('.').map(ascii_label).collect::<Option<_>>()?;
        // Browsers read a name that ends in a number as an IPv4 address, whatever it looks like.
        let named = labels.len() > 1 && labels.last()?.starts_with(|c: char| c.is_ascii_alphabetic());
        let name = labels.join(".");
        (named && name.len() <= 253).then_some(name)
    }

    fn ascii_label(label: &str) -> Option<String> {
        let ascii = if label.is_ascii() {
            label.to_ascii_lowercase()
        } else {
            let label: String = label.to_lowercase().nfc().collect();
            // What a browser would map to other characters (UTS #46), such as full-width letters, is no link.
            let stable = label.nfkc().eq(label.chars());
            let is_mark = |c: char| c.general_category_group() == GeneralCategoryGroup::Mark;
            let proper = |c: char| {
                c == '-'
                    || is_visible(c) && (is_mark(c) || c.general_category_group() == GeneralCategoryGroup::Letter)
                    || c.general_category() == GeneralCategory::DecimalNumber
            };
            if !stable || !label.chars().all(proper) || label.starts_with(is_mark) {
                return None;
            }
            format!("xn--{}", punycode(&label)?)
        };
        let is_host_byte = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
        ((1..=63).contains(&ascii.len()) && ascii.bytes().all(is_host_byte)).then_some(ascii)
    }

    /// RFC 3492 §6.3, for labels of at most 63 characters.
    fn punycode(label: &str) -> Option<String> {
        const BASE: u32 = 36;
        const T_MIN: u32 = 1;
        const T_MAX: u32 = 26;
        let chars: Vec<u32> = label.chars().map(u32::from).collect();
        if chars.len() > 63 {
            return None;
        }
        let mut output: String = label.chars().filter(char::is_ascii).collect();
        let basic = output.len() as u32;
        if basic > 0 {
            output.push('-');
        }
        let (mut n, mut delta, mut bias, mut handled) = (128, 0_u32, 72, basic);
        while (handled as usize) < chars.len() {
            let next = chars.iter().copied().filter(|&c| c >= n).min()?;
            delta = delta.checked_add((next - n).checked_mul(handled + 1)?)?;
            n = next;
            for &c in &chars {
                if c < n {
                    delta = delta.checked_add(1)?;
                }
                if c == n {
                    let mut q = delta;
                    for k in (BASE..).step_by(BASE as usize) {
                        let t = k.saturating_sub(bias).clamp(T_MIN, T_MAX);
                        if q < t {
                            break;
                        }
                        output.push(punycode_digit(t + (q - t) % (BASE - t)));
                        q = (q - t) / (BASE - t);
                    }
                    output.push(punycode_digit(q));
                    delta = if handled == basic { delta / 700 } else { delta / 2 };
                    delta += delta / (handled + 1);
                    bias = 0;
                    while delta > ((BASE - T_MIN) * T_MAX) / 2 {
                        delta /= BASE - T_MIN;
                        bias += BASE;
                    }
                    bias += (BASE - T_MIN + 1) * delta / (delta + 38);
                    delta = 0;
                    handled += 1;
                }
            }
            delta = delta.checked_add(1)?;
            n += 1;
        }
        Some(output)
    }

    fn punycode_digit(digit: u32) -> char {
        char::from(if digit < 26 { b'a' + digit as u8 } else { b'0' + (digit - 26) as u8 })
    }

    #[cfg(test)]
    mod tests {
        use proptest::prelude::*;

        use super::super::{MAX_LINKS, Piece, pieces};
        use super::*;

        /// What can be pressed in a text: the typed address, where it leads, and the host beside it.
        fn found(text: &str) -> Vec<(String, String, Option<String>)> {
            let one = |link: Link| (text[link.from as usize..link.to as usize].to_owned(), link.href, link.host);
            find(text).into_iter().map(one).collect()
        }

        fn typed(text: &str) -> Vec<String> {
            found(text).into_iter().map(|(typed, ..)| typed).collect()
        }

        #[test]
        fn given_what_looks_like_markup_then_nothing_of_it_is_an_address() {
            for text in [
                "",
                "Bürger*innen und Wähler*innen",
                "5*3 und 4*2",
                "1. 2. 7.",
                "- eins\n- zwei",
                "# Titel",
                "> so",
                "<b>laut</b>",
                "[hier](/admin) ![x](y.png)",
                "a@b @c d@",
                "Verein.de und www.verein.de",
            ] {
                assert_eq!(find(text), [], "{text}");
                let whole = [Piece::Words(text)];
                assert_eq!(pieces(text, &[]), whole[..usize::from(!text.is_empty())]);
            }
        }

        #[test]
        fn given_addresses_then_they_end_before_the_sentences_punctuation() {
            for (text, expected) in [
                ("Siehe https://a.org/b_c_d.", vec!["https://a.org/b_c_d"]),
                ("(https://a.org/b_(c))", vec!["https://a.org/b_(c)"]),
                ("„https://a.org“", vec!["https://a.org"]),
                ("»https://a.org/x«, so", vec!["https://a.org/x"]),
                ("http://a.org, https://b.org!", vec!["http://a.org", "https://b.org"]),
                ("https://a.org\nb", vec!["https://a.org"]),
                ("هنا https://a.org/x؟", vec!["https://a.org/x"]),
                ("[Karte](https://a.org/b)", vec!["https://a.org/b"]),
                ("<https://a.org/b>", vec!["https://a.org/b"]),
                ("*https://a.org/b*", vec!["https://a.org/b"]),
                ("an a.b+c@example.org.", vec!["a.b+c@example.org"]),
                ("mailto:a@example.org?bcc=x", vec!["a@example.org"]),
                ("https://a.org/x?y=1&z=2#w", vec!["https://a.org/x?y=1&z=2#w"]),
            ] {
                assert_eq!(typed(text), expected, "{text}");
            }
        }

        #[test]
        fn given_addresses_then_what_hides_where_they_lead_shows_its_host() {
            for (text, href, host) in [
                ("https://example.org/a?b=1&c=2", "https://example.org/a?b=1&c=2", None),
                ("https://Example.org/A", "https://example.org/A", None),
                ("http://example.org:8080", "http://example.org:8080", None),
                ("https://a.org/ä'", "https://a.org/%C3%A4", None),
                ("a@Example.org", "mailto:a@example.org", None),
                ("https://good.org@evil.org/x", "https://evil.org/x", Some("evil.org")),
                ("https://bаnk.com", "https://xn--bnk-6cd.com", Some("xn--bnk-6cd.com")),
                ("https://Müller.de", "https://xn--mller-kva.de", Some("xn--mller-kva.de")),
            ] {
                let links = found(text);
                assert_eq!(links.len(), 1, "{text}");
                assert_eq!((&*links[0].1, links[0].2.as_deref()), (href, host), "{text}");
            }
        }

        #[test]
        fn given_what_browsers_would_repair_or_run_then_it_is_no_address() {
            for text in [
                "javascript:alert(1)",
                "javascript://a.org/%0Aalert(1)",
                "JaVaScRiPt://a.org",
                "data://text/html,x",
                "vbscript:x",
                "file:///etc/passwd",
                "ftp://a.org",
                "//evil.org",
                "https:evil.org",
                "https:/evil.org",
                "https:///evil.org",
                "https://localhost",
                "https://127.0.0.1",
                "https://0x7f.1",
                "https://2130706433",
                "https://[::1]/",
                "https://ex%61mple.org",
                "https://ｅｖｉｌ.org",
                "https://a..org",
                "https://a.org:99999",
                "https://",
                "xhttps://a.org",
                "ähttps://a.org",
                "://a.org",
                "https://a",
                "a@b",
                "\"x\"@b",
            ] {
                assert_eq!(found(text), [], "{text}");
            }
        }

        #[test]
        fn given_labels_of_many_scripts_when_encoded_then_they_are_as_in_rfc_3492() {
            for (label, encoded) in [
                ("müller", "mller-kva"),
                ("україна", "80aa2annq7l"),
                ("موقع", "4gbrim"),
                ("ایران", "mgba3a4f16a"),
                ("他们为什么不说中文", "ihqwcrb4cv8a8dqg056pqjye"),
                ("3年b組金八先生", "3b-ww4c5e180e575a65lsy2b"),
                ("pročprostěnemluvíčesky", "proprostnemluvesky-uyb24dma41a"),
            ] {
                assert_eq!(punycode(label).as_deref(), Some(encoded));
            }
        }

        #[test]
        fn given_more_addresses_than_allowed_then_the_rest_is_text() {
            let text = "https://a.org/y ".repeat(12);
            assert_eq!(find(&text).len(), MAX_LINKS);
            let links = find(&text);
            let Some(Piece::Words(rest)) = pieces(&text, &links).last().copied() else { panic!("the rest is words") };
            assert_eq!(rest, " https://a.org/y https://a.org/y ");
        }

        #[test]
        fn given_ranges_of_another_text_then_no_letter_disappears() {
            let links = find("Ein Satz: https://a.org/y und https://b.org/z");
            for text in ["", "ä", "ääääääääääääääääääääääääää", "Ein Satz: https://a.org"] {
                let shown: String = pieces(text, &links)
                    .iter()
                    .map(|piece| match piece {
                        Piece::Words(words) | Piece::Address(words, _) => *words,
                    })
                    .collect();
                assert_eq!(shown, text);
            }
        }

        /// Pieces of addresses and of what stands around them, in any order.
        fn hostile() -> impl Strategy<Value = String> {
            let piece = prop::sample::select(vec![
                "a",
                "b",
                " ",
                "\n",
                "*",
                "(",
                ")",
                "[",
                "](",
                "<",
                ">",
                "\"",
                "'",
                "&",
                "&#x202e;",
                "/",
                "?",
                "#",
                ":",
                "@",
                ".",
                "-",
                "%",
                "\\",
                "https://",
                "http://",
                "http://a.org",
                "https://a.org/b",
                "https://x@b.org",
                "mailto:",
                "a@b.org",
                "javascript:",
                "data:",
                "ä",
                "\u{301}",
                "\u{200D}",
                "„",
                "“",
                "؟",
                "。",
                "xn--",
                "onerror=",
            ]);
            prop::collection::vec(prop_oneof![12 => piece.prop_map(str::to_owned), 1 => any::<String>()], 0..60)
                .prop_map(|pieces| pieces.concat())
        }

        proptest! {
            #[test]
            fn given_any_text_then_links_lead_where_they_may_and_every_letter_is_shown(text in hostile()) {
                let links = find(&text);
                prop_assert!(links.len() <= MAX_LINKS);
                for link in &links {
                    prop_assert!(
                        ["http://", "https://", "mailto:"].iter().any(|scheme| link.href.starts_with(scheme)),
                        "{}", link.href
                    );
                    prop_assert!(link.href.chars().all(|c| c.is_ascii_graphic() && !"\"'<>`\\".contains(c)), "{}", link.href);
                }
                let parts = pieces(&text, &links);
                let addresses = parts.iter().filter(|piece| matches!(piece, Piece::Address(..))).count();
                prop_assert_eq!(addresses, links.len());
                let shown: String = parts.iter().map(|piece| match piece {
                    Piece::Words(words) | Piece::Address(words, _) => *words,
                }).collect();
                prop_assert_eq!(shown, text);
            }
        }
    }
}
