//! The record of a forum: what is kept and printed. Everyone who reads the forum reads it, so all its words are in all
//! languages, those of the moderators' forms too.

use leptos::prelude::*;
use stimmwerk_core::forum::{ContributionView, Did, Mode, People, Record, Waiting};
use stimmwerk_core::ids::TopicId;
use stimmwerk_core::poll::PollView;
use stimmwerk_core::said::Texts;
use stimmwerk_core::tally::Method;
use stimmwerk_core::time::Timestamp;

use super::charts::{self, Charted};
use super::forum::{reason, slow, text};
use super::parts::{area_html, hidden, icon, icons, refusal, role, texts, typed};
use super::place::Place;
use super::poll::parts::{Shown, badge, moment, turnout};
use crate::address;
use crate::clock;
use crate::cx::Cx;
use crate::page::{Document, Reader};
use crate::view::{AnyView, IntoAny};
use crate::words::{DocumentWords, PollWords, Words};

/// `/f/{forum}/record`: what is kept and printed of a forum.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordPage {
    /// The forum.
    pub place: Place,
    /// The title of the process.
    pub process: Texts,
    /// How many joined the process.
    pub joined: u64,
    /// The record.
    pub record: Record,
    /// The polls that were held in it, with what came of them.
    pub polls: Vec<PollView>,
    /// With names (query `names=1`, moderators only)?
    pub names: bool,
    /// Sixteen characters of the head of the log: with them a later copy can be compared.
    pub head: String,
    /// The summary as it was written, for the form of moderators (`POST /api/v1/forums/{forum}/summary`, field `text`);
    /// the hall is counted by `POST /api/v1/forums/{forum}/hall`, field `people`.
    pub summary: String,
}

impl Document for RecordPage {
    fn title(&self, reader: Reader<'_>) -> String {
        format!(
            "{}: {}",
            DocumentWords::of(reader.lang).record_title(),
            Words::of(reader.lang).pick(&self.place.forum.title).0
        )
    }

    fn draw(&self, cx: Cx, reader: Reader<'_>) -> AnyView {
        record(cx, DocumentWords::of(reader.lang), PollWords::of(reader.lang), self.clone())
    }
}

fn record(cx: Cx, words: DocumentWords, poll_words: PollWords, page: RecordPage) -> AnyView {
    let forum = page.place.forum.id;
    let moderates = page.place.moderates;
    let base = format!("/f/{forum}");
    let links = view! {
        <nav class="ways" aria-label=words.record_title()>
            <a class="button" href=base.clone()>
                {icon(icons::TALK)}
                {poll_words.back()}
            </a>
            {moderates
                .then(|| {
                    let (href, word) = if page.names {
                        (format!("{base}/record"), words.record_without_names())
                    } else {
                        (format!("{base}/record?names=1"), words.record_with_names())
                    };
                    view! {
                        <a class="button" href=format!("{base}/moderation")>
                            {cx.words.forum_moderate()}
                        </a>
                        <a class="button" href=href>
                            {word}
                        </a>
                    }
                })}
        </nav>
    };
    let topics = page.record.view.topics.iter().map(|topic| {
        let title = texts(cx.words, &topic.title);
        chapter(cx, words, &page, Some(topic.id), title)
    });
    let none = view! { {words.record_no_topic()} }.into_any();
    let titled = !page.record.view.topics.is_empty();
    let none = if titled { none } else { view! { {cx.words.forum_list()} }.into_any() };
    view! {
        <div class="staff-page record">
            <header class="head">
                <p class="kicker">{words.record_title()}</p>
                <h1>{texts(cx.words, &page.place.forum.title)}</h1>
                <p class="lead">{texts(cx.words, &page.process)}</p>
                {range(cx, &page)}
                {links}
            </header>
            {refusal(cx, |_| false)}
            {counts(cx, words, &page)}
            {summary(cx, words, &page)}
            {polls(cx, words, poll_words, &page)}
            {topics.collect_view()}
            {chapter(cx, words, &page, None, none)}
            {decisions(cx, words, &page)}
            {keep(words, &page)}
        </div>
    }
    .into_any()
}

/// From when to when it was written.
fn range(cx: Cx, page: &RecordPage) -> AnyView {
    let moment = |at| cx.zone.with_value(|zone| clock::moment(cx.words, zone, at, None));
    // The day is said once.
    let end = |from, to| {
        cx.zone.with_value(|zone| {
            let same = clock::day(zone, from) == clock::day(zone, to);
            if same { clock::time_of_day(cx.words, zone, to) } else { clock::moment(cx.words, zone, to, None) }
        })
    };
    let text = match (page.record.from, page.record.to) {
        (Some(from), Some(to)) if from != to => format!("{} – {}", moment(from), end(from, to)),
        (Some(from), _) => moment(from),
        _ => cx.words.forum_empty().to_owned(),
    };
    view! { <p class="facts">{text}</p> }.into_any()
}

/// Who took part, as numbers.
fn counts(cx: Cx, words: DocumentWords, page: &RecordPage) -> AnyView {
    let record = &page.record;
    let row = |word: &'static str, number: u64| {
        view! {
            <div>
                <dt>{word}</dt>
                <dd>{number}</dd>
            </div>
        }
    };
    let total = u64::from(record.view.totals.contributions);
    // What is left out is said: so many of so many.
    let kept = match record.left_out {
        0 => total.to_string(),
        left_out => format!("{} / {total}", total - u64::from(left_out)),
    };
    let kept = view! {
        <div>
            <dt>{cx.words.forum_list()}</dt>
            <dd>{kept}</dd>
        </div>
    };
    let hall = record.hall.map(|people| row(words.record_hall(), people.into()));
    let form = page.place.moderates.then(|| {
        let value = record.hall.map(|people| people.to_string()).unwrap_or_default();
        view! {
            <form class="line" method="post" action=address::api(page.place.forum.id, "/hall")>
                <label for="people">{words.record_hall_form()}</label>
                <input id="people" type="text" inputmode="numeric" pattern="[0-9]*" name="people" maxlength="6" value=value />
                {hidden("next", here(page))}
                <button>{cx.words.write_save()}</button>
            </form>
        }
    });
    view! {
        <section class="panel" aria-labelledby="numbers">
            <h2 id="numbers">{words.record_numbers()}</h2>
            <dl class="numbers">
                {kept}
                {row(words.record_joined(), page.joined)}
                {row(words.record_authors(), record.authors.into())}
                {row(words.record_people(), record.people.into())}
                {hall}
            </dl>
            {form}
        </section>
    }
    .into_any()
}

/// What a moderator wrote, and the form for it.
fn summary(cx: Cx, words: DocumentWords, page: &RecordPage) -> AnyView {
    let record = &page.record;
    let text = record.summary.as_ref().map(|text| {
        view! {
            <div class="text plain-text" dir="auto">
                {typed(text, &record.summary_links)}
            </div>
        }
    });
    let action = address::api(page.place.forum.id, "/summary");
    let kept = cx.refused_by(&action).and_then(|refused| refused.fields.get("text").cloned());
    let form = page.place.moderates.then(|| {
        let open = kept.is_some();
        let first = kept.unwrap_or_else(|| page.summary.clone());
        view! {
            <details class="no-print" open=open>
                <summary>
                    {icon(icons::EDIT)}
                    {words.record_summary_write()}
                </summary>
                <form method="post" action=action>
                    <label class="field">
                        {words.record_summary_text()}
                        <textarea name="text" rows="10" dir="auto" maxlength="20000" inner_html=area_html(&first)></textarea>
                    </label>
                    <p class="hint">{words.record_summary_hint()}</p>
                    {hidden("next", here(page))}
                    <button class="main">{cx.words.write_save()}</button>
                </form>
            </details>
        }
    });
    if text.is_none() && form.is_none() {
        return ().into_any();
    }
    view! {
        <section class="panel" aria-labelledby="summary">
            <h2 id="summary">{words.record_summary()}</h2>
            {text}
            {form}
        </section>
    }
    .into_any()
}

/// The polls that were held, each with what came of it.
fn polls(cx: Cx, words: DocumentWords, poll_words: PollWords, page: &RecordPage) -> Option<AnyView> {
    let one = |view: &PollView| {
        let poll = view.poll.as_ref()?;
        let shown = Shown::still(cx, poll_words, view, Timestamp(0));
        let result = Charted::of(view).map(|charted| {
            view! {
                {charts::picture(cx, poll_words, &charted)}
                {charts::tables(cx, poll_words, &charted)}
            }
        });
        let result = result.map(|result| {
            let download = |format: &str| format!("/api/v1/polls/{}/result?format={format}", poll.id);
            let pairs = (poll.question.method == Method::Ranking).then(|| {
                view! {
                    <a class="button" href=download("csv-pairs")>
                        {icon(icons::DOWN)}
                        {words.print_csv_pairs()}
                    </a>
                }
            });
            view! {
                {result}
                <p class="line no-print">
                    <a class="button" href=download("csv")>
                        {icon(icons::DOWN)}
                        {words.print_csv()}
                    </a>
                    {pairs}
                </p>
            }
        });
        let when = [poll.opened_at, poll.until].into_iter().flatten();
        let when = when.map(|at| moment(cx, at, None)).collect::<Vec<_>>().join(" – ");
        Some(
            view! {
                <li class="entry">
                    <h3>
                        <a href=address::poll(poll.id, "/print")>{texts(cx.words, &poll.question.title)}</a>
                    </h3>
                    <p class="facts">{badge(poll_words, poll.phase)} " " {when}</p>
                    {turnout(shown)}
                    {result}
                </li>
            }
            .into_any(),
        )
    };
    let rows = page.polls.iter().filter_map(one).collect::<Vec<_>>();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="panel record-polls" aria-labelledby="polls">
                <h2 id="polls">{words.record_polls()}</h2>
                <ol>{rows}</ol>
            </section>
        }
        .into_any()
    })
}

/// The contributions of a topic, oldest first.
fn chapter(cx: Cx, words: DocumentWords, page: &RecordPage, topic: Option<TopicId>, title: AnyView) -> Option<AnyView> {
    let all = &page.record.view.contributions;
    // An answer stands where what it answers stands, if that can be seen.
    let topic_of = |one: &ContributionView| {
        let parent = one.reply_to.and_then(|parent| all.iter().find(|have| have.id == parent));
        one.topic.or_else(|| parent.and_then(|parent| parent.topic))
    };
    let known = |id: TopicId| page.record.view.topics.iter().any(|have| have.id == id);
    let mine: Vec<&ContributionView> =
        all.iter().filter(|one| topic_of(one).filter(|id| known(*id)) == topic).collect();
    if mine.is_empty() {
        return None;
    }
    let id = topic.map_or("no-topic".to_owned(), |topic| format!("t-{topic}"));
    let rows = mine
        .into_iter()
        .map(|one| entry(cx, words, Some(&page.record.view.people).filter(|_| page.names), one))
        .collect_view();
    Some(
        view! {
            <section class="chapter" aria-labelledby=id.clone()>
                <h2 id=id.clone()>{title}</h2>
                <ol>{rows}</ol>
            </section>
        }
        .into_any(),
    )
}

fn entry(cx: Cx, words: DocumentWords, names: Option<&People>, one: &ContributionView) -> AnyView {
    let name = names.map(|people| {
        let name = one.speaker(people).map(ToString::to_string);
        // The number is that of who wrote it down.
        let number = || one.hall.is_none().then(|| cx.words.site_guest_number(&one.author.to_string()));
        name.or_else(number).map(|name| view! { <bdi class="author">{name}</bdi> })
    });
    let badge = names
        .and_then(|people| people.author(one.author).role)
        .filter(|_| one.hall.is_none())
        .map(|of| view! { <span class="badge role">{role(cx.words, of)}</span> });
    let hall = one.hall.is_some().then(|| view! { <span class="badge hall">{words.screen_hall()}</span> });
    let answer = one
        .reply_to
        .is_some()
        .then(|| view! { <span class="reply-to">{icon(icons::REPLY)} {cx.words.item_reply_to_other()}</span> });
    let when = cx.zone.with_value(|zone| clock::moment(cx.words, zone, one.at, None));
    let additions = one
        .additions
        .iter()
        .map(|addition| {
            view! {
                <p class="addition plain-text" dir="auto">
                    <span class="hint">{cx.words.item_added(&moment(cx, addition.at, None))} " "</span>
                    {typed(&addition.text, &addition.links)}
                </p>
            }
        })
        .collect_view();
    let support = (one.support > 0).then(|| {
        view! {
            <span class="count">
                {icon(icons::SUPPORT)}
                {cx.words.item_supports(one.support)}
            </span>
        }
    });
    view! {
        <li class="entry" class:reply=one.reply_to.is_some()>
            {text(one)}
            {additions}
            <p class="facts">
                {name} {badge} {hall} {answer} <time datetime=clock::iso(one.at)>{when}</time> {support}
            </p>
        </li>
    }
    .into_any()
}

/// What the moderators decided.
fn decisions(cx: Cx, words: DocumentWords, page: &RecordPage) -> AnyView {
    let record = &page.record;
    let total: u32 = record.hidden.iter().map(|(_, count)| count).sum();
    let rows = record
        .hidden
        .iter()
        .map(|(why, count)| {
            view! {
                <tr>
                    <th scope="row">{reason(cx.words, *why)}</th>
                    <td>{*count}</td>
                </tr>
            }
        })
        .collect_view();
    let table = (total > 0).then(|| {
        view! {
            <table>
                <thead>
                    <tr>
                        <th scope="col">{words.record_reason()}</th>
                        <th scope="col">{words.record_number()}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        }
    });
    let (appeals, rejected) = record.appeals;
    let each = record.decisions.iter().map(|decided| {
        let when = decided.at.map(|at| {
            let text = cx.zone.with_value(|zone| clock::moment(cx.words, zone, at, None));
            view! { <time datetime=clock::iso(at)>{text}</time> }
        });
        view! { <li>{when} <span class="did">{decided_on(cx.words, words, decided.did)}</span></li> }
    });
    let each = (!record.decisions.is_empty()).then(|| view! { <ol class="acts-log">{each.collect_view()}</ol> });
    view! {
        <section class="panel" aria-labelledby="decisions">
            <h2 id="decisions">{words.record_decisions()}</h2>
            <p>{words.record_hidden(total)}</p>
            {table}
            <p>{words.record_appeals(appeals)}</p>
            <p hidden=appeals == 0>{words.record_rejected(rejected)}</p>
            {each}
        </section>
    }
    .into_any()
}

/// What was decided, in a sentence or two. Of what decides nothing the record says nothing.
fn decided_on(words: Words, document: DocumentWords, did: Did) -> String {
    let (sentence, more) = match did {
        Did::Hidden { reason: why } => (document.record_did_hidden(), Some(reason(words, why).to_owned())),
        Did::ChangeRefused => (document.record_did_change_refused(), None),
        Did::Restored => (document.record_did_restored(), None),
        Did::PutBack => (document.record_did_put_back(), None),
        Did::AppealRejected => (document.record_did_appeal_rejected(), None),
        Did::NameReset => (document.record_did_name_reset(), None),
        Did::Erased => (document.record_did_erased(), None),
        Did::StateSet { mode: Mode::Open } => (document.record_did_opened(), None),
        Did::StateSet { mode: Mode::Slow { seconds } } => (document.record_did_slowed(), Some(slow(words, seconds))),
        Did::StateSet { mode: Mode::Locked } => (document.record_did_locked(), None),
        Did::StateSet { mode: Mode::Closed } => (document.record_did_closed(), None),
        Did::WaitingSet { waiting: Waiting::None } => (document.record_did_waiting_none(), None),
        Did::WaitingSet { waiting: Waiting::FirstOfGuest } => (document.record_did_waiting_first(), None),
        Did::WaitingSet { waiting: Waiting::All } => (document.record_did_waiting_all(), None),
        _ => ("", None),
    };
    more.map_or_else(|| sentence.to_owned(), |more| format!("{sentence} {more}"))
}

/// The seal, and what can be taken home.
fn keep(words: DocumentWords, page: &RecordPage) -> AnyView {
    let download = |format: &str| {
        let names = if page.names { "&names=1" } else { "" };
        address::api(page.place.forum.id, &format!("/record?format={format}{names}"))
    };
    view! {
        <section class="panel keep" aria-labelledby="keep">
            <h2 id="keep">{words.print_take()}</h2>
            <p>
                {words.print_head()} " "
                <code dir="ltr" translate="no">
                    {page.head.clone()}
                </code>
            </p>
            <p class="hint">{words.print_head_means()}</p>
            <p class="line no-print">
                <a class="button" href=download("csv")>
                    {icon(icons::DOWN)}
                    {words.record_csv()}
                </a>
                <a class="button" href=download("json")>
                    {icon(icons::DOWN)}
                    {words.record_json()}
                </a>
            </p>
            <p class="hint no-print">{words.record_print()}</p>
        </section>
    }
    .into_any()
}

/// This page again.
fn here(page: &RecordPage) -> String {
    let names = if page.names { "?names=1" } else { "" };
    format!("/f/{}/record{names}", page.place.forum.id)
}
