//! Codes as people type them: join codes, voting cards and return codes. They are read here and nowhere else.
//!
//! What is compared or hashed is the result of these functions. For what was typed in plain Latin letters it never
//! changes: the hashes of codes given out earlier are over it.

use unicode_normalization::UnicodeNormalization;

/// The words of a code, in small letters.
///
/// - Full-width letters and other compatibility forms are plain letters (NFKC, UAX #15).
/// - Capital or small does not matter, and İ, I, ı and i are one letter: a Turkish keyboard makes each of another.
/// - Whatever is neither letter nor digit separates words. Invisible joiners and soft hyphens stand inside of words.
pub fn words(typed: &str) -> Vec<String> {
    // İ in small letters is i with a dot above as a mark of its own.
    let unseen = |c: &char| matches!(c, '\u{AD}' | '\u{307}' | '\u{200C}' | '\u{200D}' | '\u{2060}' | '\u{FEFF}');
    let plain: String = typed
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !unseen(c))
        .map(|c| if c == 'ı' { 'i' } else { c })
        .collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The letters and digits of a code, in capital letters, with nothing between them.
pub fn symbols(typed: &str) -> String {
    let mut symbols = words(typed).concat();
    symbols.retain(|c| c.is_ascii_alphanumeric());
    symbols.make_ascii_uppercase();
    symbols
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_a_code_typed_in_any_shape_then_it_is_the_same_code() {
        for typed in [
            "kirsche-licht-wind-kino-fisch",
            "KIRSCHE-LICHT-WIND-KINO-FISCH",
            "  Kirsche  Licht Wind\tKino\nFisch. ",
            "kırsche lıcht wınd kıno fısch",
            "KİRSCHE LİCHT WİND KİNO FİSCH",
            "ki\u{307}rsche li\u{307}cht wi\u{307}nd ki\u{307}no fi\u{307}sch",
            "ｋｉｒｓｃｈｅ　ＬＩＣＨＴ　ｗｉｎｄ－ｋｉｎｏ－ｆｉｓｃｈ",
            "kirsche – licht, wind; kino_fisch!",
            "kir\u{AD}sche licht\u{A0}wind\u{3000}kino \u{200E}fisch\u{FEFF}",
        ] {
            assert_eq!(words(typed), ["kirsche", "licht", "wind", "kino", "fisch"], "{typed:?}");
        }
        for typed in
            ["BCDF-GHJK", "bcdf ghjk", " b c d f g h j k ", "ＢＣＤＦ‐ＧＨＪＫ", "bcdfghjk", "bcdf–ghjk", "ⓑⓒⓓⓕ ⓖⓗⓙⓚ"]
        {
            assert_eq!(symbols(typed), "BCDFGHJK", "{typed:?}");
        }
    }

    #[test]
    fn given_other_letters_or_nothing_then_they_are_no_other_code() {
        assert_eq!(words(" -– "), [""; 0]);
        assert_eq!(symbols("أب"), "");
        assert_ne!(words("wand"), words("wänd"));
        assert_ne!(words("sommer haus"), words("sommerhaus"));
    }
}
