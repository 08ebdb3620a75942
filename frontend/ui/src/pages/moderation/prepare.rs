//! Preparing a poll: one form, no program. What does not belong to the chosen way of answering is out of sight where the
//! browser can do that, and what is refused comes back as it was typed.

use std::collections::BTreeMap;

use leptos::prelude::*;
use stimmwerk_core::ids::{CommandId, ForumId, ProcessId};
use stimmwerk_core::poll::{Electorate, PollHeader, Question, Results, Secrecy, Weight};
use stimmwerk_core::said::Texts;
use stimmwerk_core::tally::{MAX_POINTS, MAX_STEPS, Majority, Method, Quorum};

use super::super::parts::{area_html, hidden, icon, icons, problem};
use crate::address;
use crate::command::wire;
use crate::cx::Cx;
use crate::page::{Document, Frame, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{LANGUAGES, StaffWords, autonym, direction};

/// What stands in a form at first.
const FIRST: [(&str, &str); 10] = [
    ("method", "single"),
    ("electorate", "devices"),
    ("secrecy", "confidential"),
    ("weight", "mood"),
    ("results", "revealed"),
    ("majority", "simple"),
    ("min", "1"),
    ("max", "2"),
    ("steps", "5"),
    ("points", "5"),
];

/// A form that is being drawn.
#[derive(Clone)]
struct Sheet {
    words: StaffWords,
    /// What stands in its fields.
    fields: BTreeMap<String, String>,
}

/// `/f/{forum}/polls/new` and `/p/{poll}/edit`: preparing a poll, for moderators.
#[derive(Clone, Debug, PartialEq)]
pub struct PreparePage {
    /// In which process it is asked.
    pub process: ProcessId,
    /// In which forum.
    pub forum: Option<ForumId>,
    /// What is asked so far; `None`: a new one. The form goes to `POST /api/v1/processes/{process}/polls` or to
    /// `PATCH /api/v1/polls/{poll}`.
    pub poll: Option<PollHeader>,
    /// A fresh id for the form.
    pub idempotency_key: CommandId,
}

impl Document for PreparePage {
    fn title(&self, reader: Reader<'_>) -> String {
        let words = StaffWords::of(reader.lang);
        if self.poll.is_some() { words.prepare_edit() } else { words.prepare() }.to_owned()
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        prepare(cx, StaffWords::of(reader.lang), self.clone())
    }

    fn frame(&self) -> Frame {
        Frame { of_staff: true, ..Frame::default() }
    }
}

fn prepare(cx: Cx, words: StaffWords, page: PreparePage) -> AnyView {
    let action = match &page.poll {
        Some(poll) => address::api_of_poll(poll.id, ""),
        None => ["/api/v1/processes/", &page.process.to_string(), "/polls"].concat(),
    };
    let refused = cx.refused_by(&action);
    let mut fields: BTreeMap<String, String> = match (&refused, &page.poll) {
        (Some(refused), _) => refused.fields.clone(),
        (None, Some(poll)) => fields_of(&poll.question),
        (None, None) => BTreeMap::new(),
    };
    for (name, value) in FIRST {
        fields.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    let own = cx.words.lang();
    let lang = fields.get("title_lang").cloned().unwrap_or_else(|| own.to_owned());
    let back = page.forum.map_or_else(|| "/".to_owned(), desk_of);
    let title = if page.poll.is_some() { words.prepare_edit() } else { words.prepare() };
    let forum = page.forum.filter(|_| page.poll.is_none()).map(|forum| hidden("forum", forum.to_string()));
    let edits = page.poll.is_some().then(|| hidden("_method", "PATCH".to_owned()));
    // A refused form comes back here; one that is taken leads to the desk.
    let here = cx.path.get_value();
    let sheet = Sheet { words, fields };
    let language = |one: &&'static str| {
        view! {
            <option value=*one selected=lang == *one>
                {autonym(one)}
            </option>
        }
    };
    let others = LANGUAGES.iter().filter(|one| **one != lang).map(|one| sheet.translation(one)).collect::<Vec<_>>();
    view! {
        <div class="staff-page prepare-page">
            <header class="head">
                <p class="way-back">
                    <a href=back>{icon(icons::BACK)} <span>{words.prepare_back()}</span></a>
                </p>
                <h1>{title}</h1>
                <p class="hint">{words.prepare_lead()}</p>
            </header>
            {refused.and_then(|refused| refused.problem).map(|refused| problem(cx.words, &refused.title))}
            <form class="prepare" method="post" action=action>
                {forum} {edits} {hidden("idempotency_key", page.idempotency_key.to_string())} {hidden("next", here)}
                <section class="panel">
                    {sheet.line("title", words.prepare_title(), words.prepare_title_means(), true)}
                    {sheet.line("note", words.prepare_note(), words.prepare_note_means(), false)}
                    <label class="field short">
                        {words.hall_lang()}
                        <select name="title_lang">{LANGUAGES.iter().map(language).collect_view()}</select>
                    </label>
                </section>
                <section class="panel">
                    {sheet.methods()}
                    <label class="field for-options">
                        {words.prepare_options()}
                        <textarea
                            name="options"
                            rows="5"
                            placeholder=" "
                            dir="auto"
                            aria-describedby="options-means"
                            inner_html=area_html(&sheet.field("options"))
                        ></textarea>
                        <span class="hint" id="options-means">
                            {words.prepare_options_means()}
                        </span>
                    </label>
                    <div class="line for-multiple">
                        {sheet.number("min", words.prepare_min(), 0, 20)} {sheet.number("max", words.prepare_max(), 1, 20)}
                    </div>
                    <div class="for-scale">
                        {sheet.number("steps", words.prepare_steps(), 2, MAX_STEPS.into())}
                        {sheet.line("low", words.prepare_low(), "", false)}
                        {sheet.line("high", words.prepare_high(), "", false)}
                    </div>
                    <div class="for-dots">{sheet.number("points", words.prepare_points(), 1, MAX_POINTS.into())}</div>
                </section>
                <section class="panel">
                    {sheet
                        .choices(
                            "electorate",
                            words.prepare_electorate(),
                            [
                                (wire(&Electorate::Devices), words.prepare_devices(), words.prepare_devices_means()),
                                (wire(&Electorate::Cards), words.prepare_cards(), words.prepare_cards_means()),
                                (wire(&Electorate::Accounts), words.prepare_accounts(), words.prepare_accounts_means()),
                            ],
                        )}
                    {sheet
                        .choices(
                            "secrecy",
                            words.prepare_secrecy(),
                            [
                                (wire(&Secrecy::Open), words.prepare_open(), words.prepare_open_means()),
                                (
                                    wire(&Secrecy::Confidential),
                                    words.prepare_confidential(),
                                    words.prepare_confidential_means(),
                                ),
                                (wire(&Secrecy::Secret), words.prepare_secret(), words.prepare_secret_means()),
                            ],
                        )}
                    {sheet
                        .choices(
                            "weight",
                            words.prepare_weight(),
                            [
                                (wire(&Weight::Mood), words.prepare_mood(), words.prepare_mood_means()),
                                (wire(&Weight::Binding), words.prepare_binding(), words.prepare_binding_means()),
                            ],
                        )}
                </section>
                <details class="panel more" open=sheet.has_rules()>
                    <summary>{words.prepare_more()}</summary>
                    {sheet
                        .choices(
                            "results",
                            words.prepare_results(),
                            [
                                (wire(&Results::Revealed), words.prepare_revealed(), words.prepare_revealed_means()),
                                (wire(&Results::Running), words.prepare_running(), words.prepare_running_means()),
                            ],
                        )}
                    {sheet
                        .choices(
                            "majority",
                            words.prepare_majority(),
                            [
                                (wire(&Majority::Simple), words.prepare_simple(), ""),
                                (wire(&Majority::Absolute), words.prepare_absolute(), ""),
                                (wire(&Majority::TwoThirds), words.prepare_two_thirds(), ""),
                                (wire(&Majority::Entitled), words.prepare_entitled(), words.prepare_majority_means()),
                            ],
                        )}
                    {sheet.number("quorum", words.prepare_quorum(), 1, 100_000)}
                    {sheet.number("quorum_percent", words.prepare_quorum_percent(), 1, 100)}
                    <p class="hint">{words.prepare_quorum_means()}</p>
                </details>
                <details class="panel more" open=sheet.is_translated()>
                    <summary>{words.prepare_other()}</summary>
                    <p class="hint">{words.prepare_other_means(autonym(&lang))}</p>
                    {others}
                </details>
                <p class="line ends">
                    <button class="main">
                        {icon(icons::CHECK)}
                        {words.prepare_save()}
                    </button>
                </p>
            </form>
        </div>
    }
    .into_any()
}

/// The polls on the desk of a forum.
fn desk_of(forum: ForumId) -> String {
    ["/f/", &forum.to_string(), "/moderation#polls"].concat()
}

impl Sheet {
    fn field(&self, name: &str) -> String {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    /// Is there something that most polls do without?
    fn has_rules(&self) -> bool {
        let other = |name: &str, first: &str| self.field(name) != first;
        other("results", "revealed")
            || other("majority", "simple")
            || other("quorum", "")
            || other("quorum_percent", "")
    }

    fn is_translated(&self) -> bool {
        self.fields.iter().any(|(name, text)| name.contains('.') && !text.is_empty())
    }

    /// A line of text.
    fn line(&self, name: &'static str, word: &'static str, means: &'static str, required: bool) -> AnyView {
        let (value, id) = (self.field(name), [name, "-means"].concat());
        view! {
            <label class="field">
                {word}
                <input
                    type="text"
                    name=name
                    dir="auto"
                    placeholder=" "
                    required=required
                    value=value
                    aria-describedby=(!means.is_empty()).then(|| id.clone())
                />
                <span class="hint" id=id hidden=means.is_empty()>
                    {means}
                </span>
            </label>
        }
        .into_any()
    }

    fn number(&self, name: &'static str, word: &'static str, min: u32, max: u32) -> AnyView {
        let value = self.field(name);
        view! {
            <label class="field short">
                {word}
                <input type="number" inputmode="numeric" name=name min=min.to_string() max=max.to_string() value=value />
            </label>
        }
        .into_any()
    }

    /// One of several, each with what it means.
    fn choices<const N: usize>(
        &self,
        name: &'static str,
        word: &'static str,
        all: [(String, &'static str, &'static str); N],
    ) -> AnyView {
        let chosen = self.field(name);
        let one = |(value, word, means): (String, &'static str, &'static str)| {
            let checked = value == chosen;
            view! {
                <label class="radio with-means">
                    <input type="radio" name=name value=value checked=checked />
                    <span>{word} " " <small class="hint">{means}</small></span>
                </label>
            }
        };
        view! {
            <fieldset>
                <legend>{word}</legend>
                {all.into_iter().map(one).collect::<Vec<_>>()}
            </fieldset>
        }
        .into_any()
    }

    fn methods(&self) -> AnyView {
        let words = self.words;
        self.choices(
            "method",
            words.prepare_method(),
            [
                ("single".to_owned(), words.prepare_single(), words.prepare_single_means()),
                ("multiple".to_owned(), words.prepare_multiple(), words.prepare_multiple_means()),
                ("yes_no".to_owned(), words.prepare_yes_no(), words.prepare_yes_no_means()),
                ("scale".to_owned(), words.prepare_scale(), words.prepare_scale_means()),
                ("resistance".to_owned(), words.prepare_resistance(), words.prepare_resistance_means()),
                ("dots".to_owned(), words.prepare_dots(), words.prepare_dots_means()),
                ("ranking".to_owned(), words.prepare_ranking(), words.prepare_ranking_means()),
            ],
        )
    }

    /// The texts in one more language.
    fn translation(&self, lang: &'static str) -> AnyView {
        let words = self.words;
        let name = |of: &str| [of, ".", lang].concat();
        let line = |of: &str, word: &'static str, class: &'static str| {
            let (name, value) = (name(of), self.field(&name(of)));
            view! {
                <label class=class>
                    {word} <input type="text" name=name lang=lang dir=direction(lang) placeholder=" " value=value />
                </label>
            }
        };
        let options = name("options");
        let typed = self.field(&options);
        let open = ["title", "note", "options", "low", "high"].into_iter().any(|of| !self.field(&name(of)).is_empty());
        view! {
            <details class="from" open=open>
                <summary lang=lang dir="auto">
                    {autonym(lang)}
                </summary>
                <div class="translation">
                    {line("title", words.prepare_title(), "field")} {line("note", words.prepare_note(), "field")}
                    <label class="field for-options">
                        {words.prepare_options()}
                        <textarea
                            name=options
                            rows="4"
                            lang=lang
                            dir=direction(lang)
                            placeholder=" "
                            inner_html=area_html(&typed)
                        ></textarea>
                    </label> {line("low", words.prepare_low(), "field for-scale")}
                    {line("high", words.prepare_high(), "field for-scale")}
                </div>
            </details>
        }
        .into_any()
    }
}

/// A question as its form.
fn fields_of(question: &Question) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut put = |name: &str, value: String| _ = fields.insert(name.to_owned(), value);
    let source = question.title.source.as_str();
    put("title_lang", source.to_owned());
    let mut languages = vec![source.to_owned()];
    languages.extend(question.title.texts.keys().map(|lang| lang.as_str().to_owned()));
    languages
        .extend(question.options.iter().flat_map(|option| option.texts.keys().map(|lang| lang.as_str().to_owned())));
    languages.sort_unstable();
    languages.dedup();
    for lang in &languages {
        let name = |of: &str| if lang == source { of.to_owned() } else { [of, ".", lang].concat() };
        let in_it = |texts: &Texts| {
            texts.texts.iter().find(|(have, _)| have.as_str() == lang).map(|(_, text)| text.to_string())
        };
        put(&name("title"), in_it(&question.title).unwrap_or_default());
        put(&name("note"), question.note.as_ref().and_then(in_it).unwrap_or_default());
        if let Some([low, high]) = &question.ends {
            put(&name("low"), in_it(low).unwrap_or_default());
            put(&name("high"), in_it(high).unwrap_or_default());
        }
        // Lines belong together by their place, so what is not translated stands in the language it was written in.
        let line = |option: &Texts| in_it(option).unwrap_or_else(|| option.pick(source).0.to_owned());
        if question.options.iter().any(|option| in_it(option).is_some()) {
            put(&name("options"), question.options.iter().map(line).collect::<Vec<_>>().join("\n"));
        }
    }
    put("method", question.method.word().to_owned());
    match question.method {
        Method::Multiple { min, max } => {
            put("min", min.to_string());
            put("max", max.to_string());
        }
        Method::Scale { steps } => put("steps", steps.to_string()),
        Method::Dots { points } => put("points", points.to_string()),
        _ => {}
    }
    put("electorate", wire(&question.electorate));
    put("secrecy", wire(&question.secrecy));
    put("weight", wire(&question.weight));
    put("results", wire(&question.results));
    put("majority", wire(&question.majority));
    match question.quorum {
        Some(Quorum::Ballots(ballots)) => put("quorum", ballots.to_string()),
        Some(Quorum::Percent(percent)) => put("quorum_percent", percent.to_string()),
        None => {}
    }
    fields
}
