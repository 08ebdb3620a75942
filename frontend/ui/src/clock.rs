//! Moments in words, the same on server and browser: both read the wall clock of the network, never their own zone.

use stimmwerk_core::time::{Timestamp, Wall, Zone};

use crate::words::Words;

fn two(text: &mut String, number: u8) {
    text.push(char::from(b'0' + number / 10 % 10));
    text.push(char::from(b'0' + number % 10));
}

/// For `<time datetime>`, in UTC.
pub fn iso(at: Timestamp) -> String {
    let wall = Zone::default().wall(at);
    let mut text = wall.year.to_string();
    for (mark, number) in [('-', wall.month), ('-', wall.day), ('T', wall.hour), (':', wall.minute)] {
        text.push(mark);
        two(&mut text, number);
    }
    text.push('Z');
    text
}

fn hour_and_minute(wall: Wall) -> String {
    let mut text = String::with_capacity(5);
    two(&mut text, wall.hour);
    text.push(':');
    two(&mut text, wall.minute);
    text
}

/// The time of day.
pub fn time_of_day(words: Words, zone: &Zone, at: Timestamp) -> String {
    words.time_clock(&hour_and_minute(zone.wall(at)))
}

/// How long something lasts, as `1:05`.
pub fn minutes_and_seconds(seconds: i64) -> String {
    let mut text = (seconds / 60).to_string();
    text.push_str(if seconds % 60 < 10 { ":0" } else { ":" });
    text.push_str(&(seconds % 60).to_string());
    text
}

/// The day, as `(year, month, day)`.
pub fn day(zone: &Zone, at: Timestamp) -> (i64, u8, u8) {
    let wall = zone.wall(at);
    (wall.year, wall.month, wall.day)
}

/// Day and time, as short as a reader on the day `today` needs it; without it, in full.
pub fn moment(words: Words, zone: &Zone, at: Timestamp, today: Option<(i64, u8, u8)>) -> String {
    let wall = zone.wall(at);
    let clock = hour_and_minute(wall);
    let (number, year) = (wall.day.to_string(), wall.year.to_string());
    match today {
        Some(today) if today == (wall.year, wall.month, wall.day) => words.time_today(&clock),
        Some((this_year, ..)) if this_year == wall.year => words.time_day(&clock, &number, month(words, wall.month)),
        _ => words.time_day_year(&clock, &number, month(words, wall.month), &year),
    }
}

fn month(words: Words, month: u8) -> &'static str {
    match month {
        1 => words.time_month_01(),
        2 => words.time_month_02(),
        3 => words.time_month_03(),
        4 => words.time_month_04(),
        5 => words.time_month_05(),
        6 => words.time_month_06(),
        7 => words.time_month_07(),
        8 => words.time_month_08(),
        9 => words.time_month_09(),
        10 => words.time_month_10(),
        11 => words.time_month_11(),
        _ => words.time_month_12(),
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn given_a_moment_then_it_is_worded_on_the_networks_wall() {
        let berlin = Zone { offsets: vec![(Timestamp(0), 60)] };
        // 2026-11-23T23:30:00Z is the next day in Berlin.
        let at = Timestamp(1_795_476_600_000);
        let words = Words::of("de");
        assert_eq!(iso(at), "2026-11-23T23:30Z");
        assert_eq!(moment(words, &berlin, at, Some((2026, 11, 24))), "heute, 00:30 Uhr");
        assert_eq!(moment(words, &berlin, at, Some((2026, 12, 1))), "24. November, 00:30 Uhr");
        assert_eq!(moment(Words::of("en"), &berlin, at, None), "24 November 2026, 00:30");
        for (lang, worded) in [
            ("ar", "24 تشرين الثاني/نوفمبر 2026، 00:30"),
            ("fa", "24 نوامبر/نومبر 2026، ساعت 00:30"),
            ("fr", "24 novembre 2026, 00:30"),
            ("ru", "24 ноября 2026, 00:30"),
            ("tr", "24 Kasım 2026, 00:30"),
            ("uk", "24 листопада 2026, 00:30"),
        ] {
            assert_eq!(moment(Words::of(lang), &berlin, at, None), worded);
        }
        assert_eq!(moment(Words::of("ru"), &berlin, at, Some((2026, 11, 24))), "сегодня, 00:30");
        assert_eq!(time_of_day(Words::of("fa"), &berlin, at), "00:30");
    }

    #[test]
    fn given_any_language_then_its_months_are_twelve() {
        for lang in crate::LANGUAGES {
            let words = Words::of(lang);
            let months: std::collections::BTreeSet<_> = (1..=12).map(|number| month(words, number)).collect();
            assert_eq!(months.len(), 12, "{lang}");
        }
    }
}
