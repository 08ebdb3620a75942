//! Words the server needs outside of pages: one sentence per problem, and the joining notice.

use serde_json::{Map, Value};
use stimmwerk_core::rejection::Code;
use stimmwerk_core::said::Texts;

use crate::pages::notice;
use crate::words::{DocumentWords, LANGUAGES, ProblemWords, Words};

/// A problem in one or two short sentences for a reader of `lang`, by its code and parameters.
pub fn problem_title(lang: &str, code: Code, params: &Map<String, Value>) -> String {
    let words = ProblemWords::of(lang);
    let number = |name: &str| number(params, name);
    let plain = match code {
        Code::Text => match params.get("problem").and_then(Value::as_str).unwrap_or_default() {
            "too_long" => return words.text_too_long(number("max")),
            "too_many_lines" => return words.text_too_many_lines(number("max")),
            "no_letter" => words.text_no_letter(),
            "looks_like_staff" => words.text_looks_like_staff(),
            "looks_automatic" => words.text_looks_automatic(),
            _ => words.text_empty(),
        },
        Code::TooMany => return words.too_many(number("max")),
        Code::TooManyWaiting => return words.too_many_waiting(number("max")),
        Code::Ballot => return ballot(words, params),
        Code::Question => return question(words, params),
        Code::TooManyRequests => return words.too_many_requests(number("retry_after").max(1)),
        Code::RenamedTooOften => words.renamed_too_often(),
        Code::NotFound if params.get("known") == Some(&Value::Bool(false)) => words.not_here(),
        Code::NotFound => words.not_found(),
        Code::Forbidden => words.forbidden(),
        Code::Banned => words.banned(),
        Code::NotJoined => words.not_joined(),
        Code::ForumLocked => words.forum_locked(),
        Code::ForumClosed => words.forum_closed(),
        Code::FloorClosed => words.floor_closed(),
        Code::OnTheList => words.on_the_list(),
        Code::SlowMode => words.slow_mode(),
        Code::EditTooLate => words.edit_too_late(),
        Code::OwnContribution => words.own_contribution(),
        Code::OwnDecision => words.own_decision(),
        Code::Decided => return decided(words, params),
        Code::TextChanged => words.text_changed(),
        Code::IsHidden => words.is_hidden(),
        Code::Hidden => words.hidden(),
        Code::IsWaiting => words.is_waiting(),
        Code::NotHidden => words.not_hidden(),
        Code::Appealed => words.appealed(),
        Code::Answered => words.answered(),
        Code::WrongState => words.wrong_state(),
        Code::NoCards => words.no_cards(),
        Code::BadTime => words.bad_time(),
        Code::PollNotOpen => words.poll_not_open(),
        Code::NotClosed => words.not_closed(),
        Code::OtherRound => words.other_round(),
        Code::NotEntitled => words.not_entitled(),
        Code::AlreadyVoted => words.already_voted(),
        Code::CardUnknown => words.card_unknown(),
        Code::IdReused => words.id_reused(),
        Code::IdReserved => words.id_reserved(),
        Code::Unauthorized => words.unauthorized(),
        Code::Origin => words.origin(),
        Code::BadRequest => words.bad_request(),
        Code::Notice => words.notice(),
        Code::CodeUnknown => words.code_unknown(),
        Code::ReturnUnknown => words.return_unknown(),
        Code::HasAccount => words.has_account(),
        Code::JoiningClosed => words.joining_closed(),
        Code::LinkInvalid => words.link_invalid(),
        Code::TooLarge => words.too_large(),
        Code::Exists => words.exists(),
        Code::StorageFull => words.storage_full(),
        Code::OutcomeUnknown => words.outcome_unknown(),
        Code::Unavailable => words.unavailable(),
        Code::Internal => words.internal(),
    };
    plain.to_owned()
}

fn number(params: &Map<String, Value>, name: &str) -> u32 {
    params.get(name).and_then(Value::as_u64).unwrap_or_default() as u32
}

/// Who decided before, and how.
fn decided(words: ProblemWords, params: &Map<String, Value>) -> String {
    let word = |name: &str| params.get(name).and_then(Value::as_str);
    match (word("name"), word("verdict")) {
        (None, _) => words.decided().to_owned(),
        (Some(name), Some("approved")) => words.decided_approved(name),
        (Some(name), Some("hidden")) => words.decided_hidden(name),
        (Some(name), _) => words.decided_by(name),
    }
}

/// Why a ballot cannot be taken as it is.
fn ballot(words: ProblemWords, params: &Map<String, Value>) -> String {
    let (min, max) = (number(params, "min"), number(params, "max"));
    match params.get("problem").and_then(Value::as_str).unwrap_or_default() {
        "choose" if (min, max) == (1, 1) => words.ballot_one().to_owned(),
        "choose" if min == max => words.ballot_exactly(max),
        "choose" => words.ballot_between(max, &min.to_string()),
        "mark" => words.ballot_mark(&max.to_string()),
        "points" => words.ballot_points(max),
        "nothing" => words.ballot_nothing().to_owned(),
        "unanswered" => words.ballot_unanswered().to_owned(),
        "people" => words.ballot_people().to_owned(),
        "hands" => words.ballot_hands(&number(params, "people").to_string()),
        _ => words.ballot_options().to_owned(),
    }
}

/// Why a question cannot be asked as it is.
fn question(words: ProblemWords, params: &Map<String, Value>) -> String {
    let (min, max) = (number(params, "min"), number(params, "max"));
    let plain = match params.get("problem").and_then(Value::as_str).unwrap_or_default() {
        "options" if max == 0 => words.question_no_options(),
        "options" => return words.question_options(max, &min.to_string()),
        "bounds" => return words.question_bounds(&min.to_string(), &max.to_string()),
        "ends" => words.question_ends(),
        "binding_devices" => words.question_binding_devices(),
        "electorate" => words.question_electorate(),
        "majority" => words.question_majority(),
        "alike" => words.question_alike(),
        "delegates" => words.question_delegates(),
        "running" => words.question_running(),
        _ => words.bad_request(),
    };
    plain.to_owned()
}

/// The names the interface gives to whoever has none, in every language: nobody chooses one of them.
pub fn automatic_names() -> Vec<String> {
    let of = |lang: &&str| {
        let (words, document) = (Words::of(lang), DocumentWords::of(lang));
        [
            words.site_guest_number("1"),
            words.item_hall_name().to_owned(),
            document.screen_someone().to_owned(),
            document.voters_no_name().to_owned(),
        ]
    };
    LANGUAGES.iter().flat_map(of).collect()
}

/// The joining notice of [`stimmwerk_core::people::NOTICE_VERSION`], a line for each point: who runs this, who reads what I write, that a name
/// may be invented, what may stand in the result, and how it is deleted.
pub fn notice_text(lang: &str, network: Option<&Texts>) -> String {
    notice(DocumentWords::of(lang), network).join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use stimmwerk_core::poll::QuestionProblem;
    use stimmwerk_core::rejection::Rejection;
    use stimmwerk_core::tally::BallotProblem;
    use stimmwerk_core::text::TextProblem;
    use stimmwerk_core::time::Timestamp;

    fn params(value: &impl serde::Serialize) -> Map<String, Value> {
        serde_json::to_value(value).expect("plain data").as_object().expect("an object").clone()
    }

    #[test]
    fn given_any_rejection_then_it_has_a_sentence_of_its_own_in_every_language() {
        let text = |problem| Rejection::Text { problem };
        let ballot = |problem| Rejection::Ballot { problem };
        let question = |problem| Rejection::Question { problem };
        let rejections = [
            Rejection::Forbidden,
            Rejection::Banned,
            Rejection::NotJoined,
            Rejection::NotFound,
            text(TextProblem::Empty),
            text(TextProblem::TooLong { max: 2_000 }),
            text(TextProblem::TooManyLines { max: 60 }),
            text(TextProblem::NoLetter),
            text(TextProblem::LooksLikeStaff),
            text(TextProblem::LooksAutomatic),
            Rejection::ForumLocked,
            Rejection::ForumClosed,
            Rejection::FloorClosed,
            Rejection::SlowMode { retry_at: Timestamp(1) },
            Rejection::EditTooLate,
            Rejection::OwnContribution,
            Rejection::OwnDecision,
            Rejection::OnTheList,
            Rejection::DECIDED,
            Rejection::TextChanged,
            Rejection::IsHidden,
            Rejection::IsWaiting,
            Rejection::NotHidden,
            Rejection::Appealed,
            Rejection::Answered,
            Rejection::WrongState,
            Rejection::NoCards,
            Rejection::TooMany { max: 100 },
            Rejection::TooManyWaiting { max: 20 },
            Rejection::BadTime,
            Rejection::PollNotOpen,
            Rejection::OtherRound,
            Rejection::NotEntitled,
            Rejection::AlreadyVoted,
            Rejection::CardUnknown,
            ballot(BallotProblem::Options { options: 3 }),
            ballot(BallotProblem::Choose { min: 1, max: 1 }),
            ballot(BallotProblem::Choose { min: 2, max: 2 }),
            ballot(BallotProblem::Choose { min: 0, max: 3 }),
            ballot(BallotProblem::Mark { max: 10 }),
            ballot(BallotProblem::Points { max: 5 }),
            ballot(BallotProblem::Nothing),
            ballot(BallotProblem::Unanswered),
            ballot(BallotProblem::People),
            ballot(BallotProblem::Hands { people: 3 }),
            question(QuestionProblem::Options { min: 0, max: 0 }),
            question(QuestionProblem::Options { min: 2, max: 20 }),
            question(QuestionProblem::Bounds { min: 2, max: 11 }),
            question(QuestionProblem::Ends),
            question(QuestionProblem::BindingDevices),
            question(QuestionProblem::Electorate),
            question(QuestionProblem::Majority),
            question(QuestionProblem::Alike),
            question(QuestionProblem::Delegates),
            question(QuestionProblem::Running),
            Rejection::IdReused,
        ];
        for lang in LANGUAGES {
            let mut seen = std::collections::BTreeSet::new();
            for rejection in &rejections {
                let title = problem_title(lang, rejection.kind(), &params(rejection));
                assert!(seen.insert(title.clone()), "{rejection:?} in {lang}: {title}");
            }
            // And what requests are refused with, beside commands: every code there is.
            for code in Code::ALL.iter().filter(|code| rejections.iter().all(|one| one.kind() != **code)) {
                let title = problem_title(lang, *code, &Map::new());
                assert!(!title.is_empty() && seen.insert(title.clone()), "{code} in {lang}: {title}");
            }
        }
    }

    #[test]
    fn given_parameters_then_they_stand_in_the_sentence() {
        let title = problem_title("de", Code::Text, &params(&TextProblem::TooLong { max: 2_000 }));
        assert!(title.contains("2000"), "{title}");
        assert_eq!(
            problem_title("en", Code::TooManyRequests, &params(&serde_json::json!({"retry_after": 7}))),
            "That was too fast. Please wait 7 seconds."
        );
    }

    #[test]
    fn given_another_moderators_decision_then_it_says_who_and_how_in_every_language() {
        for lang in LANGUAGES {
            let mut said = std::collections::BTreeSet::new();
            for verdict in ["approved", "hidden", "other"] {
                let params = serde_json::json!({ "by": "1", "name": "Kim", "verdict": verdict });
                said.insert(problem_title(lang, Code::Decided, params.as_object().expect("an object")));
            }
            assert!(said.len() == 3 && said.iter().all(|words| words.contains("Kim")), "{lang}: {said:?}");
            let nameless = problem_title(lang, Code::Decided, &Map::new());
            assert!(!nameless.contains('{') && !said.contains(&nameless), "{lang}: {nameless}");
        }
    }

    #[test]
    fn given_the_notice_then_it_has_five_points() {
        for lang in LANGUAGES {
            assert_eq!(notice_text(lang, None).lines().count(), 5);
        }
    }
}
