//! Plural categories of whole numbers, per language.
//!
//! From the cardinal rules of Unicode CLDR 46, `common/supplemental/plurals.xml`, for integers (`v = 0`, `e = 0`). The
//! build script reads this file too: a language whose rule is missing here fails the build.

/// The names of the categories, in the order in which forms are stored. Files of words say them; programs do not.
#[cfg_attr(not(test), expect(dead_code, reason = "the build script's, and the tests'"))]
pub const NAMES: [&str; 6] = ["zero", "one", "two", "few", "many", "other"];

const ZERO: usize = 0;
const ONE: usize = 1;
const TWO: usize = 2;
const FEW: usize = 3;
const MANY: usize = 4;
const OTHER: usize = 5;

/// The categories a language has for the integers people count with, ascending. `None`: no rule is known here.
///
/// Spanish and French have `many` for millions only; their forms are those of `other`, and nothing here is counted in
/// millions.
pub fn categories(lang: &str) -> Option<&'static [usize]> {
    Some(match lang {
        "ar" => &[ZERO, ONE, TWO, FEW, MANY, OTHER],
        "de" | "en" | "es" | "fa" | "fr" | "ku" | "tr" => &[ONE, OTHER],
        "pl" | "ru" | "uk" => &[ONE, FEW, MANY],
        _ => return None,
    })
}

/// The category of `n`, as an index into [`NAMES`]; always one of [`categories`].
pub fn category(lang: &str, n: u32) -> usize {
    let (tens, units) = (n % 100, n % 10);
    match lang {
        "ar" => match n {
            0 => ZERO,
            1 => ONE,
            2 => TWO,
            _ if (3..=10).contains(&tens) => FEW,
            _ if tens >= 11 => MANY,
            _ => OTHER,
        },
        // i = 0,1 (French); i = 0 or n = 1 (Persian)
        "fr" | "fa" if n <= 1 => ONE,
        "pl" if n == 1 => ONE,
        "ru" | "uk" if units == 1 && tens != 11 => ONE,
        "pl" | "ru" | "uk" if (2..=4).contains(&units) && !(12..=14).contains(&tens) => FEW,
        "pl" | "ru" | "uk" => MANY,
        _ if n == 1 => ONE,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_the_samples_of_cldr_then_the_categories_are_those() {
        for (lang, samples) in [
            ("de", &[(0, "other"), (1, "one"), (2, "other"), (101, "other")][..]),
            ("en", &[(0, "other"), (1, "one"), (21, "other")]),
            ("fr", &[(0, "one"), (1, "one"), (2, "other")]),
            ("fa", &[(0, "one"), (1, "one"), (2, "other")]),
            ("pl", &[(0, "many"), (1, "one"), (2, "few"), (5, "many"), (12, "many"), (21, "many"), (22, "few")]),
            ("uk", &[(0, "many"), (1, "one"), (3, "few"), (11, "many"), (21, "one"), (24, "few"), (112, "many")]),
            (
                "ar",
                &[
                    (0, "zero"),
                    (1, "one"),
                    (2, "two"),
                    (3, "few"),
                    (110, "few"),
                    (11, "many"),
                    (199, "many"),
                    (100, "other"),
                    (102, "other"),
                ],
            ),
        ] {
            for &(n, name) in samples {
                assert_eq!(NAMES[category(lang, n)], name, "{lang} {n}");
            }
        }
    }

    #[test]
    fn given_any_number_then_its_category_is_one_the_language_has() {
        for lang in ["ar", "de", "en", "es", "fa", "fr", "ku", "pl", "ru", "tr", "uk"] {
            let known = categories(lang).expect("a rule");
            assert!((0..1_000).all(|n| known.contains(&category(lang, n))), "{lang}");
        }
    }
}
