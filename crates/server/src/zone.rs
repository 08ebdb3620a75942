//! The network's time zone: its offsets for pages, and times written for exports.
//! `App` asks once when it opens; results ask for each time they write.
//! It reads no clock.

use jiff::Timestamp as Moment;
use jiff::tz::TimeZone;
use stimmwerk_core::time::{Timestamp, Zone};

/// From which year on pages can speak of moments.
const FROM_YEAR: i16 = 2020;
/// How many changes of the clock a page brings: two a year.
const CHANGES: usize = 60;

/// The offsets of an IANA zone from 2020 on for thirty years.
pub fn of(name: &str) -> Zone {
    let Ok(zone) = TimeZone::get(name) else { return Zone::default() };
    let Ok(start) = jiff::civil::date(FROM_YEAR, 1, 1).to_zoned(TimeZone::UTC) else { return Zone::default() };
    let start = start.timestamp();
    let entry = |at: Moment, seconds: i32| (Timestamp(at.as_millisecond()), seconds / 60);
    let mut offsets = vec![entry(start, zone.to_offset(start).seconds())];
    offsets
        .extend(zone.following(start).take(CHANGES).map(|change| entry(change.timestamp(), change.offset().seconds())));
    Zone { offsets }
}

/// A moment on the clocks of an IANA zone, with its offset, as RFC 3339 writes it.
pub fn stamp(name: &str, at: Timestamp) -> String {
    let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
    let moment = Moment::from_millisecond(at.0).unwrap_or(Moment::UNIX_EPOCH);
    moment.to_zoned(zone).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_berlin_then_summer_and_winter_are_told_apart() {
        let zone = of("Europe/Berlin");
        assert_eq!(zone.wall(Timestamp(1_795_392_000_000)).hour, 1, "2026-11-23T00:00:00Z is winter");
        assert_eq!(zone.wall(Timestamp(1_782_864_000_000)).hour, 2, "2026-07-01T00:00:00Z is summer");
        assert_eq!(stamp("Europe/Berlin", Timestamp(1_795_392_000_000)), "2026-11-23T01:00:00+01:00");
        assert_eq!(stamp("Europe/Berlin", Timestamp(1_782_864_000_000)), "2026-07-01T02:00:00+02:00");
    }
}
