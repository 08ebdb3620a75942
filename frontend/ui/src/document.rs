//! The server's half: page data to a whole document.

use std::borrow::Cow;
use std::fmt::Write;

use leptos::prelude::*;
use serde::Serialize;
use stimmwerk_core::poll::PollView;
use stimmwerk_core::rejection::Code;

use crate::address;
use crate::data::{ForumPage, Look, PageData, PageKind, PollPage, Refused, ScreenPage, Shell};
use crate::page::LivePage;
use crate::pages::{area_html, default_button};
use crate::problem::problem_title;
use crate::words::{DocumentWords, LANGUAGES, Words, autonym, direction, staff_language, table_json};
use crate::{DATA_ID, ROOT_ID, WORDS_ID, pages};

/// The pictures of the pages, drawn once and used by name. Lines of two on a field of 24.
const SPRITE: &str = include_str!("sprite.svg");

/// Renders the children of the root element. Nothing may be written between them and the element's own tags:
/// hydration counts nodes.
pub fn render(page: PageData<PageKind>) -> String {
    // A root of its own, so that a page never sees the state of one rendered earlier on this thread.
    let owner = Owner::new_root(None);
    owner.with(|| pages::page(page).to_html())
}

/// What a page that lives brings for its program.
struct Brings {
    /// The name of the program.
    program: &'static str,
    /// The data of the page as JSON.
    data: String,
    /// Its words as JSON.
    words: String,
}

impl Brings {
    /// `None`: no program looks at the page.
    fn of(page: &PageData<PageKind>) -> Option<Self> {
        match &page.page {
            PageKind::Forum(forum) => Some(Self::with(page, &**forum)),
            PageKind::Poll(poll) => Some(Self::with(page, &**poll)),
            #[cfg(feature = "staff")]
            PageKind::Moderation(desk) => Some(Self::with(page, &**desk)),
            _ => None,
        }
    }

    fn with<P: LivePage>(page: &PageData<PageKind>, own: &P) -> Self {
        let words = table_json::<P::Words>(Words::of(&page.lang).lang()).expect("words are plain data");
        let data = embedded(&page.around(own)).expect("page data is plain data");
        Self { program: P::PROGRAM, data, words: in_script(&words) }
    }
}

/// The data of a page that lives as JSON that can stand inside a `<script>` element.
pub fn embedded<P: Serialize>(page: &PageData<P>) -> serde_json::Result<String> {
    serde_json::to_string(page).map(|json| in_script(&json))
}

/// Without `<`, nothing ends the element.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// The whole HTML document of a page.
///
/// # Panics
/// Never: page data is plain data, which can always be written as JSON.
pub fn document(page: &PageData<PageKind>, shell: &Shell) -> String {
    if let PageKind::Screen(screen) = &page.page {
        return projector(page, screen, shell);
    }
    let chosen = Words::of(&page.lang).lang();
    let staff = page.page.of_staff();
    let page = &*if staff { for_staff(page) } else { Cow::Borrowed(page) };
    let words = DocumentWords::of(&page.lang);
    let lang = Words::of(&page.lang).lang();
    let title = escaped(&title(page));
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
    let brings = Brings::of(page);
    let program = brings.as_ref().map_or_else(|| program_ahead(&page.page), |brings| brings.program);
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
        } else if matches!(page.page, PageKind::Join(_) | PageKind::Welcome(_) | PageKind::Return(_)) {
            // Fetched ahead for the next page. Not by <link rel="prefetch">: Firefox holds that against
            // default-src.
            let _ = write!(html, " data-ahead=\"/assets/{script} /assets/{wasm}\"></script>");
        } else {
            html.push_str("></script>");
        }
    }
    let skip = escaped(words.skip());
    let _ = write!(html, "</head><body>{SPRITE}<a class=\"skip\" href=\"#{ROOT_ID}\">{skip}</a>");
    let body = render(page.clone());
    banner(&mut html, page, chosen, words, typed_form(&body));
    let _ = write!(html, "<main id=\"{ROOT_ID}\" tabindex=\"-1\"");
    if let Some(url) = &shell.data_url {
        let _ = write!(html, " data-url=\"{}\"", escaped(url));
    }
    html.push('>');
    html.push_str(&body);
    html.push_str("</main>");
    if let Some(refused) = &page.refused {
        kept(&mut html, page, refused, &body, words);
    }
    let _ = write!(html, "<footer class=\"site\"><p>{}</p></footer>", escaped(words.foot()));
    if let Some(Brings { data, words, .. }) = brings {
        let _ = write!(html, "<script type=\"application/json\" id=\"{DATA_ID}\" nonce=\"{nonce}\">{data}</script>");
        let _ = write!(html, "<script type=\"application/json\" id=\"{WORDS_ID}\" nonce=\"{nonce}\">{words}</script>");
    }
    html.push_str("</body></html>");
    html
}

/// The program of the page that whoever joins comes to next.
fn program_ahead(page: &PageKind) -> &'static str {
    match page {
        PageKind::Welcome(page) if page.next.as_ref().is_some_and(|next| next.starts_with("/p/")) => PollPage::PROGRAM,
        _ => ForumPage::PROGRAM,
    }
}

/// The document of a projector: a stage without anything around it, and what its script brings to light.
fn projector(page: &PageData<PageKind>, screen: &ScreenPage, shell: &Shell) -> String {
    let words = DocumentWords::of(&page.lang);
    let lang = words.lang();
    let class = if screen.look == Look::Dark { "screen dark" } else { "screen" };
    let mut html = String::with_capacity(32 * 1024);
    let _ = write!(
        html,
        "<!DOCTYPE html><html lang=\"{lang}\" dir=\"{}\" class=\"{class}\"><head><meta charset=\"utf-8\"><title>{}</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"format-detection\" content=\"telephone=no\">",
        direction(lang),
        escaped(&title(page)),
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
        render(page.clone()),
        escaped(words.screen_gone()),
        escaped(words.screen_lost()),
        escaped(words.screen_extend()),
        escaped(words.screen_full()),
    );
    html
}

/// The page in a language staff words are in, with why something was refused.
fn for_staff(page: &PageData<PageKind>) -> Cow<'_, PageData<PageKind>> {
    let lang = staff_language(&page.lang);
    if lang == page.lang {
        return Cow::Borrowed(page);
    }
    let mut page = PageData { lang: lang.to_owned(), ..page.clone() };
    if let Some(problem) = page.refused.as_mut().and_then(|refused| refused.problem.as_mut())
        && let Some(code) = Code::of(&problem.code)
    {
        problem.title = problem_title(lang, code, &problem.params);
    }
    Cow::Owned(page)
}

/// Name, and the choice of language, of which `chosen` was. Outside the root: the browser has nothing to do with it.
fn banner(
    html: &mut String,
    page: &PageData<PageKind>,
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
    // Joining begins with this choice; it stands larger there.
    if !matches!(page.page, PageKind::Join(_)) {
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
fn kept(html: &mut String, page: &PageData<PageKind>, refused: &Refused, body: &str, words: DocumentWords) {
    let typed = |name: &str, value: &str| {
        let made = || value.parse::<uuid::Uuid>().is_ok() || value.parse::<f64>().is_ok();
        !value.trim().is_empty() && !CHOSEN.contains(&name) && (TYPED.contains(&name) || !made())
    };
    let nowhere = refused.again.iter().any(|(name, value)| typed(name, value) && !shows(body, value));
    let problem = refused.problem.as_ref();
    let code = problem.map_or("", |problem| problem.code.as_str());
    let formless = matches!(page.page, PageKind::Message(_)) || code == "unauthorized";
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
fn title(page: &PageData<PageKind>) -> String {
    let (words, document) = (Words::of(&page.lang), DocumentWords::of(&page.lang));
    let found: String;
    #[cfg(feature = "staff")]
    let staff = staff_title(page);
    let own = match &page.page {
        #[cfg(feature = "staff")]
        PageKind::Moderation(_) | PageKind::Prepare(_) | PageKind::Log(_) | PageKind::Languages => &staff,
        PageKind::Home(_) => document.home_title(),
        PageKind::Join(_) => document.join_title(),
        #[cfg(not(feature = "staff"))]
        PageKind::Moderation(desk) => words.pick(&desk.forum.view.forum.title).0,
        PageKind::Forum(forum) => words.pick(&forum.view.forum.title).0,
        PageKind::LoginLink(_) => document.login_title(),
        PageKind::Message(message) => &message.problem.title,
        PageKind::Welcome(_) => document.welcome_title(),
        PageKind::Return(_) => document.home_back(),
        PageKind::List(list) => {
            found = format!("{} – {}", words.forum_search(), words.pick(&list.place.forum.title).0);
            &found
        }
        PageKind::Record(page) => {
            found = format!("{}: {}", document.record_title(), words.pick(&page.place.forum.title).0);
            &found
        }
        PageKind::Thread(thread) => words.pick(&thread.place.forum.title).0,
        PageKind::Poll(page) => poll_title(words, &page.view),
        PageKind::PollPrint(page) => poll_title(words, &page.view),
        PageKind::PollVoters(page) => poll_title(words, &page.view),
        PageKind::Cards(page) => {
            found = format!("{} – {}", document.cards_title(), poll_title(words, &page.view));
            &found
        }
        PageKind::Screen(screen) => {
            found = format!("{}: {}", document.screen_title(), words.pick(&screen.title).0);
            &found
        }
        PageKind::Report(report) if report.sent => document.report_thanks(),
        PageKind::Report(_) => document.report_title(),
        #[cfg(not(feature = "staff"))]
        _ => document.home_title(),
    };
    let network = page.network.as_ref().map_or(document.name(), |texts| words.pick(texts).0);
    format!("{own} – {network}")
}

/// What a poll asks.
fn poll_title(words: Words, view: &PollView) -> &str {
    view.poll.as_ref().map_or("", |poll| words.pick(&poll.question.title).0)
}

/// What the tab of a staff page says.
#[cfg(feature = "staff")]
fn staff_title(page: &PageData<PageKind>) -> String {
    let (words, staff) = (Words::of(&page.lang), crate::words::StaffWords::of(&page.lang));
    let (what, title) = match &page.page {
        PageKind::Moderation(page) => (staff.title(), &page.forum.view.forum.title),
        PageKind::Log(page) => (staff.log(), &page.place.forum.title),
        PageKind::Prepare(page) if page.poll.is_some() => return staff.prepare_edit().to_owned(),
        PageKind::Prepare(_) => return staff.prepare().to_owned(),
        _ => return staff.languages().to_owned(),
    };
    format!("{what}: {}", words.pick(title).0)
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
