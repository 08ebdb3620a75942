//! Moments and the network's time zone. Nothing here reads a clock.

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment and `ms` milliseconds.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

/// The network's time zone over the years a page can speak of: from which moment which offset holds.
///
/// The server fills it from the time zone database; server and browser then print the same words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// `(from, minutes east of UTC)`, ascending. Before the first entry UTC holds.
    pub offsets: Vec<(Timestamp, i32)>,
}

/// A moment as the clock and calendar on the wall of the network show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wall {
    /// Year of the Gregorian calendar.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

impl Zone {
    /// What the wall shows at `at`.
    ///
    /// Days to civil date after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    pub fn wall(&self, at: Timestamp) -> Wall {
        let offset = self.offsets.iter().rev().find(|(from, _)| *from <= at).map_or(0, |(_, minutes)| *minutes);
        let local = at.0.div_euclid(60_000) + i64::from(offset);
        let (days, minutes) = (local.div_euclid(1_440), local.rem_euclid(1_440));
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let doe = z.rem_euclid(146_097);
        let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
        let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
        let mp = (5 * doy + 2) / 153;
        let month = if mp < 10 { mp + 3 } else { mp - 9 };
        Wall {
            year: yoe + era * 400 + i64::from(month <= 2),
            month: month as u8,
            day: (doy - (153 * mp + 2) / 5 + 1) as u8,
            hour: (minutes / 60) as u8,
            minute: (minutes % 60) as u8,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_summer_and_winter_then_the_wall_follows_the_zone() {
        let berlin = Zone { offsets: vec![(Timestamp(0), 60), (Timestamp(1_774_746_000_000), 120)] };
        let winter = berlin.wall(Timestamp(1_774_745_999_000));
        assert_eq!((winter.year, winter.month, winter.day, winter.hour, winter.minute), (2026, 3, 29, 1, 59));
        let summer = berlin.wall(Timestamp(1_774_746_000_000));
        assert_eq!((summer.hour, summer.minute), (3, 0));
        let leap = Zone::default().wall(Timestamp(951_782_400_000));
        assert_eq!((leap.year, leap.month, leap.day, leap.hour), (2000, 2, 29, 0));
    }
}
