//! Plural categories of whole numbers, per language.
//!
//! From the cardinal rules of Unicode CLDR 46, `common/supplemental/plurals.xml`, for integers (`v = 0`, `e = 0`). The
//! build script reads this file too: a language whose rule is missing here fails the build.

/// The categories a language has for the integers people count with, in the order in which forms are stored. `None`:
/// no rule is known here.
///
/// Spanish and French have `many` for millions only; their forms are those of `other`, and nothing here is counted in
/// millions. Polish, Russian and Ukrainian have `other` for fractions only, and everything here is counted whole.
pub fn categories(lang: &str) -> Option<&'static [&'static str]> {
    Some(match lang {
        "ar" => &["zero", "one", "two", "few", "many", "other"],
        "de" | "en" | "es" | "fa" | "fr" | "ku" | "tr" => &["one", "other"],
        "pl" | "ru" | "uk" => &["one", "few", "many"],
        _ => return None,
    })
}

/// The category of `n`; always one of [`categories`].
pub fn category(lang: &str, n: u32) -> &'static str {
    let (tens, units) = (n % 100, n % 10);
    match lang {
        "ar" => match n {
            0 => "zero",
            1 => "one",
            2 => "two",
            _ if (3..=10).contains(&tens) => "few",
            _ if tens >= 11 => "many",
            _ => "other",
        },
        // i = 0,1 (French); i = 0 or n = 1 (Persian)
        "fr" | "fa" if n <= 1 => "one",
        "pl" if n == 1 => "one",
        "ru" | "uk" if units == 1 && tens != 11 => "one",
        "pl" | "ru" | "uk" if (2..=4).contains(&units) && !(12..=14).contains(&tens) => "few",
        "pl" | "ru" | "uk" => "many",
        _ if n == 1 => "one",
        _ => "other",
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
            ("tr", &[(0, "other"), (1, "one"), (2, "other"), (21, "other")]),
            ("ru", &[(0, "many"), (1, "one"), (2, "few"), (5, "many"), (14, "many"), (101, "one"), (111, "many")]),
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
                assert_eq!(category(lang, n), name, "{lang} {n}");
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
