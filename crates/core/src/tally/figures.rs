//! Every figure that is shown of a count: on pages, on the projector, on paper, at the desk and in exports. Whoever shows a
//! share, a mean or a place takes it from here, so no two of them can differ. All are whole numbers.

use serde::Serialize;

use super::{Majority, Method, Tally};

/// What a share is a share of, and the rule asks a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Base {
    /// Yes and no together: abstentions are left out.
    Sides,
    /// All ballots. Where several options can be chosen that is how many people took part, not how many crosses they made.
    Ballots,
    /// All who are entitled: voting cards.
    Entitled,
}

/// The figures of one count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figures {
    /// What shares are of. `None`: what is rated, ranked or given points has no shares.
    pub base: Option<Base>,
    /// How many that are; 0 without a base.
    pub of: u64,
    /// The fewest votes that reach the rule. `None`: the rule asks for no number.
    pub need: Option<u64>,
    /// The option the rule is about: yes, or the one that leads alone.
    pub judged: Option<u8>,
    /// One row an option, in the order of the ballot.
    pub rows: Vec<Figure>,
}

/// The figures of one option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Figure {
    /// The sum of its marks: votes or crosses, points, or how many rank it first.
    pub sum: u64,
    /// How many answered: of scales and resistance.
    pub answers: Option<u64>,
    /// Per cent of the base, rounded half up. `None` for abstentions that are not part of the base.
    pub share: Option<u32>,
    /// Ten times the mean of the answers, rounded half up.
    pub mean_tenths: Option<u64>,
    /// From 1 on; equal ones share it. `None`: of yes and no, and where nothing was chosen at all.
    pub place: Option<u32>,
}

/// What the rule asks: a base, how many that are, and the fewest votes that are enough (`None` where only more than
/// others is asked for). `None` altogether where no votes are counted.
pub(super) fn rule(
    method: Method,
    tally: &Tally,
    majority: Majority,
    entitled: Option<u32>,
) -> Option<(Base, u64, Option<u64>)> {
    if !method.by_votes() {
        return None;
    }
    let ballots = u64::from(tally.ballots);
    let sides = method == Method::YesNo;
    Some(match majority {
        Majority::Entitled => {
            // Of unknown many nothing is more than half.
            let entitled = u64::from(entitled.unwrap_or(u32::MAX));
            (Base::Entitled, entitled, Some(entitled / 2 + 1))
        }
        Majority::Absolute => (Base::Ballots, ballots, Some(ballots / 2 + 1)),
        Majority::Simple | Majority::TwoThirds => {
            let (base, of) =
                if sides { (Base::Sides, tally.sums[0] + tally.sums[1]) } else { (Base::Ballots, ballots) };
            let need = match majority {
                Majority::TwoThirds => Some((2 * of).div_ceil(3)),
                _ => sides.then_some(of / 2 + 1),
            };
            (base, of, need)
        }
    })
}

impl Figures {
    /// The figures of a count that is judged by this rule, among `entitled` people if that is known.
    pub fn of(method: Method, tally: &Tally, majority: Majority, entitled: Option<u32>) -> Self {
        let rule = rule(method, tally, majority, entitled);
        let (base, of) = rule.map_or((None, 0), |(base, of, _)| (Some(base), of));
        let judged = match (method, tally.order.first().map(Vec::as_slice)) {
            _ if rule.is_none() || tally.ballots == 0 => None,
            (Method::YesNo, _) => Some(0),
            (_, Some(&[option])) => Some(option),
            _ => None,
        };
        let abstains = |option: usize| method == Method::YesNo && option == 2;
        let row = |(option, sum): (usize, &u64)| {
            let answers = match method {
                Method::Scale { .. } => Some(tally.answered(option)),
                Method::Resistance => Some(tally.ballots.into()),
                _ => None,
            };
            Figure {
                sum: *sum,
                answers,
                share: base
                    .filter(|_| !abstains(option))
                    .and_then(|_| rounded(*sum * 100, of))
                    .map(|share| share as u32),
                mean_tenths: answers.and_then(|answers| rounded(*sum * 10, answers)),
                place: place(method, tally, option),
            }
        };
        Self {
            base,
            of,
            need: rule.and_then(|(_, _, need)| need),
            judged,
            rows: tally.sums.iter().enumerate().map(row).collect(),
        }
    }

    /// How many votes the judged option has.
    pub fn have(&self) -> Option<u64> {
        Some(self.rows.get(usize::from(self.judged?))?.sum)
    }
}

/// `part / whole`, rounded half up.
fn rounded(part: u64, whole: u64) -> Option<u64> {
    (part * 2 + whole).checked_div(whole * 2)
}

fn place(method: Method, tally: &Tally, option: usize) -> Option<u32> {
    if method == Method::YesNo || tally.ballots == 0 || tally.is_blank(method) {
        return None;
    }
    let mut before = 0;
    for group in &tally.order {
        if group.iter().any(|have| usize::from(*have) == option) {
            return Some(before + 1);
        }
        before += group.len() as u32;
    }
    None
}
