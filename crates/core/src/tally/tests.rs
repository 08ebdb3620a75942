use std::cmp::Ordering;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

/// Counts groups of people who vote alike.
fn count(method: Method, options: usize, groups: &[(u32, &[u8])]) -> Tally {
    for (_, marks) in groups {
        method.check(marks, options).expect("a valid ballot");
    }
    Tally::count(method, options, groups.iter().map(|(people, marks)| (*marks, *people)))
}

fn counted(method: Method, options: usize, ballots: &[Vec<u8>]) -> Tally {
    Tally::count(method, options, ballots.iter().map(|marks| (marks.as_slice(), 1)))
}

/// Counts rankings such as `acdb`: a before c before d before b.
fn ranked(groups: &[(u32, &str)]) -> Tally {
    let marks = |order: &str| {
        let mut marks = vec![0; order.len()];
        for (rank, option) in (1..).zip(order.to_ascii_lowercase().bytes()) {
            marks[usize::from(option - b'a')] = rank;
        }
        marks
    };
    let ballots: Vec<(u32, Vec<u8>)> = groups.iter().map(|(people, order)| (*people, marks(order))).collect();
    let groups: Vec<(u32, &[u8])> = ballots.iter().map(|(people, marks)| (*people, marks.as_slice())).collect();
    count(Method::Ranking, ballots[0].1.len(), &groups)
}

// Published examples: see the methods.

#[test]
fn given_the_four_towns_of_tennessee_then_memphis_has_most_votes_and_nashville_beats_each_town() {
    let towns: [(u32, &[u8]); 4] = [(42, &[1, 0, 0, 0]), (26, &[0, 1, 0, 0]), (15, &[0, 0, 1, 0]), (17, &[0, 0, 0, 1])];
    let plurality = count(Method::Single, 4, &towns);
    assert_eq!((plurality.ballots, &plurality.sums[..]), (100, &[42, 26, 15, 17][..]));
    assert_eq!(plurality.order, [[0], [1], [3], [2]]);
    assert_eq!(outcome(Method::Single, &plurality, Majority::Simple, None, None), Outcome::Won { option: 0 });
    let short = Outcome::NoMajority { option: 0, have: 42, need: 51 };
    assert_eq!(outcome(Method::Single, &plurality, Majority::Absolute, None, None), short);
    // Memphis, Nashville, Chattanooga, Knoxville, by how near they are.
    let schulze = ranked(&[(42, "abcd"), (26, "bcda"), (15, "cdba"), (17, "dcba")]);
    assert_eq!(schulze.sums, [42, 26, 15, 17], "first ranks");
    assert_eq!(schulze.pairs, [[0, 42, 42, 42], [58, 0, 68, 68], [58, 32, 0, 83], [58, 32, 17, 0]]);
    assert_eq!(schulze.order, [[1], [2], [3], [0]]);
}

#[test]
fn given_the_points_of_tennessee_then_the_means_order_the_towns() {
    // 0 to 10 points by distance are the steps 1 to 11. Totals 420, 603, 457 and 312 of a hundred voters.
    let groups: [(u32, &[u8]); 4] =
        [(42, &[11, 5, 3, 1]), (26, &[1, 11, 5, 3]), (15, &[1, 7, 11, 7]), (17, &[1, 6, 8, 11])];
    let tally = count(Method::Scale { steps: 11 }, 4, &groups);
    assert_eq!(tally.sums, [420 + 100, 603 + 100, 457 + 100, 312 + 100]);
    assert_eq!(tally.order, [[1], [2], [0], [3]]);
    assert_eq!(tally.spread[0], [0, 58, 0, 0, 0, 0, 0, 0, 0, 0, 0, 42], "two camps");
    assert_eq!(outcome(Method::Scale { steps: 11 }, &tally, Majority::Simple, None, None), Outcome::Rated);
}

#[test]
fn given_the_first_example_of_lackner_and_skowron_then_approvals_are_those_of_the_book() {
    let approve = |options: &str| -> Vec<u8> { ('a'..='h').map(|it| u8::from(options.contains(it))).collect() };
    let ballots: Vec<Vec<u8>> =
        ["ab"; 3].into_iter().chain(["ac"; 3]).chain(["ad"; 2]).chain(["bcf", "e", "f", "g"]).map(approve).collect();
    let tally = counted(Method::Multiple { min: 1, max: 8 }, 8, &ballots);
    assert_eq!((tally.ballots, &tally.sums[..]), (12, &[8, 4, 4, 2, 1, 2, 1, 0][..]));
    assert_eq!(tally.order, [vec![0], vec![1, 2], vec![3, 5], vec![4, 6], vec![7]]);
}

#[test]
fn given_four_people_and_the_colour_of_a_car_then_dark_blue_meets_least_resistance() {
    // Dark blue, silver, red, black. Each has a favourite of their own, so that most votes decide nothing.
    let groups: [(u32, &[u8]); 4] = [(1, &[0, 5, 7, 3]), (1, &[2, 0, 4, 7]), (1, &[4, 8, 0, 8]), (1, &[3, 5, 6, 0])];
    let tally = count(Method::Resistance, 4, &groups);
    assert_eq!(tally.sums, [9, 18, 17, 18]);
    assert_eq!(tally.order, [vec![0], vec![2], vec![1, 3]]);
    let favourites: Vec<Vec<u8>> =
        groups.iter().map(|(_, marks)| marks.iter().map(|mark| u8::from(*mark == 0)).collect()).collect();
    let tally = counted(Method::Single, 4, &favourites);
    let tied = Outcome::Tied { options: vec![0, 1, 2, 3] };
    assert_eq!(outcome(Method::Single, &tally, Majority::Simple, None, None), tied);
}

#[test]
fn given_the_cumulative_votes_of_wellesley_then_the_sevenths_add_up() {
    let groups: [(u32, &[u8]); 4] = [
        (5, &[1, 0, 5, 1, 0, 0, 0]),
        (3, &[7, 0, 0, 0, 0, 0, 0]),
        (2, &[0, 0, 0, 0, 0, 1, 6]),
        (1, &[1, 1, 1, 1, 1, 1, 1]),
    ];
    let tally = count(Method::Dots { points: 7 }, 7, &groups);
    assert_eq!(tally.sums, [27, 1, 26, 6, 1, 3, 13]);
    assert_eq!(tally.order[..3], [[0], [2], [6]], "A, C and G win the three seats");
    assert_eq!(tally.order[5], [1, 4]);
}

#[test]
fn given_the_examples_of_schulze_then_the_order_is_his() {
    let first = ranked(&[(8, "acdb"), (2, "badc"), (4, "cdba"), (4, "dbac"), (3, "dcba")]);
    assert_eq!(first.order, [[3], [0], [2], [1]]);
    let (five, votes) = (
        Method::Ranking,
        &[
            (5, "ACBED"),
            (5, "ADECB"),
            (8, "BEDAC"),
            (3, "CABED"),
            (7, "CAEBD"),
            (2, "CBADE"),
            (7, "DCEBA"),
            (8, "EBADC"),
        ],
    );
    let tally = ranked(votes);
    let pairs =
        [[0, 20, 26, 30, 22], [25, 0, 16, 33, 18], [19, 29, 0, 17, 24], [15, 12, 28, 0, 14], [23, 27, 21, 31, 0]];
    assert_eq!((tally.ballots, &tally.pairs[..]), (45, &pairs.map(|row| row.to_vec())[..]));
    assert_eq!(tally.order, [[4], [0], [2], [1], [3]]);
    assert_eq!(outcome(five, &tally, Majority::Simple, None, None), Outcome::Won { option: 4 });
    // Two that nobody beats are a tie.
    let tally = ranked(&[(3, "abcd"), (2, "dabc"), (2, "dbca"), (2, "cbda")]);
    assert_eq!(tally.order, [[1, 3], [0, 2]]);
    assert_eq!(outcome(five, &tally, Majority::Simple, None, None), Outcome::Tied { options: vec![1, 3] });
}

#[test]
fn given_the_examples_of_roberts_rules_then_the_fewest_votes_that_are_enough_are_theirs() {
    for (cast, majority, two_thirds) in
        [(19, 10, 13), (20, 11, 14), (21, 11, 14), (30, 16, 20), (31, 16, 21), (32, 17, 22), (33, 17, 22)]
    {
        for abstain in [0, 100] {
            for (rule, enough) in [(Majority::Simple, majority), (Majority::TwoThirds, two_thirds)] {
                assert_eq!(yes_no(rule, enough, cast - enough, abstain), Outcome::Adopted, "{enough} of {cast}");
                assert_ne!(yes_no(rule, enough - 1, cast - enough + 1, abstain), Outcome::Adopted, "of {cast}");
            }
        }
    }
}

// Against slow and obvious ways to count.

/// Nothing ranked is before anything unranked.
fn before(marks: &[u8], one: usize, other: usize) -> bool {
    match (marks[one], marks[other]) {
        (0, _) => false,
        (_, 0) => true,
        (one, other) => one < other,
    }
}

/// The strongest of all ways from the end of `path` to `to` that pass nobody twice.
fn strongest(pairs: &[Vec<u32>], path: &mut Vec<usize>, to: usize) -> u32 {
    let at = path[path.len() - 1];
    let mut best = 0;
    for next in 0..pairs.len() {
        if path.contains(&next) || pairs[at][next] <= pairs[next][at] {
            continue;
        }
        path.push(next);
        let rest = if next == to { u32::MAX } else { strongest(pairs, path, to) };
        path.pop();
        best = best.max(rest.min(pairs[at][next]));
    }
    best
}

fn beats(pairs: &[Vec<u32>], one: usize, other: usize) -> bool {
    one != other && strongest(pairs, &mut vec![one], other) > strongest(pairs, &mut vec![other], one)
}

fn slow(method: Method, options: usize, ballots: &[Vec<u8>]) -> Tally {
    let all = 0..options;
    let how_many = |holds: &dyn Fn(&[u8]) -> bool| ballots.iter().filter(|marks| holds(marks)).count() as u32;
    let ranking = method == Method::Ranking;
    let sum = |option: usize| -> u64 {
        if ranking {
            return how_many(&|marks| all.clone().all(|other| !before(marks, other, option))).into();
        }
        ballots.iter().map(|marks| u64::from(marks[option])).sum()
    };
    let highest = match method {
        Method::Scale { steps } => Some(steps),
        Method::Resistance => Some(10),
        _ => None,
    };
    let spread = |option: usize| (0..=highest.unwrap_or(0)).map(|mark| how_many(&|it| it[option] == mark)).collect();
    let pairs = |one: usize| all.clone().map(|other| how_many(&|marks| before(marks, one, other))).collect();
    let mut tally = Tally {
        ballots: ballots.len() as u32,
        sums: all.clone().map(sum).collect(),
        spread: if highest.is_some() { all.clone().map(spread).collect() } else { Vec::new() },
        pairs: if ranking { all.clone().map(pairs).collect() } else { Vec::new() },
        order: Vec::new(),
    };
    let answers = |option: usize| u64::from(how_many(&|marks| marks[option] > 0));
    let better = |one: usize, other: usize| match method {
        Method::Ranking => beats(&tally.pairs, one, other),
        Method::Resistance => tally.sums[one] < tally.sums[other],
        Method::Scale { .. } => match (answers(one), answers(other)) {
            (0, _) => false,
            (_, 0) => true,
            (mine, theirs) => tally.sums[one] * theirs > tally.sums[other] * mine,
        },
        _ => tally.sums[one] > tally.sums[other],
    };
    let mut places = vec![Vec::new(); options];
    for option in all.clone() {
        places[all.clone().filter(|other| better(*other, option)).count()].push(option as u8);
    }
    tally.order = places.into_iter().filter(|place| !place.is_empty()).collect();
    tally
}

fn ballot(method: Method, options: usize) -> BoxedStrategy<Vec<u8>> {
    let some = move |mut marks: Vec<u8>| {
        if marks.iter().all(|mark| *mark == 0) {
            marks[0] = 1;
        }
        marks
    };
    let chosen = move |which: Vec<usize>| {
        let mut marks = vec![0; options];
        for option in which {
            marks[option] += 1;
        }
        marks
    };
    let marks = |max: u8| prop::collection::vec(0..=max, options);
    match method {
        Method::Single | Method::YesNo => (0..options).prop_map(move |it| chosen(vec![it])).boxed(),
        Method::Multiple { min, max } => {
            let all: Vec<usize> = (0..options).collect();
            prop::sample::subsequence(all, usize::from(min)..=usize::from(max)).prop_map(chosen).boxed()
        }
        Method::Scale { steps } => marks(steps).prop_map(some).boxed(),
        Method::Resistance => marks(MAX_RESISTANCE).boxed(),
        Method::Dots { points } => prop::collection::vec(0..options, 1..=usize::from(points)).prop_map(chosen).boxed(),
        Method::Ranking => marks(options as u8).prop_map(some).boxed(),
    }
}

fn method() -> impl Strategy<Value = (Method, usize)> {
    let several = |n: usize| (0..=n as u8, 1..=n as u8).prop_map(|(a, b)| Method::Multiple { min: a.min(b), max: b });
    prop_oneof![
        (Just(Method::Single), 2..6usize),
        (2..6usize).prop_flat_map(move |n| (several(n), Just(n))),
        (Just(Method::YesNo), Just(3)),
        ((2..=MAX_STEPS).prop_map(|steps| Method::Scale { steps }), 1..6usize),
        (Just(Method::Resistance), 2..6usize),
        ((1..9u8).prop_map(|points| Method::Dots { points }), 2..6usize),
        (Just(Method::Ranking), 2..6usize),
        (Just(Method::Ranking), 3..6usize),
    ]
}

type Election = (Method, usize, Vec<Vec<u8>>);

fn election() -> impl Strategy<Value = Election> {
    method().prop_flat_map(|(method, options)| {
        (Just(method), Just(options), prop::collection::vec(ballot(method, options), 0..24))
    })
}

/// Rankings, and how many options they rank.
fn rankings() -> impl Strategy<Value = (usize, Vec<Vec<u8>>)> {
    (2..6usize).prop_flat_map(|options| (Just(options), prop::collection::vec(ballot(Method::Ranking, options), 1..16)))
}

/// A ballot as places from 1 on, without gaps; what is not ranked has the last.
fn places(marks: &[u8]) -> Vec<u8> {
    let rank = |mark: &u8| if *mark == 0 { u8::MAX } else { *mark };
    let there: BTreeSet<u8> = marks.iter().map(rank).collect();
    marks.iter().map(|mark| there.range(..=rank(mark)).count() as u8).collect()
}

fn winners(options: usize, ballots: &[Vec<u8>]) -> Vec<u8> {
    counted(Method::Ranking, options, ballots).order[0].clone()
}

/// Who beats every other, each taken alone.
fn condorcet(pairs: &[Vec<u32>]) -> Option<u8> {
    let all = 0..pairs.len();
    all.clone().find(|one| all.clone().all(|it| it == *one || pairs[*one][it] > pairs[it][*one])).map(|it| it as u8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn given_any_ballots_then_they_are_counted_as_the_slow_way_does((method, options, ballots) in election()) {
        for marks in &ballots {
            prop_assert_eq!(method.check(marks, options), Ok(()));
        }
        let tally = counted(method, options, &ballots);
        prop_assert_eq!(&tally, &slow(method, options, &ballots));
        if ballots.is_empty() {
            prop_assert_eq!(&tally, &Tally::empty(method, options));
        }
    }

    #[test]
    fn given_any_ballots_then_neither_their_order_nor_how_they_are_bundled_matters(
        (method, options, ballots) in election(), shuffle in any::<prop::sample::Index>()
    ) {
        let tally = counted(method, options, &ballots);
        let mut other = ballots.clone();
        other.rotate_left(shuffle.index(ballots.len().max(1)));
        prop_assert_eq!(&counted(method, options, &other), &tally);
        other.sort();
        prop_assert_eq!(&counted(method, options, &other), &tally);
        let bundles: Vec<(&[u8], u32)> =
            other.chunk_by(|a, b| a == b).map(|alike| (alike[0].as_slice(), alike.len() as u32)).collect();
        prop_assert_eq!(&Tally::count(method, options, bundles), &tally);
    }

    #[test]
    fn given_any_ballots_then_parts_add_up_to_the_whole(
        (method, options, ballots) in election(), at in any::<prop::sample::Index>()
    ) {
        let (mine, theirs) = ballots.split_at(at.index(ballots.len() + 1));
        let [mine, theirs] = [mine, theirs].map(|part| counted(method, options, part));
        let tally = counted(method, options, &ballots);
        prop_assert_eq!(&mine.and(&theirs, method), &tally);
        prop_assert_eq!(&theirs.and(&mine, method), &tally);
        prop_assert_eq!(&Tally::empty(method, options).and(&tally, method), &tally);
        let (total, people) = (tally.sums.iter().sum::<u64>(), u64::from(tally.ballots));
        match method {
            Method::Single | Method::YesNo => prop_assert_eq!(total, people),
            Method::Multiple { min, max } => {
                prop_assert!((u64::from(min) * people..=u64::from(max) * people).contains(&total));
            }
            Method::Dots { points } => prop_assert!((people..=u64::from(points) * people).contains(&total)),
            Method::Scale { .. } | Method::Resistance => {
                for (option, spread) in tally.spread.iter().enumerate() {
                    prop_assert_eq!(spread.iter().sum::<u32>(), tally.ballots);
                    let sum: u64 = (0..).zip(spread).map(|(mark, times)| mark * u64::from(*times)).sum();
                    prop_assert_eq!(sum, tally.sums[option]);
                    prop_assert_eq!(tally.answered(option) + u64::from(spread[0]), people);
                }
            }
            Method::Ranking => {
                prop_assert!(total >= people, "each ranks one or more first");
                for one in 0..options {
                    prop_assert_eq!(tally.pairs[one][one], 0);
                    for other in 0..one {
                        prop_assert!(tally.pairs[one][other] + tally.pairs[other][one] <= tally.ballots);
                    }
                }
            }
        }
        let listed: BTreeSet<u8> = tally.order.iter().flatten().copied().collect();
        prop_assert!(listed.into_iter().eq(0..options as u8) && tally.order.concat().len() == options);
        prop_assert!(tally.order.iter().all(|equal| equal.is_sorted() && !equal.is_empty()));
        let read: Tally = serde_json::from_str(&serde_json::to_string(&tally).expect("written")).expect("read");
        prop_assert_eq!(read, tally);
    }

    #[test]
    fn given_any_rankings_then_the_strongest_paths_are_those_found_by_trying_all(
        options in 2..7usize, numbers in prop::collection::vec(0..9u32, 36)
    ) {
        // Any numbers: there are ballots for each that is possible, and the others do no harm.
        let pair = |one: usize, other: usize| if one == other { 0 } else { numbers[one * 6 + other] };
        let pairs: Vec<Vec<u32>> =
            (0..options).map(|one| (0..options).map(|other| pair(one, other)).collect()).collect();
        let beaten = schulze(&pairs);
        for one in 0..options {
            prop_assert_eq!(beaten[one], (0..options).filter(|other| beats(&pairs, *other, one)).count());
            for other in 0..options {
                prop_assert!(!beats(&pairs, one, other) || beaten[one] < beaten[other], "who beats stands before");
            }
        }
        prop_assert!(beaten.contains(&0), "somebody is beaten by nobody");
    }

    #[test]
    fn given_one_that_beats_each_other_then_it_wins_alone_and_who_loses_to_each_is_last((options, ballots) in rankings()) {
        let tally = counted(Method::Ranking, options, &ballots);
        if let Some(winner) = condorcet(&tally.pairs) {
            prop_assert_eq!(&tally.order[0], &[winner]);
        }
        let transposed: Vec<Vec<u32>> =
            (0..options).map(|one| tally.pairs.iter().map(|row| row[one]).collect()).collect();
        if let Some(loser) = condorcet(&transposed) {
            prop_assert!(!tally.order[0].contains(&loser));
            prop_assert_eq!(tally.order.last().expect("an order"), &[loser]);
        }
    }

    #[test]
    fn given_a_winner_when_some_rank_it_higher_then_it_still_wins(
        (options, ballots) in rankings(), which in any::<prop::sample::Index>(),
        raised in prop::collection::vec(any::<u8>(), 16)
    ) {
        let winners_before = winners(options, &ballots);
        let winner = winners_before[which.index(winners_before.len())];
        let raise = |(marks, how): (&Vec<u8>, &u8)| {
            let mut doubled: Vec<u8> = places(marks).into_iter().map(|place| 2 * place).collect();
            let place = &mut doubled[usize::from(winner)];
            // Before the others there, or level with some of them; as it was now and then.
            *place = 1 + how % *place;
            places(&doubled)
        };
        let ballots: Vec<Vec<u8>> = ballots.iter().zip(&raised).map(raise).collect();
        prop_assert!(winners(options, &ballots).contains(&winner));
    }

    #[test]
    fn given_one_winner_when_all_turn_their_ballots_over_then_another_wins((options, ballots) in rankings()) {
        let over = |marks: &Vec<u8>| -> Vec<u8> {
            let places = places(marks);
            let last = *places.iter().max().expect("options");
            places.into_iter().map(|place| last + 1 - place).collect()
        };
        let reversed: Vec<Vec<u8>> = ballots.iter().map(over).collect();
        if let [winner] = winners(options, &ballots)[..] {
            prop_assert!(!winners(options, &reversed).contains(&winner));
        }
    }

    #[test]
    fn given_a_copy_of_an_option_then_it_neither_helps_nor_harms(
        (options, ballots) in rankings(), copied in any::<prop::sample::Index>(),
        sides in prop::collection::vec(0..3u8, 16)
    ) {
        let copied = copied.index(options);
        let copy = |(marks, side): (&Vec<u8>, &u8)| {
            let mut doubled: Vec<u8> = places(marks).into_iter().map(|place| 2 * place).collect();
            let place = doubled[copied];
            let alone = (0..options).all(|other| other == copied || doubled[other] != place);
            // Beside it: nothing stands between the two.
            doubled.push(if alone { place - 1 + side } else { place });
            places(&doubled)
        };
        let with_copy: Vec<Vec<u8>> = ballots.iter().zip(&sides).map(copy).collect();
        let (old, new) = (winners(options, &ballots), winners(options + 1, &with_copy));
        let wins = |winners: &[u8], option: usize| winners.contains(&(option as u8));
        for option in (0..options).filter(|option| *option != copied) {
            prop_assert_eq!(wins(&old, option), wins(&new, option), "{} in {:?} and {:?}", option, old, new);
        }
        prop_assert_eq!(wins(&old, copied), wins(&new, copied) || wins(&new, options));
    }
}

#[test]
fn given_many_rankings_then_the_laws_were_tried_where_they_are_hard() {
    let mut runner = TestRunner::deterministic();
    let (mut cycles, mut ties, mut gaps, mut alone) = (0, 0, 0, 0);
    for _ in 0..512 {
        let (options, ballots) = rankings().new_tree(&mut runner).expect("rankings").current();
        let tally = counted(Method::Ranking, options, &ballots);
        let single = tally.order[0].len() == 1;
        cycles += u32::from(single && condorcet(&tally.pairs).is_none());
        ties += u32::from(!single);
        gaps += u32::from(ballots.iter().any(|marks| marks.contains(&0)));
        alone += u32::from(condorcet(&tally.pairs).is_some());
    }
    assert!(cycles > 5 && ties > 20 && gaps > 100 && alone > 100, "{cycles} {ties} {gaps} {alone}");
}

// Bounds and words.

#[test]
fn given_each_method_then_it_says_what_a_ballot_looks_like() {
    let methods = [
        (Method::Single, "single", 4, true),
        (Method::Multiple { min: 1, max: 2 }, "multiple", 4, true),
        (Method::YesNo, "yes_no", 3, true),
        (Method::Scale { steps: 5 }, "scale", 4, false),
        (Method::Resistance, "resistance", 5, false),
        (Method::Dots { points: 5 }, "dots", 4, false),
        (Method::Ranking, "ranking", 4, false),
    ];
    for (method, word, options, by_hands) in methods {
        assert_eq!((method.word(), method.options(4), method.by_votes()), (word, options, by_hands));
        let written = serde_json::to_value(method).expect("written");
        assert_eq!(written["method"], word);
        assert_eq!(serde_json::from_value::<Method>(written).expect("read"), method);
    }
}

#[test]
fn given_the_most_there_can_be_then_nothing_overflows() {
    for method in [Method::Scale { steps: MAX_STEPS }, Method::Resistance, Method::Dots { points: MAX_POINTS }] {
        let mut marks = vec![0; MAX_OPTIONS];
        marks[0] = if let Method::Dots { points } = method { points } else { 10 };
        let people = u32::MAX / 2;
        let tally = count(method, MAX_OPTIONS, &[(people, &marks), (people, &marks)]);
        assert_eq!(tally.sums[0], u64::from(marks[0]) * u64::from(people) * 2);
        assert_eq!(tally.order.len(), 2);
    }
    let marks: Vec<u8> = (1..=MAX_OPTIONS as u8).collect();
    let tally = count(Method::Ranking, MAX_OPTIONS, &[(u32::MAX, &marks)]);
    assert!(tally.order.concat().into_iter().eq(0..MAX_OPTIONS as u8));
    let over: u8 = MAX_OPTIONS as u8 + 1;
    assert_eq!(Method::Ranking.check(&[over; MAX_OPTIONS], MAX_OPTIONS), Err(BallotProblem::Mark { max: 20 }));
    assert_eq!(Method::Dots { points: 3 }.check(&[255; 20], 20), Err(BallotProblem::Points { max: 3 }));
}

#[test]
fn given_a_scale_then_means_are_compared_and_what_nobody_answered_stands_last() {
    let scale = Method::Scale { steps: 3 };
    // Means 2, 3, none, and 2 again of fewer answers.
    let tally = count(scale, 4, &[(2, &[1, 0, 0, 2]), (1, &[3, 3, 0, 0]), (1, &[3, 0, 0, 2])]);
    assert_eq!((&tally.sums[..], tally.answered(1), tally.answered(2)), (&[8, 3, 0, 6][..], 1, 0));
    assert_eq!(tally.order, [vec![1], vec![0, 3], vec![2]]);
    assert_eq!(Tally::empty(scale, 3).order, [[0, 1, 2]]);
    assert_eq!(tally.answered(9), 0);
}

// Outcomes.

fn yes_no(majority: Majority, yes: u32, no: u32, abstain: u32) -> Outcome {
    let tally = Tally::of_hands(Method::YesNo, &[yes, no, abstain], yes + no + abstain);
    outcome(Method::YesNo, &tally, majority, None, Some(9))
}

#[test]
fn given_a_proposal_then_each_rule_is_reached_exactly_at_its_bound() {
    use Majority::{Absolute, Entitled, Simple, TwoThirds};
    use Outcome::{Adopted, Rejected};
    let tied = Outcome::Tied { options: vec![0, 1] };
    let cases = [
        (Simple, 1, 0, 9, Adopted),
        (Simple, 5, 5, 0, tied),
        (Simple, 5, 6, 0, Rejected),
        (Simple, 0, 0, 3, Rejected),
        (Absolute, 6, 0, 4, Adopted),
        (Absolute, 5, 0, 5, Rejected),
        (Absolute, 5, 4, 0, Adopted),
        (Absolute, 5, 5, 0, Rejected),
        (TwoThirds, 2, 1, 97, Adopted),
        (TwoThirds, 3, 2, 0, Rejected),
        (TwoThirds, 1, 0, 5, Adopted),
        (TwoThirds, 0, 0, 5, Rejected),
        (Entitled, 5, 0, 0, Adopted),
        (Entitled, 4, 0, 0, Rejected),
        (Entitled, 5, 4, 0, Adopted),
    ];
    for (majority, yes, no, abstain, decided) in cases {
        assert_eq!(yes_no(majority, yes, no, abstain), decided, "{majority:?} {yes} {no} {abstain}");
    }
    // Of ten, half are not more than half; of unknown many nothing is.
    let entitled = |yes: u32, entitled| {
        let tally = Tally::of_hands(Method::YesNo, &[yes, 0, 0], yes);
        outcome(Method::YesNo, &tally, Entitled, None, entitled)
    };
    assert_eq!((entitled(5, Some(10)), entitled(6, Some(10))), (Rejected, Adopted));
    assert_eq!(entitled(1_000_000, None), Rejected);
}

#[test]
fn given_a_choice_then_who_leads_wins_only_as_the_rule_asks() {
    let of = |sums: &[u32], people, majority| {
        let tally = Tally::of_hands(Method::Single, sums, people);
        outcome(Method::Single, &tally, majority, None, Some(8))
    };
    let short = |have, need| Outcome::NoMajority { option: 1, have, need };
    let won = Outcome::Won { option: 1 };
    assert_eq!(of(&[1, 2, 0], 9, Majority::Simple), won);
    assert_eq!(of(&[2, 2, 1], 5, Majority::Simple), Outcome::Tied { options: vec![0, 1] });
    assert_eq!(of(&[2, 2, 1], 5, Majority::Absolute), Outcome::Tied { options: vec![0, 1] });
    assert_eq!(of(&[0, 3, 2], 6, Majority::Absolute), short(3, 4));
    assert_eq!(of(&[0, 3, 2], 5, Majority::Absolute), won);
    assert_eq!(of(&[0, 4, 2], 6, Majority::TwoThirds), won);
    assert_eq!(of(&[0, 4, 3], 7, Majority::TwoThirds), short(4, 5), "of all ballots");
    assert_eq!(of(&[0, 4, 2], 7, Majority::Entitled), short(4, 5));
    assert_eq!(of(&[0, 5, 2], 7, Majority::Entitled), won);
    // Several may have more than half, and most wins.
    let several = Method::Multiple { min: 1, max: 3 };
    let tally = Tally::of_hands(several, &[4, 5, 1], 6);
    assert_eq!(outcome(several, &tally, Majority::Absolute, None, None), won);
    // Resistance, points and ranks know who is best, and no votes for or against.
    for (method, marks) in
        [(Method::Resistance, [5, 1, 9]), (Method::Dots { points: 9 }, [1, 2, 0]), (Method::Ranking, [2, 1, 0])]
    {
        let tally = count(method, 3, &[(1, &marks)]);
        for majority in Majority::ALL {
            assert_eq!(outcome(method, &tally, majority, None, Some(99)), won);
        }
        let equal = count(method, 3, &[(1, &[1, 1, 1])]);
        let tied = Outcome::Tied { options: vec![0, 1, 2] };
        assert_eq!(outcome(method, &equal, Majority::Simple, None, None), tied);
    }
}

#[test]
fn given_a_quorum_then_it_is_reached_exactly_at_its_bound_and_asked_first() {
    let of = |people, quorum, entitled| {
        let tally = Tally::of_hands(Method::YesNo, &[people, 0, 0], people);
        outcome(Method::YesNo, &tally, Majority::Simple, quorum, entitled)
    };
    let short = |have, need| Outcome::NoQuorum { have, need };
    assert_eq!(of(0, None, None), Outcome::NoBallots);
    assert_eq!(of(0, Some(Quorum::Ballots(0)), None), Outcome::NoBallots);
    assert_eq!(of(0, Some(Quorum::Ballots(1)), None), short(0, 1));
    assert_eq!(of(4, Some(Quorum::Ballots(5)), None), short(4, 5));
    assert_eq!(of(5, Some(Quorum::Ballots(5)), None), Outcome::Adopted);
    let half = Some(Quorum::Percent(50));
    assert_eq!((of(4, half, Some(9)), of(5, half, Some(9))), (short(4, 5), Outcome::Adopted), "rounded up");
    assert_eq!((of(4, half, Some(8)), of(3, half, Some(8))), (Outcome::Adopted, short(3, 4)));
    for (percent, entitled, need) in
        [(1, 1, 1), (1, 100, 1), (1, 101, 2), (100, 7, 7), (33, 3, 1), (34, 3, 2), (5, 0, 0)]
    {
        assert_eq!(Quorum::Percent(percent).need(Some(entitled)), need, "{percent} % of {entitled}");
    }
    assert_eq!(Quorum::Percent(100).need(Some(u32::MAX)), u32::MAX);
    assert_eq!(Quorum::Percent(50).need(None), 0, "a question asks for no share of a number nobody knows");
    // All who took part count, also those who gave no vote to anything.
    let none = count(Method::Multiple { min: 0, max: 1 }, 2, &[(5, &[0, 0])]);
    let decided = outcome(Method::Multiple { min: 0, max: 1 }, &none, Majority::Simple, Some(Quorum::Ballots(5)), None);
    assert_eq!(decided, Outcome::Blank);
}

// Figures.

#[test]
fn given_three_for_one_against_and_two_abstentions_then_share_and_rule_have_one_base() {
    let tally = Tally::of_hands(Method::YesNo, &[3, 1, 2], 6);
    let of = |majority| Figures::of(Method::YesNo, &tally, majority, Some(9));
    let shares = |figures: &Figures| figures.rows.iter().map(|row| row.share).collect::<Vec<_>>();
    let two_thirds = of(Majority::TwoThirds);
    assert_eq!((two_thirds.base, two_thirds.of), (Some(Base::Sides), 4));
    assert_eq!((two_thirds.need, two_thirds.judged, two_thirds.have()), (Some(3), Some(0), Some(3)));
    assert_eq!(shares(&two_thirds), [Some(75), Some(25), None], "abstentions are a number");
    assert_eq!(two_thirds.rows[2].sum, 2);
    assert_eq!(outcome(Method::YesNo, &tally, Majority::TwoThirds, None, Some(9)), Outcome::Adopted);
    let simple = of(Majority::Simple);
    assert_eq!((simple.base, simple.of, simple.need), (Some(Base::Sides), 4, Some(3)));
    // Where the rule counts them in, so does the share.
    let absolute = of(Majority::Absolute);
    assert_eq!((absolute.base, absolute.of, absolute.need), (Some(Base::Ballots), 6, Some(4)));
    assert_eq!(shares(&absolute), [Some(50), Some(17), None]);
    let entitled = of(Majority::Entitled);
    assert_eq!((entitled.base, entitled.of, entitled.need), (Some(Base::Entitled), 9, Some(5)));
    assert_eq!(shares(&entitled), [Some(33), Some(11), None]);
}

#[test]
fn given_each_method_then_it_has_the_figures_it_can_have() {
    let several = Method::Multiple { min: 0, max: 2 };
    let tally = count(several, 3, &[(4, &[1, 1, 0]), (2, &[1, 0, 0]), (2, &[0, 0, 0])]);
    let figures = Figures::of(several, &tally, Majority::Simple, None);
    assert_eq!((figures.base, figures.of, figures.need), (Some(Base::Ballots), 8, None), "people, not crosses");
    let rows = figures.rows.iter().map(|row| (row.sum, row.share, row.place)).collect::<Vec<_>>();
    assert_eq!(rows, [(6, Some(75), Some(1)), (4, Some(50), Some(2)), (0, Some(0), Some(3))]);
    let blank = Figures::of(several, &count(several, 2, &[(5, &[0, 0])]), Majority::Simple, None);
    assert!(blank.rows.iter().all(|row| row.place.is_none() && row.share == Some(0)), "nobody is first by nothing");
    let scale = Method::Scale { steps: 5 };
    let tally = count(scale, 3, &[(2, &[5, 0, 0]), (1, &[4, 2, 0])]);
    let figures = Figures::of(scale, &tally, Majority::Simple, None);
    let rows = figures.rows.iter().map(|row| (row.answers, row.mean_tenths, row.place)).collect::<Vec<_>>();
    assert_eq!(rows, [(Some(3), Some(47), Some(1)), (Some(1), Some(20), Some(2)), (Some(0), None, Some(3))]);
    assert_eq!((figures.base, figures.judged), (None, None));
    let tally = count(Method::Resistance, 2, &[(2, &[0, 3]), (2, &[1, 2])]);
    let figures = Figures::of(Method::Resistance, &tally, Majority::Simple, None);
    let rows = figures.rows.iter().map(|row| (row.answers, row.mean_tenths, row.place)).collect::<Vec<_>>();
    assert_eq!(rows, [(Some(4), Some(5), Some(1)), (Some(4), Some(25), Some(2))]);
}

proptest! {
    #[test]
    fn given_any_votes_then_the_number_needed_is_the_one_the_outcome_goes_by(
        (method, options, ballots) in election(), rule in 0..4usize, entitled in 0..40u32
    ) {
        let (tally, majority) = (counted(method, options, &ballots), Majority::ALL[rule]);
        let figures = Figures::of(method, &tally, majority, Some(entitled));
        prop_assert_eq!(figures.base.is_some(), method.by_votes());
        let enough = figures.have().zip(figures.need).is_none_or(|(have, need)| have >= need);
        match outcome(method, &tally, majority, None, Some(entitled)) {
            Outcome::Adopted | Outcome::Won { .. } => prop_assert!(enough),
            Outcome::NoMajority { have, need, .. } => {
                prop_assert_eq!((figures.have(), figures.need), (Some(have), Some(need)));
                prop_assert!(!enough);
            }
            Outcome::Rejected => prop_assert!(!enough || tally.sums[0] <= tally.sums[1]),
            _ => {}
        }
    }
}

// Forms.

#[test]
fn given_a_form_that_leaves_something_out_then_that_is_no_answer() {
    use BallotProblem::{Mark, Nothing, Options, Unanswered};
    let read = |method: Method, fields: &[(&str, &str)]| {
        let marks = method.read(3, fields.iter().copied())?;
        method.check(&marks, 3).map(|()| marks)
    };
    for form in [&[][..], &[("mark_0", ""), ("mark_1", " "), ("mark_2", "")], &[("round", "1"), ("card", "BCDF")]] {
        assert_eq!(read(Method::Resistance, form), Err(Unanswered), "it would be full consent");
        for method in [Method::Scale { steps: 5 }, Method::Dots { points: 5 }, Method::Ranking] {
            assert_eq!(read(method, form), Err(Nothing), "{method:?}");
        }
    }
    let two = [("mark_0", "0"), ("mark_2", " 3 ")];
    assert_eq!(read(Method::Resistance, &two), Err(Unanswered));
    assert_eq!(read(Method::Resistance, &[("mark_0", "0"), ("mark_1", "0"), ("mark_2", "0")]), Ok(vec![0, 0, 0]));
    assert_eq!(read(Method::Scale { steps: 5 }, &two), Ok(vec![0, 0, 3]), "shown with how many answered each line");
    assert_eq!(read(Method::Dots { points: 5 }, &two), Ok(vec![0, 0, 3]));
    assert_eq!(read(Method::Multiple { min: 0, max: 2 }, &[("option", "0"), ("option", "2")]), Ok(vec![1, 0, 1]));
    assert_eq!(read(Method::Single, &[("option", "3")]), Err(Options { options: 3 }));
    for wrong in ["-1", "256", "x", "1.5"] {
        assert_eq!(read(Method::Ranking, &[("mark_0", "1"), ("mark_1", wrong)]), Err(Mark { max: 3 }), "{wrong}");
    }
}

#[test]
fn given_equal_marks_then_the_order_is_that_of_the_options_and_they_stand_together() {
    assert_eq!(grouped(4, |_, _| Ordering::Equal), [[0, 1, 2, 3]]);
    assert_eq!(grouped(4, |a, b| (a % 2).cmp(&(b % 2))), [[0, 2], [1, 3]]);
    assert!(grouped(0, |_, _| Ordering::Equal).is_empty());
}
