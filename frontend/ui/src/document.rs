//! The server's half: page data to a whole document.

use std::fmt::Write;

use leptos::prelude::*;
use stimmwerk_core::rejection::Code;

use crate::address;
use crate::data::{PageData, Refused, Shell};
use crate::page::{Brings, Document, Frame, LivePage, Look, Reader};
use crate::pages::{ForumPage, area_html, default_button};
use crate::problem::problem_title;
use crate::words::{DocumentWords, LANGUAGES, Words, autonym, direction, staff_language};
use crate::{DATA_ID, ROOT_ID, WORDS_ID};

/// The pictures of the pages, drawn once and used by name. Lines of two on a field of 24.
const SPRITE: &str = include_str!("sprite.svg");

/// Renders the children of the root element. Nothing may be written between them and the element's own tags:
/// hydration counts nodes.
pub fn render(around: &PageData<()>, shown: &dyn Document) -> String {
    // A root of its own, so that a page never sees the state of one rendered earlier on this thread.
    let owner = Owner::new_root(None);
    owner.with(|| {
        let (cx, (), _) = around.clone().open(Words::of(&around.lang));
        shown.draw(cx, reader(around)).to_html()
    })
}

fn reader(around: &PageData<()>) -> Reader<'_> {
    Reader { lang: &around.lang, me: around.me.as_ref(), network: around.network.as_ref() }
}

/// The whole HTML document of a page.
///
/// # Panics
/// Never: page data is plain data, which can always be written as JSON.
pub fn document(page: &PageData<Box<dyn Document>>, shell: &Shell) -> String {
    let (shown, mut page) = (&*page.page, page.around(()));
    let frame = shown.frame();
    if let Some(look) = frame.stage {
        return projector(&page, shown, look, shell);
    }
    let chosen = Words::of(&page.lang).lang();
    if frame.of_staff {
        page = for_staff(page);
    }
    let page = &page;
    let words = DocumentWords::of(&page.lang);
    let lang = Words::of(&page.lang).lang();
    let title = escaped(&title(page, shown));
    let mut html = String::with_capacity(64 * 1024);
    let dir = direction(lang);
    let _ = write!(
        html,
        "<!DOCTYPE html><html lang=\"{lang}\" dir=\"{dir}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\">\
         <meta name=\"theme-color\" content=\"#fffdf9\" media=\"(prefers-color-scheme: light)\">\
         <meta name=\"theme-color\" content=\"#22201c\" media=\"(prefers-color-scheme: dark)\">\
         <meta name=\"format-detection\" content=\"telephone=no\">"
    );
    let asset = |name: &str| shell.assets.get(name).map(|hashed| escaped(hashed));
    if let Some(style) = asset("style.css") {
        let _ = write!(html, "<link rel=\"stylesheet\" href=\"/assets/{style}\">");
    }
    if let Some(picture) = asset("icon.svg") {
        let _ = write!(html, "<link rel=\"icon\" type=\"image/svg+xml\" href=\"/assets/{picture}\">");
    }
    let nonce = escaped(&shell.nonce);
    let brings = shown.brings(page);
    let program = brings.as_ref().map(|brings| brings.program).or(frame.ahead).unwrap_or(ForumPage::PROGRAM);
    let program = |ending: &str| asset(&[program, ending].concat());
    if let (Some(loader), Some(script), Some(wasm)) = (asset("loader.js"), program(".js"), program(".wasm")) {
        let _ = write!(html, "<script type=\"module\" id=\"loader\" nonce=\"{nonce}\" src=\"/assets/{loader}\"");
        if brings.is_some() {
            let _ = write!(
                html,
                " data-js=\"/assets/{script}\" data-wasm=\"/assets/{wasm}\"></script>\
                 <link rel=\"modulepreload\" href=\"/assets/{script}\">\
                 <link rel=\"preload\" as=\"fetch\" type=\"application/wasm\" crossorigin href=\"/assets/{wasm}\">"
            );
        } else if frame.ahead.is_some() {
            // Not by <link rel="prefetch">: Firefox holds that against default-src.
            let _ = write!(html, " data-ahead=\"/assets/{script} /assets/{wasm}\"></script>");
        } else {
            html.push_str("></script>");
        }
    }
    let skip = escaped(words.skip());
    let _ = write!(html, "</head><body>{SPRITE}<a class=\"skip\" href=\"#{ROOT_ID}\">{skip}</a>");
    let body = render(page, shown);
    banner(&mut html, page, frame, chosen, words, typed_form(&body));
    let _ = write!(html, "<main id=\"{ROOT_ID}\" tabindex=\"-1\"");
    if let Some(url) = &shell.data_url {
        let _ = write!(html, " data-url=\"{}\"", escaped(url));
    }
    html.push('>');
    html.push_str(&body);
    html.push_str("</main>");
    if let Some(refused) = &page.refused {
        kept(&mut html, frame, refused, &body, words);
    }
    let _ = write!(html, "<footer class=\"site\"><p>{}</p></footer>", escaped(words.foot()));
    if let Some(Brings { data, words, .. }) = brings {
        let _ = write!(html, "<script type=\"application/json\" id=\"{DATA_ID}\" nonce=\"{nonce}\">{data}</script>");
        let _ = write!(html, "<script type=\"application/json\" id=\"{WORDS_ID}\" nonce=\"{nonce}\">{words}</script>");
    }
    html.push_str("</body></html>");
    html
}

/// The document of a projector: a stage without anything around it, and what its script brings to light.
fn projector(page: &PageData<()>, shown: &dyn Document, look: Look, shell: &Shell) -> String {
    let words = DocumentWords::of(&page.lang);
    let lang = words.lang();
    let class = if look == Look::Dark { "screen dark" } else { "screen" };
    let mut html = String::with_capacity(32 * 1024);
    let _ = write!(
        html,
        "<!DOCTYPE html><html lang=\"{lang}\" dir=\"{}\" class=\"{class}\"><head><meta charset=\"utf-8\"><title>{}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"format-detection\" content=\"telephone=no\">",
        direction(lang),
        escaped(&title(page, shown)),
    );
    let asset = |name: &str| shell.assets.get(name).map(|hashed| escaped(hashed));
    for style in ["style.css", "screen.css"].into_iter().filter_map(asset) {
        let _ = write!(html, "<link rel=\"stylesheet\" href=\"/assets/{style}\">");
    }
    if let Some(picture) = asset("icon.svg") {
        let _ = write!(html, "<link rel=\"icon\" type=\"image/svg+xml\" href=\"/assets/{picture}\">");
    }
    if let Some(script) = asset("screen.js") {
        let nonce = escaped(&shell.nonce);
        let _ = write!(html, "<script type=\"module\" nonce=\"{nonce}\" src=\"/assets/{script}\"></script>");
    }
    // Without the script the page comes anew by itself.
    html.push_str("<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>");
    let _ = write!(
        html,
        "</head><body>{SPRITE}<main id=\"{ROOT_ID}\">{}</main>\
         <p id=\"gone\" hidden>{}</p><p id=\"lost\" hidden>{}</p><p id=\"extend\" hidden>{}</p>\
         <button id=\"full\" type=\"button\" hidden>{}</button></body></html>",
        render(page, shown),
        escaped(words.screen_gone()),
        escaped(words.screen_lost()),
        escaped(words.screen_extend()),
        escaped(words.screen_full()),
    );
    html
}

/// The page in a language staff words are in, with why something was refused.
fn for_staff(mut page: PageData<()>) -> PageData<()> {
    let lang = staff_language(&page.lang);
    if lang != page.lang {
        lang.clone_into(&mut page.lang);
        if let Some(problem) = page.refused.as_mut().and_then(|refused| refused.problem.as_mut())
            && let Some(code) = Code::of(&problem.code)
        {
            problem.title = problem_title(lang, code, &problem.params);
        }
    }
    page
}

/// Name, and the choice of language, of which `chosen` was. Outside the root: the browser has nothing to do with it.
fn banner(
    html: &mut String,
    page: &PageData<()>,
    frame: Frame,
    chosen: &str,
    words: DocumentWords,
    typed: Option<(&str, &str)>,
) {
    let home = escaped(words.start());
    let network = page.network.as_ref().map(|texts| texts.pick(&page.lang));
    let (name, name_lang) = network.map_or((words.name(), None), |(name, lang)| (name, Some(lang.as_str())));
    let name_lang = name_lang.map_or(String::new(), |lang| format!(" lang=\"{}\"", escaped(lang)));
    let _ = write!(
        html,
        "<header class=\"site\"><a class=\"brand\" href=\"/\" aria-label=\"{home}: {name}\">\
         <svg class=\"mark\" aria-hidden=\"true\"><use href=\"#i-mark\"/></svg>\
         <span dir=\"auto\"{name_lang}>{name}</span></a>",
        name = escaped(name)
    );
    if let Some(me) = &page.me
        && let Some(name) = &me.name
    {
        let hello = escaped(&words.hello("\u{1}")).replace('\u{1}', &format!("<bdi>{}</bdi>", escaped(name)));
        let _ = write!(html, "<p class=\"hello\">{hello}</p>");
    }
    if frame.language {
        let _ = write!(
            html,
            "<details class=\"menu language\"><summary><span class=\"icon\" aria-hidden=\"true\"><svg><use href=\"#i-globe\"/></svg></span>\
             <span class=\"sr\">{}: </span>{}</summary>\
             <form class=\"menu-list\" method=\"post\" action=\"/api/v1/language\">\
             <input type=\"hidden\" name=\"next\" value=\"{}\"><fieldset><legend class=\"sr\">{0}</legend>",
            escaped(words.language()),
            escaped(autonym(Words::of(&page.lang).lang())),
            escaped(&address::without(&page.path, "lang")),
        );
        // What is being typed comes along: see `address::in_language`.
        let (name, form) = match typed {
            Some((id, action)) => {
                html.push_str(&default_button(id));
                let to = escaped(&address::in_language(action, &page.path));
                ("interface", format!(" form=\"{id}\" formaction=\"{to}\" formnovalidate"))
            }
            None => ("lang", String::new()),
        };
        for lang in LANGUAGES {
            let pressed = *lang == chosen;
            let _ = write!(
                html,
                "<button name=\"{name}\" value=\"{lang}\" lang=\"{lang}\" dir=\"{dir}\" aria-pressed=\"{pressed}\"{form}>{}</button>",
                escaped(autonym(lang)),
                dir = direction(lang),
            );
        }
        html.push_str("</fieldset></form></details>");
    }
    html.push_str("</header>");
}

/// The form of a page that people write in, by its id and where it goes: the one with `data-typed`.
fn typed_form(body: &str) -> Option<(&str, &str)> {
    let mut tags = body.split("<form ").skip(1).filter_map(|rest| rest.split('>').next());
    let tag = tags.find(|tag| tag.contains("data-typed"))?;
    let attribute = |name: &str| tag.split_once(&format!("{name}=\""))?.1.split('"').next();
    // "action" ends no other attribute of a form.
    Some((attribute("id")?, attribute("action")?))
}

/// Fields that hold no words of a person: chosen or made by the page.
const CHOSEN: [&str; 20] = [
    "_method",
    "idempotency_key",
    "next",
    "lang",
    "title_lang",
    "topic",
    "reply_to",
    "state",
    "reason",
    "what",
    "waiting",
    "stage",
    "visibility",
    "joining",
    "method",
    "secrecy",
    "electorate",
    "rule",
    "seconds",
    "notice",
];

/// Fields that hold words of a person even where they look like a number.
const TYPED: [&str; 4] = ["text", "note", "name", "title"];

/// Does the page show a value in a field, as it was sent?
fn shows(body: &str, value: &str) -> bool {
    body.contains(&["value=\"", &escaped(value).replace("&#39;", "'"), "\""].concat())
        || body.contains(&[">", &area_html(value), "</textarea>"].concat())
}

/// What was sent with a refused form and stands nowhere on the page: the page may be another one than the form was on,
/// since a session ended, a topic closed or a contribution was hidden. It can be read, copied and sent again.
fn kept(html: &mut String, frame: Frame, refused: &Refused, body: &str, words: DocumentWords) {
    let typed = |name: &str, value: &str| {
        let made = || value.parse::<uuid::Uuid>().is_ok() || value.parse::<f64>().is_ok();
        !value.trim().is_empty() && !CHOSEN.contains(&name) && (TYPED.contains(&name) || !made())
    };
    let nowhere = refused.again.iter().any(|(name, value)| typed(name, value) && !shows(body, value));
    let problem = refused.problem.as_ref();
    let code = problem.map_or("", |problem| problem.code.as_str());
    let formless = frame.formless || code == "unauthorized";
    if refused.again.is_empty() || !(nowhere || formless) {
        return;
    }
    let _ = write!(
        html,
        "<section id=\"kept\" class=\"panel kept\" aria-labelledby=\"kept-title\"><h2 id=\"kept-title\">{}</h2>\
         <form method=\"post\" action=\"{}\" autocomplete=\"off\">",
        escaped(words.kept_title()),
        escaped(&refused.action),
    );
    // Where the page has no place for the form, it has none for the reason either.
    if let Some(why) = problem.map(|problem| escaped(&problem.title)).filter(|why| !body.contains(why)) {
        let _ = write!(html, "<p class=\"problem\" role=\"alert\">{why}</p>");
    }
    for (nth, (name, value)) in refused.again.iter().enumerate() {
        let (name, shown) = (escaped(name), typed(name, value));
        if shown {
            let _ = write!(
                html,
                "<p><label for=\"kept-{nth}\">{}</label>\
                 <textarea id=\"kept-{nth}\" name=\"{name}\" rows=\"4\" dir=\"auto\">{}</textarea></p>",
                escaped(words.kept_text()),
                area_html(value),
            );
        } else {
            let _ = write!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escaped(value));
        }
    }
    let away = matches!(code, "unauthorized" | "not_joined" | "not_found");
    if away {
        let _ = write!(
            html,
            "<p>{}</p><p class=\"line\"><a class=\"button\" href=\"/return\" target=\"_blank\">{}</a>\
             <a class=\"button\" href=\"/join\" target=\"_blank\">{}</a></p>",
            escaped(words.kept_back()),
            escaped(words.home_back()),
            escaped(words.message_join()),
        );
    }
    // Nobody is asked to send what a foreign page made up.
    if code != "origin" {
        let _ = write!(html, "<p><button class=\"main\">{}</button></p>", escaped(words.kept_send()));
    }
    html.push_str("</form></section>");
}

/// What the tab says.
fn title(page: &PageData<()>, shown: &dyn Document) -> String {
    let own = shown.title(reader(page));
    let name = DocumentWords::of(&page.lang).name();
    let network = page.network.as_ref().map_or(name, |texts| Words::of(&page.lang).pick(texts).0);
    format!("{own} – {network}")
}

/// A text between tags or in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}
