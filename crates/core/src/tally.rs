//! How ballots are counted: deterministic, in integers alone, and ties are reported rather than broken.
//!
//! A ballot gives each option a number, its *mark*; the [`Method`] says what the numbers mean. All that is published of
//! a count can be summed over parts (online, hands, paper) and be counted again from the ballots.

mod figures;
#[cfg(test)]
mod tests;

pub use figures::{Base, Figure, Figures};

use serde::{Deserialize, Serialize};

/// The fewest options of a question that lists its own.
pub const MIN_OPTIONS: usize = 2;
/// The most options of a question.
pub const MAX_OPTIONS: usize = 20;
/// The most steps of a scale.
pub const MAX_STEPS: u8 = 11;
/// The most points one person can have to spend.
pub const MAX_POINTS: u8 = 100;
/// The highest resistance.
pub const MAX_RESISTANCE: u8 = 10;

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Method {
    /// One option: mark 1, the others 0. Most votes win (plurality). Example: the capital of Tennessee, where Memphis,
    /// Nashville, Chattanooga and Knoxville get 42, 26, 15 and 17 of a hundred votes (electowiki, *Tennessee*).
    Single,
    /// Several options: marks 1. Most votes win: approval voting (S. J. Brams, P. C. Fishburn, *Approval Voting*,
    /// American Political Science Review 72, 1978). Example: twelve voters and eight candidates, the first of whom has
    /// eight approvals (M. Lackner, P. Skowron, *Multi-Winner Voting with Approval Preferences*, 2023, example 1).
    Multiple {
        /// The fewest to choose.
        min: u8,
        /// The most to choose.
        max: u8,
    },
    /// Yes, no or abstain, in this order: mark 1 for one of them. Majorities after *Robert's Rules of Order* (12th ed.,
    /// § 44): abstentions do not count unless the rule says so. Examples: of 19, 20 and 21 votes 10, 11 and 11 are a
    /// majority; of 30, 31, 32 and 33 votes 20, 21, 22 and 22 are two thirds.
    YesNo,
    /// Each option on a scale: marks 1 to `steps`, 0 for no answer. Ordered by the mean of the answers (range voting,
    /// W. D. Smith, 2000); the spread is published beside it, since a mean alone hides two camps. Example: the capital of
    /// Tennessee, with 0 to 10 points by distance 420, 603, 457 and 312 in all (Wikipedia, *Score voting*).
    Scale {
        /// How many steps, 2 to 11.
        steps: u8,
    },
    /// Each option gets the resistance one feels, 0 to 10; least resistance wins. "Leave it as it is" is always the last
    /// option (E. Visotschnig, S. Schrotta, *Das SK-Prinzip*, 2005). Example: four people and the colour of a car, where
    /// dark blue meets 9 points of resistance and the others 17 or 18 (finding-marbles.com, *Systemic Consensus*, 2012,
    /// after the book *Systemisches Konsensieren*).
    Resistance,
    /// Points to spend on options as one likes; most points win (cumulative voting: G. J. Glasser, *Game theory and
    /// cumulative voting for corporate directors*, Management Science 5, 1959). Example: eleven voters with seven points
    /// each, of which the first three candidates get 27, 26 and 13 (Wellesley College, *Math and Politics Modules*,
    /// cumulative voting).
    Dots {
        /// How many everyone has, 1 to 100.
        points: u8,
    },
    /// Options in order: marks are ranks, 1 is best, equal ranks are allowed, 0 ranks below all others. The method of
    /// M. Schulze (*A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent single-winner
    /// election method*, Social Choice and Welfare 36, 2011) with winning votes. Examples: the paper's first, and that of
    /// 45 voters in its author's collection.
    Ranking,
}

impl Method {
    /// The name on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Multiple { .. } => "multiple",
            Self::YesNo => "yes_no",
            Self::Scale { .. } => "scale",
            Self::Resistance => "resistance",
            Self::Dots { .. } => "dots",
            Self::Ranking => "ranking",
        }
    }

    /// How many options a ballot has where the question lists `listed` of its own.
    pub const fn options(self, listed: usize) -> usize {
        match self {
            Self::YesNo => 3,
            Self::Resistance => listed + 1,
            _ => listed,
        }
    }

    /// Are votes for options counted? Then hands can be raised for them too, and majorities be asked for.
    pub const fn by_votes(self) -> bool {
        matches!(self, Self::Single | Self::Multiple { .. } | Self::YesNo)
    }

    /// The highest mark an option can get on a ballot of so many.
    pub const fn highest(self, options: usize) -> u8 {
        match self {
            Self::Single | Self::Multiple { .. } | Self::YesNo => 1,
            Self::Scale { steps } => steps,
            Self::Resistance => MAX_RESISTANCE,
            Self::Dots { points } => points,
            Self::Ranking => options as u8,
        }
    }

    /// Reads a ballot from the fields of a form: `option` (a number from 0 on, once or more often), or `mark_0`, `mark_1` …
    /// An empty field is one that was left out. Every form is read here, in the browser and on the server, so that what was
    /// left out is the same everywhere: no vote, no points, no rank, no answer of a scale. Resistance has no such mark: 0
    /// would be full consent, so each option has to be answered.
    ///
    /// # Errors
    /// A field cannot be read, or one that must not be is left out. Whether the ballot holds together says
    /// [`Self::check`].
    pub fn read<'a>(
        self,
        options: usize,
        fields: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Vec<u8>, BallotProblem> {
        let mut marks: Vec<Option<u8>> = vec![None; options];
        for (name, value) in fields.into_iter().map(|(name, value)| (name, value.trim())) {
            let by_votes = self.by_votes();
            let (at, mark) = match name.strip_prefix("mark_") {
                _ if value.is_empty() => continue,
                Some(at) if !by_votes => (at, value),
                _ if by_votes && name == "option" => (value, "1"),
                _ => continue,
            };
            let place = at.parse::<usize>().ok().and_then(|at| marks.get_mut(at));
            let place = place.ok_or(BallotProblem::Options { options: options as u32 })?;
            *place = Some(mark.parse().map_err(|_| BallotProblem::Mark { max: self.highest(options).into() })?);
        }
        if self == Self::Resistance && marks.contains(&None) {
            return Err(BallotProblem::Unanswered);
        }
        Ok(marks.into_iter().map(Option::unwrap_or_default).collect())
    }

    /// Can so many people have raised these hands? Where one can be chosen, as many people as hands; where several, each
    /// person raises between `min` and `max` of them.
    ///
    /// # Errors
    /// How many people there were is not said, or does not go with the hands.
    pub fn check_hands(self, counts: &[u32], people: u32) -> Result<u32, BallotProblem> {
        let sum: u64 = counts.iter().map(|count| u64::from(*count)).sum();
        let Self::Multiple { min, max } = self else {
            return Ok(sum.try_into().unwrap_or(u32::MAX));
        };
        if sum > 0 && people == 0 {
            return Err(BallotProblem::People);
        }
        let each = |hands: u8| u64::from(people) * u64::from(hands);
        let fits = counts.iter().all(|count| *count <= people) && (each(min)..=each(max)).contains(&sum);
        if fits { Ok(people) } else { Err(BallotProblem::Hands { people }) }
    }

    /// Is `marks` a valid ballot on `options` options?
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(self, marks: &[u8], options: usize) -> Result<(), BallotProblem> {
        if marks.len() != options {
            return Err(BallotProblem::Options { options: options as u32 });
        }
        let at_most = |max: u8| {
            if marks.iter().all(|mark| *mark <= max) {
                Ok(())
            } else {
                Err(BallotProblem::Mark { max: u32::from(max) })
            }
        };
        let sum: u32 = marks.iter().map(|mark| u32::from(*mark)).sum();
        let choose = |min: u32, max: u32| {
            if (min..=max).contains(&sum) { Ok(()) } else { Err(BallotProblem::Choose { min, max }) }
        };
        match self {
            Self::Single | Self::YesNo => at_most(1).and_then(|()| choose(1, 1)),
            Self::Multiple { min, max } => at_most(1).and_then(|()| choose(min.into(), max.into())),
            Self::Scale { steps } => at_most(steps).and_then(|()| something(sum)),
            Self::Resistance => at_most(MAX_RESISTANCE),
            Self::Dots { points } if sum > u32::from(points) => Err(BallotProblem::Points { max: points.into() }),
            Self::Dots { .. } => something(sum),
            Self::Ranking => at_most(options as u8).and_then(|()| something(sum)),
        }
    }
}

fn something(sum: u32) -> Result<(), BallotProblem> {
    if sum > 0 { Ok(()) } else { Err(BallotProblem::Nothing) }
}

/// Why a ballot cannot be taken as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum BallotProblem {
    /// It does not have one mark for each option.
    #[error("the ballot has {options} options")]
    Options {
        /// How many there are.
        options: u32,
    },
    /// Too few or too many are chosen.
    #[error("choose {min} to {max}")]
    Choose {
        /// The fewest.
        min: u32,
        /// The most.
        max: u32,
    },
    /// A mark is too high.
    #[error("no mark above {max}")]
    Mark {
        /// The highest.
        max: u32,
    },
    /// More points than there are to spend.
    #[error("no more than {max} points")]
    Points {
        /// How many there are.
        max: u32,
    },
    /// It says nothing.
    #[error("the ballot is empty")]
    Nothing,
    /// An option was left out that has to be answered.
    #[error("each option has to be answered")]
    Unanswered,
    /// How many people raised their hands has to be said: each could raise several.
    #[error("say how many people raised their hands")]
    People,
    /// So many people cannot have raised these hands.
    #[error("{people} people do not go with these hands")]
    Hands {
        /// How many people.
        people: u32,
    },
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Tally {
    /// How many ballots.
    pub ballots: u32,
    /// Of each option the sum of its marks; of a ranking how many rank it first.
    pub sums: Vec<u64>,
    /// Of each option how often each mark was given, from mark 0 on; of scales and resistance alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spread: Vec<Vec<u32>>,
    /// How many rank the option of the row before that of the column; of rankings alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<Vec<u32>>,
    /// The options from the best on; those that are equal stand together. Of a ranking only the first group is more than a
    /// row: below it stand, by how many beat them, also options between which the method decides nothing.
    pub order: Vec<Vec<u8>>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn empty(method: Method, options: usize) -> Self {
        let spread = match method {
            Method::Scale { steps } => usize::from(steps) + 1,
            Method::Resistance => usize::from(MAX_RESISTANCE) + 1,
            _ => 0,
        };
        let table = |width: usize| if width == 0 { Vec::new() } else { vec![vec![0; width]; options] };
        Self {
            ballots: 0,
            sums: vec![0; options],
            spread: table(spread),
            pairs: table(if method == Method::Ranking { options } else { 0 }),
            order: vec![(0..options as u8).collect()],
        }
    }

    /// Counts ballots, each with how many read the same.
    pub fn count<'a>(method: Method, options: usize, ballots: impl IntoIterator<Item = (&'a [u8], u32)>) -> Self {
        let mut tally = Self::empty(method, options);
        for (marks, times) in ballots {
            tally.ballots += times;
            if method == Method::Ranking {
                tally.take_ranking(marks, times);
                continue;
            }
            for (option, mark) in marks.iter().enumerate() {
                tally.sums[option] += u64::from(*mark) * u64::from(times);
                if let Some(spread) = tally.spread.get_mut(option) {
                    spread[usize::from(*mark)] += times;
                }
            }
        }
        tally.order = tally.ordered(method);
        tally
    }

    /// Hands that were counted: how many rose for each option, of so many people.
    pub fn of_hands(method: Method, counts: &[u32], people: u32) -> Self {
        let mut tally = Self::empty(method, counts.len());
        tally.ballots = people;
        tally.sums = counts.iter().map(|count| u64::from(*count)).collect();
        tally.order = tally.ordered(method);
        tally
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Self, method: Method) -> Self {
        let table = |mine: &[Vec<u32>], theirs: &[Vec<u32>]| -> Vec<Vec<u32>> {
            let rows = mine.iter().zip(theirs);
            rows.map(|(mine, theirs)| mine.iter().zip(theirs).map(|(a, b)| a + b).collect()).collect()
        };
        let mut sum = Self {
            ballots: self.ballots + other.ballots,
            sums: self.sums.iter().zip(&other.sums).map(|(a, b)| a + b).collect(),
            spread: table(&self.spread, &other.spread),
            pairs: table(&self.pairs, &other.pairs),
            order: Vec::new(),
        };
        sum.order = sum.ordered(method);
        sum
    }

    fn take_ranking(&mut self, marks: &[u8], times: u32) {
        let rank = |mark: u8| if mark == 0 { u8::MAX } else { mark };
        let best = marks.iter().map(|mark| rank(*mark)).min().unwrap_or(u8::MAX);
        for (one, mark) in marks.iter().enumerate() {
            if rank(*mark) == best {
                self.sums[one] += u64::from(times);
            }
            for (other, theirs) in marks.iter().enumerate() {
                if rank(*mark) < rank(*theirs) {
                    self.pairs[one][other] += times;
                }
            }
        }
    }

    /// Did all ballots leave everything out? Then nothing leads. With resistance that is consent to everything.
    pub fn is_blank(&self, method: Method) -> bool {
        method != Method::Resistance && self.sums.iter().all(|sum| *sum == 0)
    }

    /// How many gave this option a mark above 0.
    pub fn answered(&self, option: usize) -> u64 {
        self.spread.get(option).map_or(0, |spread| spread.iter().skip(1).map(|times| u64::from(*times)).sum())
    }

    fn ordered(&self, method: Method) -> Vec<Vec<u8>> {
        let options = self.sums.len();
        match method {
            Method::Ranking => {
                let beaten = schulze(&self.pairs);
                grouped(options, |a, b| beaten[a].cmp(&beaten[b]))
            }
            Method::Resistance => grouped(options, |a, b| self.sums[a].cmp(&self.sums[b])),
            Method::Scale { .. } => grouped(options, |a, b| {
                // Means compared without dividing; what nobody answered has none and stands last.
                let (of_a, of_b) = (self.answered(a), self.answered(b));
                let cross = |sum: u64, by: u64| u128::from(sum) * u128::from(by.max(1));
                (of_a == 0).cmp(&(of_b == 0)).then(cross(self.sums[b], of_a).cmp(&cross(self.sums[a], of_b)))
            }),
            _ => grouped(options, |a, b| self.sums[b].cmp(&self.sums[a])),
        }
    }
}

/// Options in order, equal ones together.
fn grouped(options: usize, better: impl Fn(usize, usize) -> std::cmp::Ordering) -> Vec<Vec<u8>> {
    let mut all: Vec<usize> = (0..options).collect();
    all.sort_by(|a, b| better(*a, *b));
    all.chunk_by(|a, b| better(*a, *b).is_eq()).map(|group| group.iter().map(|one| *one as u8).collect()).collect()
}

/// By how many others each option is beaten: over the strongest path there is, from option to option, each step with
/// more people for it than against it and as strong as those for it. Those beaten by none win.
///
/// Whoever is beaten is beaten by all that beat its victor too, so the count orders as the relation does.
fn schulze(pairs: &[Vec<u32>]) -> Vec<usize> {
    let options = pairs.len();
    let mut path: Vec<Vec<u32>> = (0..options)
        .map(|i| (0..options).map(|j| if pairs[i][j] > pairs[j][i] { pairs[i][j] } else { 0 }).collect())
        .collect();
    for via in 0..options {
        for from in 0..options {
            for to in 0..options {
                if from != to {
                    path[from][to] = path[from][to].max(path[from][via].min(path[via][to]));
                }
            }
        }
    }
    (0..options).map(|one| (0..options).filter(|other| path[*other][one] > path[one][*other]).count()).collect()
}

/// What must be reached for a proposal to be adopted or an option to win.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Majority {
    /// More than any other; of yes and no more yes than no. Abstentions do not count.
    #[default]
    Simple,
    /// More than half of all ballots, abstentions included.
    Absolute,
    /// At least two thirds of yes and no, or of all ballots where there is no yes and no.
    TwoThirds,
    /// More than half of all who are entitled.
    Entitled,
}

impl Majority {
    /// Every rule, in the order of the interface.
    pub const ALL: [Self; 4] = [Self::Simple, Self::Absolute, Self::TwoThirds, Self::Entitled];
}

/// How many must take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Quorum {
    /// So many ballots.
    Ballots(u32),
    /// So many per cent of those who are entitled, rounded up.
    Percent(u8),
}

impl Quorum {
    /// How many ballots that is of `entitled`.
    pub fn need(self, entitled: Option<u32>) -> u32 {
        match self {
            Self::Ballots(ballots) => ballots,
            Self::Percent(percent) => {
                (u64::from(entitled.unwrap_or(0)) * u64::from(percent)).div_ceil(100).try_into().unwrap_or(u32::MAX)
            }
        }
    }
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Nobody voted.
    NoBallots,
    /// Too few took part.
    NoQuorum {
        /// How many did.
        have: u32,
        /// How many were needed.
        need: u32,
    },
    /// The proposal is adopted.
    Adopted,
    /// The proposal is rejected.
    Rejected,
    /// One option won.
    Won { option: u8 },
    /// Several are equally good. As many for as against a proposal: it is not adopted.
    Tied { options: Vec<u8> },
    /// One option leads, but not by as much as the rule asks.
    NoMajority {
        option: u8,
        /// How many are for it.
        have: u64,
        /// How many it would have needed.
        need: u64,
    },
    /// All ballots were left blank: nothing leads.
    Blank,
    /// Opinions were asked for; nothing wins.
    Rated,
    /// The count is withheld: with what is known from the hall it would tell how a few people voted who were promised that
    /// nobody sees it.
    TooFew {
        /// How many they had to be.
        need: u32,
    },
}

/// Judges a count by its rule, among `entitled` people if that is known.
pub fn outcome(
    method: Method,
    tally: &Tally,
    majority: Majority,
    quorum: Option<Quorum>,
    entitled: Option<u32>,
) -> Outcome {
    if let Some(need) = quorum.map(|quorum| quorum.need(entitled)).filter(|need| tally.ballots < *need) {
        return Outcome::NoQuorum { have: tally.ballots, need };
    }
    if tally.ballots == 0 {
        return Outcome::NoBallots;
    }
    // The fewest votes that are enough.
    let need = figures::rule(method, tally, majority, entitled).and_then(|(.., need)| need).unwrap_or(0);
    match method {
        Method::YesNo => {
            let (yes, no) = (tally.sums[0], tally.sums[1]);
            if majority == Majority::Simple && yes == no && yes > 0 {
                Outcome::Tied { options: vec![0, 1] }
            } else if yes > no && yes >= need {
                Outcome::Adopted
            } else {
                Outcome::Rejected
            }
        }
        Method::Scale { .. } => Outcome::Rated,
        _ if tally.is_blank(method) => Outcome::Blank,
        _ => match tally.order.first().map(Vec::as_slice) {
            Some(&[option]) => {
                let have = tally.sums[usize::from(option)];
                if have >= need { Outcome::Won { option } } else { Outcome::NoMajority { option, have, need } }
            }
            Some(options) => Outcome::Tied { options: options.to_vec() },
            None => Outcome::NoBallots,
        },
    }
}
