//! A little Markdown, made into HTML that can do no harm.
//!
//! The events of the `CommonMark` parser are filtered here and the HTML is written by hand: literal tags from this
//! file, checked URLs, and for all else one escaping function. Invariant: nothing of the text reaches the output
//! unescaped.
//!
//! Words do not disappear: raw HTML is shown as text, a link that is not taken and an image leave their label, link
//! reference definitions are not known. Only link titles and the addresses of images and refused links are left out.

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TextMergeWithOffset};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use crate::text::{MarkLimit, is_visible, without_forbidden};

/// Links of one text; further ones are text.
const MAX_LINKS: usize = 10;
/// Quotes and lists in one another, and emphasis in one another; deeper ones are flattened.
const MAX_DEPTH: usize = 4;

/// The text as safe HTML, or `None` where that would be one paragraph of exactly this text (or nothing to see): then
/// the reader shows the text itself.
///
/// Known are paragraphs, line breaks (a single newline is one), emphasis, lists, quotes, code, links to `http`, `https`
/// and `mailto`, and bare `http(s)` addresses. Headings become strong paragraphs, images their alternative text, rules
/// and raw HTML the text they were typed as. Behind a link stands where it really goes, in ASCII (RFC 3492), unless its
/// label says just that.
///
/// The tags are `p br em strong ul ol li blockquote code`, `a` with `href rel target`, `span` with `class dir`, and
/// `ol` with a numeric `start`. The output is at most 12 times as long as the text, plus 2 KiB. Combining marks and
/// forbidden characters that come as entities (`&#x202E;`) are held to the rules of [`crate::text::clean`].
pub fn render(text: &str) -> Option<String> {
    // A backslash between `]` and `:` shows nothing and lets no reference definition be one, which would swallow text.
    let source = text.replace("]:", "]\\:");
    let mut page = Page::default();
    for (event, range) in TextMergeWithOffset::new(Parser::new_ext(&source, Options::empty()).into_offset_iter()) {
        page.take(event, &source[range]);
    }
    if page.html.len() > 12 * text.len() + 2048 {
        page = Page::default();
        page.open("<p>", "</p>");
        page.text(text);
        page.close();
    }
    let mut plain = Page::default();
    plain.open("<p>", "</p>");
    plain.text(&text.trim().replace('\n', " "));
    plain.close();
    (page.visible && page.html != plain.html).then_some(page.html)
}

/// The words of the text without any markup, in the lines [`render`] would give them: for places where nothing can be
/// pressed. Links leave their label, images their alternative text, items of lists a dash.
pub fn plain(text: &str) -> String {
    let source = text.replace("]:", "]\\:");
    let mut lines = String::with_capacity(text.len());
    let end_line = |lines: &mut String| {
        if !lines.is_empty() && !lines.ends_with('\n') {
            lines.push('\n');
        }
    };
    let mut marks = MarkLimit::default();
    for (event, range) in TextMergeWithOffset::new(Parser::new_ext(&source, Options::empty()).into_offset_iter()) {
        match event {
            Event::Text(words) | Event::Code(words) | Event::Html(words) | Event::InlineHtml(words) => {
                lines.extend(without_forbidden(&verbatim(&words)).filter(|c| marks.admits(*c)));
            }
            Event::SoftBreak | Event::HardBreak => end_line(&mut lines),
            Event::Rule => {
                end_line(&mut lines);
                lines.push_str(source[range].trim());
                lines.push('\n');
            }
            Event::Start(Tag::Item) => {
                end_line(&mut lines);
                lines.push_str("– ");
            }
            Event::Start(Tag::Paragraph | Tag::Heading { .. } | Tag::CodeBlock(_) | Tag::HtmlBlock)
                if !lines.ends_with("– ") =>
            {
                end_line(&mut lines);
            }
            Event::End(_) | Event::Start(_) => {}
            // Extensions that are not enabled.
            _ => lines.push_str(&source[range]),
        }
    }
    lines.truncate(lines.trim_end().len());
    lines
}

/// The one way text gets into the output.
fn escape(c: char, html: &mut String) {
    match c {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        '\'' => html.push_str("&#39;"),
        _ => html.push(c),
    }
}

/// The output while it is written.
#[derive(Default)]
struct Page {
    html: String,
    open: Vec<Open>,
    /// Emitted quotes and lists, emphasis and strong among `open`.
    nested: usize,
    emphasised: usize,
    /// Images around the cursor: everything in them is alternative text.
    images: usize,
    /// Code or raw HTML around the cursor: no addresses become links.
    verbatim: bool,
    /// Line breaks that are written once something follows them.
    breaks: usize,
    links: usize,
    link: Option<Link>,
    marks: MarkLimit,
    /// Whether a reader sees anything.
    visible: bool,
}

/// An element that was begun.
struct Open {
    /// Its end tag; empty if the element is flattened or unknown.
    close: &'static str,
    /// Where its start tag begins and ends in the output.
    start: usize,
    inner: usize,
}

/// The link around the cursor.
struct Link {
    target: Option<Target>,
    /// Whether it is an `<a>`, or only text because there are too many.
    is_anchor: bool,
    /// What is seen of the label.
    label: String,
}

impl Page {
    fn take(&mut self, event: Event<'_>, source: &str) {
        if self.images > 0 {
            match event {
                Event::Start(Tag::Image { .. }) => self.images += 1,
                Event::End(pulldown_cmark::TagEnd::Image) => self.images -= 1,
                Event::Text(text) => self.text(&text),
                Event::Code(text) | Event::InlineHtml(text) => self.text(&verbatim(&text)),
                Event::SoftBreak | Event::HardBreak => self.text(" "),
                _ => {}
            }
            return;
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(_) => self.close(),
            Event::Text(text) if self.verbatim => self.text(&verbatim(&text)),
            Event::Text(text) => self.text_with_addresses(&text),
            Event::Code(text) => {
                self.open("<code>", "</code>");
                self.text(&verbatim(&text));
                self.close();
            }
            Event::Html(text) | Event::InlineHtml(text) => self.text(&verbatim(&text)),
            Event::SoftBreak | Event::HardBreak => self.breaks += 1,
            Event::Rule => {
                self.open("<p>", "</p>");
                self.text(source.trim());
                self.close();
            }
            // Extensions that are not enabled.
            Event::InlineMath(_) | Event::DisplayMath(_) | Event::FootnoteReference(_) | Event::TaskListMarker(_) => {
                self.text(source);
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.open("<p>", "</p>"),
            Tag::Heading { .. } => self.open("<p><strong>", "</strong></p>"),
            Tag::HtmlBlock => {
                self.open("<p>", "</p>");
                self.verbatim = true;
            }
            Tag::CodeBlock(kind) => {
                self.open("<p><code>", "</code></p>");
                self.verbatim = true;
                if let CodeBlockKind::Fenced(info) = kind
                    && !info.is_empty()
                {
                    self.text(&info);
                    self.breaks += 1;
                }
            }
            Tag::BlockQuote(_) => self.open_nested("<blockquote>", "</blockquote>"),
            Tag::List(None) => self.open_nested("<ul>", "</ul>"),
            Tag::List(Some(1)) => self.open_nested("<ol>", "</ol>"),
            // "2024. A good year" keeps its number.
            Tag::List(Some(first)) => self.open_nested(&format!("<ol start=\"{first}\">"), "</ol>"),
            Tag::Item if self.open.last().is_some_and(|list| !list.close.is_empty()) => self.open("<li>", "</li>"),
            Tag::Item => {
                self.breaks = 1;
                self.open("", "");
            }
            Tag::Emphasis => self.open_emphasis("<em>", "</em>"),
            Tag::Strong => self.open_emphasis("<strong>", "</strong>"),
            // The parser lets autolinks into links; HTML does not.
            Tag::Link { .. } if self.link.is_some() => self.open("", ""),
            Tag::Link { link_type, dest_url, .. } => self.open_link(match link_type {
                LinkType::Email => Target::mail(&dest_url),
                _ => Target::parse(&verbatim(&dest_url)),
            }),
            Tag::Image { .. } => self.images = 1,
            // Extensions that are not enabled.
            _ => self.open("", ""),
        }
    }

    fn open(&mut self, start_tag: &str, close: &'static str) {
        if !start_tag.is_empty() {
            self.write_breaks();
        }
        let start = self.html.len();
        self.html.push_str(start_tag);
        self.open.push(Open { close, start, inner: self.html.len() });
    }

    fn open_nested(&mut self, start_tag: &str, close: &'static str) {
        if self.nested < MAX_DEPTH {
            self.nested += 1;
            self.open(start_tag, close);
        } else {
            self.open("", "");
        }
    }

    fn open_emphasis(&mut self, start_tag: &str, close: &'static str) {
        if self.emphasised < MAX_DEPTH {
            self.emphasised += 1;
            self.open(start_tag, close);
        } else {
            self.open("", "");
        }
    }

    fn close(&mut self) {
        let Some(element) = self.open.pop() else { return };
        match element.close {
            "</a>" => return self.close_link(),
            "</blockquote>" | "</ul>" | "</ol>" => self.nested -= 1,
            "</em>" | "</strong>" => self.emphasised -= 1,
            "</p>" | "</code></p>" => self.verbatim = false,
            _ => {}
        }
        if element.close.ends_with("</p>") || element.close == "</li>" {
            self.breaks = 0;
        }
        if self.html.len() == element.inner && element.close != "</li>" {
            self.html.truncate(element.start);
        } else {
            self.html.push_str(element.close);
        }
    }

    fn write_breaks(&mut self) {
        for _ in 0..std::mem::take(&mut self.breaks) {
            self.html.push_str("<br>");
        }
    }

    fn text(&mut self, text: &str) {
        for c in without_forbidden(text) {
            if !self.marks.admits(c) {
                continue;
            }
            if c == '\n' {
                self.breaks += 1;
                continue;
            }
            self.write_breaks();
            self.visible |= is_visible(c);
            if let Some(link) = &mut self.link {
                link.label.push(c);
            }
            escape(c, &mut self.html);
        }
    }

    fn text_with_addresses(&mut self, text: &str) {
        let mut rest = text;
        while self.link.is_none()
            && self.links < MAX_LINKS
            && let Some((before, address, after)) = next_address(rest)
        {
            self.text(before);
            self.open_link(Target::parse(address));
            self.text(address);
            self.close();
            rest = after;
        }
        self.text(rest);
    }

    fn open_link(&mut self, target: Option<Target>) {
        let is_anchor = target.is_some() && self.links < MAX_LINKS;
        self.write_breaks();
        self.open("", "</a>");
        if let Some(target) = &target
            && is_anchor
        {
            self.links += 1;
            self.html.push_str("<a href=\"");
            target.href.chars().for_each(|c| escape(c, &mut self.html));
            self.html.push_str("\" rel=\"nofollow ugc noreferrer\" target=\"_blank\">");
        }
        self.link = Some(Link { target, is_anchor, label: String::new() });
    }

    fn close_link(&mut self) {
        let Some(Link { target: Some(target), is_anchor, label }) = self.link.take() else { return };
        if !label.contains(is_visible) {
            self.text(&target.shown);
        }
        if is_anchor {
            self.html.push_str("</a>");
        }
        if label.contains(is_visible) && label != target.shown && label != target.href {
            if is_anchor {
                self.html.push_str(" <span class=\"host\" dir=\"ltr\">(");
                target.shown.chars().for_each(|c| escape(c, &mut self.html));
                self.html.push_str(")</span>");
            } else {
                self.text(&format!(" ({})", target.href));
            }
        }
    }
}

/// What was typed, where backslashes do not escape.
fn verbatim(text: &str) -> String {
    text.replace("]\\:", "]:")
}

/// What stands before, in and behind the next bare address. It begins at a word's start and leaves closing punctuation
/// to the sentence, as in the autolinks of GitHub Flavored Markdown. What is no address is not searched again, so that
/// time grows with the length alone.
fn next_address(text: &str) -> Option<(&str, &str, &str)> {
    let mut seen_to = 0;
    for (colon, _) in text.match_indices("://") {
        if colon < seen_to {
            continue;
        }
        let Some(start) = ["https", "http"].iter().find_map(|scheme| {
            let start = colon.checked_sub(scheme.len())?;
            text.get(start..colon)?.eq_ignore_ascii_case(scheme).then_some(start)
        }) else {
            continue;
        };
        if text[..start].ends_with(char::is_alphanumeric) {
            continue;
        }
        let ends = |c: char| {
            c.is_whitespace()
                || matches!(c, '<' | '>' | '"' | '`' | '\\')
                || !is_visible(c)
                || matches!(
                    c.general_category(),
                    GeneralCategory::InitialPunctuation | GeneralCategory::FinalPunctuation
                )
        };
        let mut end = colon + text[colon..].find(ends).unwrap_or(text.len() - colon);
        seen_to = end;
        let (opened, closed) = (text[start..end].matches('(').count(), text[start..end].matches(')').count());
        let mut unopened = closed.saturating_sub(opened);
        while let Some(last) = text[colon..end].chars().next_back() {
            match last {
                '/' | '-' | '_' | '=' | '&' | '#' | '%' | '+' | '~' | '$' => break,
                ')' if unopened == 0 => break,
                ')' => unopened -= 1,
                _ if last.is_alphanumeric() => break,
                _ => {}
            }
            end -= last.len_utf8();
        }
        if Target::parse(&text[start..end]).is_some() {
            return Some((&text[..start], &text[start..end], &text[end..]));
        }
    }
    None
}

/// Where a link goes.
struct Target {
    /// The whole address: ASCII without anything HTML or a URL parser could take for a delimiter of its own.
    href: String,
    /// The host with its port, or the mail address.
    shown: String,
}

impl Target {
    fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        match scheme.to_ascii_lowercase().as_str() {
            // Headers and body of the mail are the writer's business.
            "mailto" => Self::mail(rest.split('?').next().unwrap_or_default()),
            scheme @ ("http" | "https") => Self::web(scheme, rest.strip_prefix("//")?),
            _ => None,
        }
    }

    /// Stricter than browsers (WHATWG URL): what they would repair is no link here, so that what is shown is where it
    /// goes. User names and passwords are left out.
    fn web(scheme: &str, rest: &str) -> Option<Self> {
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
        Some(Self { href, shown })
    }

    fn mail(address: &str) -> Option<Self> {
        let (local, domain) = address.split_once('@')?;
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'+' | b'-');
        if !(1..=64).contains(&local.len()) || !local.bytes().all(is_plain) {
            return None;
        }
        let shown = format!("{local}@{}", ascii_host(domain)?);
        Some(Self { href: format!("mailto:{shown}"), shown })
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

    use super::*;

    fn html(text: &str) -> String {
        render(text).unwrap_or_else(|| format!("none: {text}"))
    }

    /// A link as it is written, its host behind it.
    fn link(href: &str, label: &str, shown: &str) -> String {
        let anchor = format!(r#"<a href="{href}" rel="nofollow ugc noreferrer" target="_blank">{label}</a>"#);
        if shown.is_empty() { anchor } else { format!(r#"{anchor} <span class="host" dir="ltr">({shown})</span>"#) }
    }

    #[test]
    fn given_a_plain_paragraph_when_rendered_then_the_text_itself_is_shown() {
        for text in ["", " ", "Hallo, Welt!", "5 < 6 & \"so\"", "a_b_c", "ende.", "[a] [b][c]", "!", "[a]: b", "-", "#"]
        {
            assert_eq!(render(text), None, "{text}");
        }
    }

    #[test]
    fn given_markup_when_taken_plain_then_its_words_stay_and_nothing_can_be_pressed() {
        for (text, expected) in [
            ("Hallo, *Welt*!", "Hallo, Welt!"),
            ("a\nb\n\nc", "a\nb\nc"),
            ("# Titel\nText", "Titel\nText"),
            ("Wichtig:\n\n- eins\n- **zwei**", "Wichtig:\n– eins\n– zwei"),
            ("[hier](https://evil.example) ![Bild](x.png)", "hier Bild"),
            ("<https://a.example> `code` <b>", "https://a.example code <b>"),
            ("[a]: b", "[a]: b"),
            ("a &#x202E;b", "a b"),
            ("", ""),
        ] {
            assert_eq!(plain(text), expected, "{text}");
        }
    }

    #[test]
    fn given_markup_when_rendered_then_it_is_the_small_set_of_tags() {
        for (text, expected) in [
            ("a\nb", "<p>a<br>b</p>"),
            ("a  \nb\\\nc", "<p>a<br>b<br>c</p>"),
            ("a\n\nb", "<p>a</p><p>b</p>"),
            ("*a* __b__", "<p><em>a</em> <strong>b</strong></p>"),
            ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
            ("1. a\n2. b", "<ol><li>a</li><li>b</li></ol>"),
            ("2024. Gut", "<ol start=\"2024\"><li>Gut</li></ol>"),
            ("> a", "<blockquote><p>a</p></blockquote>"),
            ("## a *b*", "<p><strong>a <em>b</em></strong></p>"),
            ("a\n---\nb", "<p><strong>a</strong></p><p>b</p>"),
            ("a\n\n***\n\nb", "<p>a</p><p>***</p><p>b</p>"),
            ("`a<b`", "<p><code>a&lt;b</code></p>"),
            ("```rust\nx\n\ny\n```", "<p><code>rust<br>x<br><br>y</code></p>"),
            ("![Bild *x*](https://a.org/b.png)", "<p>Bild x</p>"),
            ("a \\* b", "<p>a * b</p>"),
            ("| a | b |\n|---|---|", "<p>| a | b |<br>|---|---|</p>"),
        ] {
            assert_eq!(html(text), expected, "{text}");
        }
    }

    #[test]
    fn given_raw_html_when_rendered_then_it_is_text() {
        assert_eq!(html("a <b>c</b>\nd"), "<p>a &lt;b&gt;c&lt;/b&gt;<br>d</p>");
        assert_eq!(
            html("<script>\nalert('1')\n</script>\n\nb"),
            "<p>&lt;script&gt;<br>alert(&#39;1&#39;)<br>&lt;/script&gt;</p><p>b</p>"
        );
        assert_eq!(html("<!-- [a]: b -->\n\nc"), "<p>&lt;!-- [a]: b --&gt;</p><p>c</p>");
    }

    #[test]
    fn given_links_when_rendered_then_their_host_is_seen() {
        for (text, expected) in [
            (
                "[Karte](https://Example.org/a?b=1&c=2)",
                link("https://example.org/a?b=1&amp;c=2", "Karte", "example.org"),
            ),
            ("[*K*](http://example.org:8080)", link("http://example.org:8080", "<em>K</em>", "example.org:8080")),
            ("<https://example.org/a>", link("https://example.org/a", "https://example.org/a", "")),
            ("[example.org](https://example.org/a)", link("https://example.org/a", "example.org", "")),
            ("[](https://example.org/a)", link("https://example.org/a", "example.org", "")),
            ("[Mail](mailto:a.b@example.org?bcc=x@y.org)", link("mailto:a.b@example.org", "Mail", "a.b@example.org")),
            ("<a@example.org>", link("mailto:a@example.org", "a@example.org", "")),
            ("[x](https://a.org/[1]:2)", link("https://a.org/[1]:2", "x", "a.org")),
            ("[x](https://a.org/ä\u{200F}'\"<)", link("https://a.org/%C3%A4%E2%80%8F%27%22%3C", "x", "a.org")),
        ] {
            assert_eq!(html(text), format!("<p>{expected}</p>"), "{text}");
        }
    }

    #[test]
    fn given_links_that_hide_where_they_go_when_rendered_then_the_real_host_is_seen() {
        for (text, expected) in [
            ("https://good.org@evil.org/x", link("https://evil.org/x", "https://good.org@evil.org/x", "evil.org")),
            ("[good.org](https://good.org:443@evil.org)", link("https://evil.org", "good.org", "evil.org")),
            ("[https://good.org](https://evil.org)", link("https://evil.org", "https://good.org", "evil.org")),
            ("[bank](https://bаnk.com)", link("https://xn--bnk-6cd.com", "bank", "xn--bnk-6cd.com")),
            ("[x](https://Müller.de)", link("https://xn--mller-kva.de", "x", "xn--mller-kva.de")),
        ] {
            assert_eq!(html(text), format!("<p>{expected}</p>"), "{text}");
        }
    }

    #[test]
    fn given_targets_that_are_not_taken_when_rendered_then_the_label_is_text() {
        for target in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "java&#10;script:alert(1)",
            "&#106;avascript:alert(1)",
            "data:text/html;base64,PHNjcmlwdD4=",
            "vbscript:x",
            "file:///etc/passwd",
            "ftp://a.org",
            "//evil.org",
            "/admin",
            "#x",
            "https:evil.org",
            "https:/evil.org",
            "https:///evil.org",
            "https://good.org\\\\@evil.org",
            "https://localhost",
            "https://127.0.0.1",
            "https://0x7f.1",
            "https://2130706433",
            "https://[::1]/",
            "https://ex%61mple.org",
            "https://ｅｖｉｌ.org",
            "https://good。org",
            "https://good.org&#x202e;.evil.org",
            "https://a..org",
            "https://a.org:99999",
            "https://a.org:",
            "https://",
            "mailto:",
            "mailto:a@b.org,c@d.org",
            "mailto:\"x\"@b.org",
        ] {
            assert_eq!(html(&format!("*a* [x]({target})")), "<p><em>a</em> x</p>", "{target}");
        }
    }

    #[test]
    fn given_bare_addresses_when_rendered_then_they_end_before_the_sentences_punctuation() {
        let to = |url: &str| link(url, url, "");
        for (text, expected) in [
            ("Siehe https://a.org/b_c_d.", format!("Siehe {}.", to("https://a.org/b_c_d"))),
            ("(https://a.org/b_(c))", format!("({})", to("https://a.org/b_(c)"))),
            ("„https://a.org“", format!("„{}“", to("https://a.org"))),
            ("http://a.org, https://b.org!", format!("{}, {}!", to("http://a.org"), to("https://b.org"))),
            ("https://a.org\nb", format!("{}<br>b", to("https://a.org"))),
        ] {
            assert_eq!(html(text), format!("<p>{expected}</p>"), "{text}");
        }
        for text in ["xhttps://a.org", "https://", "://a.org", "https://a", "javascript://a.org"] {
            assert_eq!(render(text), None, "{text}");
        }
        assert_eq!(html("`https://a.org`"), "<p><code>https://a.org</code></p>");
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
    fn given_more_links_than_allowed_when_rendered_then_the_rest_is_text() {
        let many = html(&"[x](https://a.org/y) ".repeat(12));
        assert_eq!(many.matches("<a ").count(), MAX_LINKS);
        assert!(many.ends_with("x (https://a.org/y) x (https://a.org/y)</p>"), "{many}");
        let bare = html(&"https://a.org ".repeat(12));
        assert_eq!(bare.matches("<a ").count(), MAX_LINKS);
        assert_eq!(bare.matches(">https://a.org<").count(), MAX_LINKS);
    }

    #[test]
    fn given_deep_nesting_when_rendered_then_it_is_flattened() {
        let quotes = html(&format!("{}a", ">".repeat(500)));
        assert_eq!(
            quotes,
            "<blockquote><blockquote><blockquote><blockquote><p>a</p></blockquote></blockquote></blockquote></blockquote>"
        );
        let lists = html("- a\n  - b\n    - c\n      - d\n        - e\n        - f");
        assert_eq!(lists.matches("<ul>").count(), MAX_DEPTH);
        assert!(lists.contains("d<br>e<br>f"), "{lists}");
        let emphasis = html(&format!("{}z{}", "*a _a ".repeat(10), "_ z* z".repeat(10)));
        assert_eq!(emphasis.matches("<em>").count(), MAX_DEPTH, "{emphasis}");
    }

    #[test]
    fn given_entities_for_what_texts_may_not_hold_when_rendered_then_they_hold_to_the_rules() {
        assert_eq!(html("&#x202e;*a*&#xFEFF;&#x2066;&#0;"), "<p><em>a</em>\u{FFFD}</p>");
        assert_eq!(html(&format!("a{}", "&#x301;".repeat(50))), format!("<p>a{}</p>", "\u{301}".repeat(4)));
        assert_eq!(html("&lt;script&gt;"), "<p>&lt;script&gt;</p>");
    }

    #[test]
    fn given_known_attacks_when_rendered_then_only_our_tags_are_written() {
        for text in ATTACKS {
            for around in
                ["{}", "> {}", "- {}\n- b", "# {}", "[{}](https://a.org)", "[x]({})", "![{}]({})", "<{}>", "`{}"]
            {
                let text = around.replace("{}", text);
                if let Some(html) = render(&text) {
                    assert_safe(&text, &html);
                }
            }
        }
    }

    const ATTACKS: [&str; 26] = [
        "<script>alert(1)</script>",
        "<ScRiPt src=//evil.org></sCrIpT>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<svg><script>alert&#40;1&#41;</script></svg>",
        "<iframe srcdoc='<script>alert(1)</script>'>",
        "<a href=\"javascript:alert(1)\">x</a>",
        "[x](javascript:alert(1))",
        "[x](JAVASCRIPT&colon;alert(1))",
        "[x](javascript&#58;alert(1))",
        "[x]( javascript:alert(1))",
        "[x](\u{1}javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](https://a.org\"onmouseover=\"alert(1))",
        "[x](<https://a.org/\" onmouseover=\"alert(1)>)",
        "[x](https://a.org \"t\\\" onmouseover=alert(1)\")",
        "<https://a.org/\"onmouseover=alert(1)>",
        "<javascript:alert(1)>",
        "![\"onerror=alert(1) x=\"](x)",
        "[x]: javascript:alert(1)\n\n[x]",
        "</p></div><script>alert(1)</script>",
        "<!--<img title=\"--><img src=x onerror=alert(1)>\">",
        "<![CDATA[<script>alert(1)</script>]]>",
        "<style>@import'//evil.org'</style>",
        "<math><mtext></table></math><img src onerror=alert(1)>",
        "\u{FF1C}script\u{FF1E}alert(1)",
    ];

    /// Every tag is one of ours as a whole, all are closed in order, and between them nothing is unescaped.
    fn assert_safe(text: &str, html: &str) {
        const ENTITIES: [&str; 5] = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
        let mut open: Vec<&str> = Vec::new();
        let mut rest = html;
        while let Some(c) = rest.chars().next() {
            if c != '<' {
                assert!(!matches!(c, '>' | '"' | '\''), "raw {c} from {text:?} in {html}");
                assert!(c != '&' || ENTITIES.iter().any(|entity| rest.starts_with(entity)), "raw & in {html}");
                let hidden = matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
                assert!(!c.is_control() && !hidden, "{c:?} from {text:?}");
                rest = &rest[c.len_utf8()..];
                continue;
            }
            let end = rest.find('>').unwrap_or_else(|| panic!("open tag in {html}"));
            let tag = &rest[1..end];
            rest = &rest[end + 1..];
            match tag {
                "br" => {}
                "p" | "em" | "strong" | "ul" | "ol" | "li" | "blockquote" | "code" => open.push(tag),
                "span class=\"host\" dir=\"ltr\"" => open.push("span"),
                _ if tag.starts_with("ol start=\"") => {
                    let number = tag["ol start=\"".len()..].strip_suffix('"').expect("a quoted number");
                    assert!(number.parse::<u32>().is_ok(), "{tag}");
                    open.push("ol");
                }
                _ if tag.starts_with("a href=\"") => {
                    let href = tag["a href=\"".len()..]
                        .strip_suffix("\" rel=\"nofollow ugc noreferrer\" target=\"_blank\"")
                        .unwrap_or_else(|| panic!("attributes in {tag}"));
                    assert!(["http://", "https://", "mailto:"].iter().any(|scheme| href.starts_with(scheme)), "{href}");
                    assert!(href.chars().all(|c| c.is_ascii_graphic() && !"\"'<>`\\".contains(c)), "{href}");
                    open.push("a");
                }
                _ => {
                    let closing = tag.strip_prefix('/').unwrap_or_else(|| panic!("<{tag}> from {text:?}"));
                    assert_eq!(open.pop(), Some(closing), "{html}");
                }
            }
        }
        assert!(open.is_empty(), "{open:?} in {html}");
        assert!(html.len() <= 12 * text.len() + 2048);
    }

    /// Pieces of Markdown, HTML and URLs in any order.
    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop::sample::select(vec![
            "a",
            "b",
            " ",
            " ",
            "\n",
            "\n",
            "\n\n",
            "*",
            "**",
            "_",
            "`",
            "```",
            "~~~",
            "> ",
            ">",
            "- ",
            "-",
            "1. ",
            "7) ",
            "# ",
            "#\n",
            "===",
            "---",
            "***",
            "    ",
            "\t",
            "[",
            "]",
            "](",
            "](https://a.org)",
            "](javascript:x)",
            ")",
            "(",
            "!",
            "![",
            "]:",
            "[a]: ",
            "\\",
            "<",
            ">",
            "/>",
            "<b>",
            "</b>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "<?",
            "?>",
            "<![CDATA[",
            "]]>",
            "<a href=\"",
            "\"",
            "'",
            "&",
            "&lt;",
            "&#60;",
            "&#x202e;",
            "&#x301;",
            "&#10;",
            "&#0;",
            "&quot;",
            "onerror=",
            "https://",
            "http://a.org",
            "https://a.org/b",
            "https://x@b.org",
            "mailto:",
            "<mailto:a@b.org>",
            "<https://a.org>",
            "javascript:",
            "data:",
            "ä",
            "\u{202E}",
            "\u{301}",
            "\u{200D}",
            "\0",
            "|",
            "|-|-|",
            "[^1]",
            "[x]",
            "$",
            "{",
            "}",
            "=",
            "\r\n",
            "\u{2028}",
        ]);
        prop::collection::vec(prop_oneof![12 => piece.prop_map(str::to_owned), 1 => any::<String>()], 0..60)
            .prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn given_any_text_when_rendered_then_only_our_tags_are_written(text in hostile()) {
            if let Some(html) = render(&text) {
                assert_safe(&text, &html);
            }
        }

        #[test]
        fn given_any_label_and_target_when_rendered_then_only_our_tags_are_written(
            label in "\\PC{0,20}", target in "(https?://|mailto:|)[^ ]{0,30}"
        ) {
            for text in [format!("[{label}]({target})"), format!("[{label}](<{target}>)"), format!("{label} {target}")] {
                if let Some(html) = render(&text) {
                    assert_safe(&text, &html);
                }
            }
        }

        #[test]
        fn given_text_without_link_targets_and_entities_when_rendered_then_no_letter_disappears(text in hostile()) {
            let text = text.replace(['(', '&'], "");
            let letters = |text: &str| text.chars().filter(char::is_ascii_alphabetic).collect::<String>();
            if let Some(html) = render(&text) {
                let mut shown = String::new();
                for piece in html.split('<') {
                    let (tag, words) = piece.split_once('>').unwrap_or(("", piece));
                    shown.push_str(if tag.starts_with("span") { "" } else { words });
                }
                for entity in ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"] {
                    shown = shown.replace(entity, "");
                }
                prop_assert_eq!(letters(&shown), letters(&text));
            }
        }

        #[test]
        fn given_plain_words_when_rendered_then_the_text_itself_is_shown(text in "[a-zäöü]{1,8}( [a-zäöü,?'\"<&]{1,8}){0,9}") {
            prop_assert_eq!(render(&text), None);
        }
    }
}
