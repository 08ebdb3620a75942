//! What a text may be: clean Unicode, bounded, and a name that pretends to be nobody.
//!
//! Every text that enters passes [`clean`] or [`clean_name`] once, in `decide`; what a [`NonEmptyText`] holds is never
//! checked again. Cleaning is idempotent, so an export can be imported without changing a character.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

#[cfg(feature = "decide")]
pub(crate) use cleaning::is_visible;
#[cfg(feature = "decide")]
pub use cleaning::{clean, clean_name, fold, look, skeleton};

/// Why a text or a name cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum TextProblem {
    /// Nothing to be seen is left: white space, joiners and fillers alone.
    #[error("the text is empty")]
    Empty,
    /// More characters (Unicode scalar values, after cleaning) than allowed.
    #[error("the text is longer than {max} characters")]
    TooLong {
        /// The bound.
        max: u32,
    },
    /// More lines (after cleaning) than allowed.
    #[error("the text has more than {max} lines")]
    TooManyLines {
        /// The bound.
        max: u32,
    },
    /// A name without a letter of any script.
    #[error("a name needs a letter")]
    NoLetter,
    /// A name that could be taken for a member of staff or for a role.
    #[error("the name looks like that of a member of staff")]
    LooksLikeStaff,
    /// A name that the interface gives to whoever chose none: "Guest 7", "Someone in the hall".
    #[error("the name looks like one that is given automatically")]
    LooksAutomatic,
}

/// Bounds of a text, counted after cleaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextLimits {
    /// Most characters: Unicode scalar values, not bytes.
    pub max_chars: u32,
    /// Most lines. With 1, line breaks become spaces.
    pub max_lines: u32,
}

impl TextLimits {
    /// What a participant writes.
    pub const CONTRIBUTION: Self = Self { max_chars: 2000, max_lines: 60 };
    /// Titles, questions, options, labels.
    pub const TITLE: Self = Self { max_chars: 160, max_lines: 1 };
    /// Reasons given by moderators.
    pub const NOTE: Self = Self { max_chars: 600, max_lines: 12 };
    /// Summaries that staff write.
    pub const SUMMARY: Self = Self { max_chars: 20_000, max_lines: 600 };
    /// What a person is called.
    pub const NAME: Self = Self { max_chars: 40, max_lines: 1 };
}

/// A cleaned text with something to see in it. Only [`clean`] and [`clean_name`] make one.
///
/// `Debug` prints its length alone, so that no log holds a text.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NonEmptyText(Arc<str>);

impl NonEmptyText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for NonEmptyText {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for NonEmptyText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<NonEmptyText> for Arc<str> {
    fn from(text: NonEmptyText) -> Self {
        text.0
    }
}

impl fmt::Display for NonEmptyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for NonEmptyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NonEmptyText({} bytes)", self.0.len())
    }
}

/// The tag in the case BCP 47 recommends (`de`, `de-AT`, `zh-Hant`), if it has the shape of one.
///
/// Shape alone: 2–8 letters, then subtags of 1–8 letters or digits, 35 characters at most (RFC 5646 §2.1.1 for the
/// case, §4.4.1 for the length). Whether the language exists is not asked; private-use and grandfathered tags that
/// begin with a single letter (`x-…`, `i-…`) are not taken.
pub fn lang_tag(input: &str) -> Option<String> {
    if input.len() > 35 {
        return None;
    }
    let mut subtags = input.split('-');
    let language = subtags.next()?;
    if !(2..=8).contains(&language.len()) || !language.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let mut tag = language.to_ascii_lowercase();
    let mut in_extension = false;
    for subtag in subtags {
        if !(1..=8).contains(&subtag.len()) || !subtag.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        tag.push('-');
        let lower = subtag.to_ascii_lowercase();
        let letters = subtag.bytes().all(|b| b.is_ascii_alphabetic());
        match subtag.len() {
            2 if letters && !in_extension => tag.push_str(&subtag.to_ascii_uppercase()),
            4 if letters && !in_extension => {
                tag.push_str(&lower[..1].to_ascii_uppercase());
                tag.push_str(&lower[1..]);
            }
            _ => tag.push_str(&lower),
        }
        in_extension |= subtag.len() == 1;
    }
    Some(tag)
}

/// A CSV cell no spreadsheet takes for a formula: one that begins with `= + - @`, their full-width forms, a tab or a
/// line break, also after spaces, gets an apostrophe in front (OWASP "CSV Injection"). Quoting is the CSV writer's work.
pub fn defuse_csv_cell(cell: &str) -> Cow<'_, str> {
    let dangerous = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];
    let begins = cell.trim_start_matches(' ');
    if begins.starts_with(dangerous) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

#[cfg(feature = "decide")]
mod cleaning {
    use std::collections::HashSet;
    use std::sync::LazyLock;

    use unicode_normalization::UnicodeNormalization;
    use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

    use super::{NonEmptyText, TextLimits, TextProblem};

    const ZWNJ: char = '\u{200C}';
    const ZWJ: char = '\u{200D}';

    /// Combining marks a base character carries. Vietnamese, Hebrew and Arabic need up to three; "Zalgo" needs dozens.
    const MAX_MARKS: u8 = 4;

    /// The text as it is kept and shown.
    ///
    /// - Normalisation form C (UAX #15). Every line break of The Unicode Standard §5.8 becomes `\n`, a tab a space.
    /// - Control, format and private-use characters, noncharacters and unassigned invisible ones go, with them bidi
    ///   embeddings, overrides and isolates (UAX #9). ZWNJ, ZWJ, LRM, RLM and ALM stay, and variation selectors:
    ///   Persian, Kurdish, mixed directions and emoji need them. Tag characters stay in the three flags made of them.
    /// - At most four combining marks on a base character; joiners in between do not start a new count.
    /// - No white space at the ends of lines and of the whole; three and more blank lines become one. A text of one
    ///   line keeps one white space of several.
    ///
    /// Idempotent. Lengths are those of the result.
    pub fn clean(input: &str, limits: TextLimits) -> Result<NonEmptyText, TextProblem> {
        let text = normalised(without_forbidden(&input.replace("\r\n", "\n")));
        let text = if limits.max_lines == 1 { on_one_line(&text) } else { with_tidy_lines(&text) };
        if !text.contains(is_visible) {
            return Err(TextProblem::Empty);
        }
        bounded(text, limits)
    }

    /// The name as it is kept and shown: 1–40 characters on one line, cleaned as by [`clean`], white space as single
    /// spaces, ZWNJ and ZWJ between letters only, no other invisible characters.
    ///
    /// Refused is a name that looks like one of `reserved` (the names of staff) as a whole, or that says a role as a
    /// whole or in one of its words. What looks alike follows the idea of UTS #39 skeletons with a table of our own
    /// that is coarser: case, marks, `0` and `o`, `1`, `i` and `l`, Latin, Cyrillic and Greek letters of one shape.
    pub fn clean_name(input: &str, reserved: &[&str]) -> Result<NonEmptyText, TextProblem> {
        let chars: Vec<char> = without_forbidden(input)
            .filter(|&c| is_visible(c) || c.is_whitespace() || is_mark(c) || matches!(c, ZWNJ | ZWJ))
            .collect();
        let mut joined: Vec<char> = Vec::with_capacity(chars.len());
        for (at, &c) in chars.iter().enumerate() {
            let between_letters = || {
                joined.last().is_some_and(|&before| is_letter(before) || is_mark(before))
                    && chars.get(at + 1).is_some_and(|&after| is_letter(after))
            };
            if !matches!(c, ZWNJ | ZWJ) || between_letters() {
                joined.push(c);
            }
        }
        let name = normalised(joined.into_iter()).split_whitespace().collect::<Vec<_>>().join(" ");
        if !name.contains(is_visible) {
            return Err(TextProblem::Empty);
        }
        let name = bounded(name, TextLimits::NAME)?;
        if !name.contains(is_letter) {
            return Err(TextProblem::NoLetter);
        }
        if looks_like_staff(&name, reserved) {
            return Err(TextProblem::LooksLikeStaff);
        }
        Ok(name)
    }

    /// A text as it is searched: what people take for the same word folds to the same letters. Only ever compared, never
    /// shown or kept.
    ///
    /// - Compatibility decomposition (UAX #15, NFKD) without its marks, so that "mullabfuhr" finds "Müllabfuhr", and
    ///   Arabic and Hebrew are found with and without their vowel signs.
    /// - Small letters. İ, I, ı and i are one letter, in whatever language. ß is ss, a final sigma is a sigma.
    /// - The letters with strokes and ligatures that Unicode does not decompose are their plain ones.
    /// - The letters that differ between Arabic and Persian keyboards alone are one; the tatweel goes.
    /// - Format characters go: a joiner is no part of a word.
    pub fn fold(text: &str) -> String {
        if text.is_ascii() {
            return text.to_ascii_lowercase();
        }
        let mut folded = String::with_capacity(text.len());
        let hidden = |c: char| is_mark(c) || c.general_category() == GeneralCategory::Format || c == '\u{640}';
        for c in text.nfkd().filter(|&c| !hidden(c)).flat_map(char::to_lowercase).filter(|&c| !is_mark(c)) {
            match c {
                'ß' => folded.push_str("ss"),
                'æ' => folded.push_str("ae"),
                'œ' => folded.push_str("oe"),
                'þ' => folded.push_str("th"),
                _ => folded.push(match c {
                    'ı' => 'i',
                    'ς' => 'σ',
                    'ø' => 'o',
                    'đ' | 'ð' => 'd',
                    'ł' => 'l',
                    'ħ' => 'h',
                    'ŧ' => 't',
                    'ى' | 'ی' => 'ي',
                    'ک' => 'ك',
                    'ة' | 'ە' => 'ه',
                    _ => c,
                }),
            }
        }
        folded
    }

    /// What a reader sees of a text: two texts with one look cannot be told apart in a list. Compatibility forms, capitals,
    /// invisible characters and how much white space there is make no difference. Only ever compared, never shown or kept.
    pub fn look(text: &str) -> String {
        let seen = without_forbidden(text).nfkc().filter(|&c| is_visible(c) || c.is_whitespace());
        let small: String = seen.flat_map(char::to_lowercase).collect();
        small.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn bounded(text: String, limits: TextLimits) -> Result<NonEmptyText, TextProblem> {
        if text.chars().count() > limits.max_chars as usize {
            return Err(TextProblem::TooLong { max: limits.max_chars });
        }
        if text.split('\n').count() > limits.max_lines as usize {
            return Err(TextProblem::TooManyLines { max: limits.max_lines });
        }
        Ok(NonEmptyText(text.into()))
    }

    /// In form C, with bounded marks. Excess marks are the last ones of their base, so dropping them joins nothing that
    /// could compose, and the result is in form C still.
    fn normalised(chars: impl Iterator<Item = char>) -> String {
        let mut marks = MarkLimit::default();
        chars.nfc().filter(|&c| marks.admits(c)).collect()
    }

    fn on_one_line(text: &str) -> String {
        let mut line = String::with_capacity(text.len());
        for c in text.trim().chars() {
            if !(c.is_whitespace() && line.ends_with(char::is_whitespace)) {
                line.push(if c == '\n' { ' ' } else { c });
            }
        }
        line
    }

    fn with_tidy_lines(text: &str) -> String {
        let mut tidy = String::with_capacity(text.len());
        let mut blank = 0;
        for line in text.split('\n') {
            if !line.contains(is_visible) {
                blank += 1;
                continue;
            }
            if tidy.is_empty() {
                tidy.push_str(line.trim());
            } else {
                let kept = if blank > 2 { 1 } else { blank };
                tidy.extend(std::iter::repeat_n('\n', kept + 1));
                tidy.push_str(line.trim_end());
            }
            blank = 0;
        }
        tidy
    }

    /// Lets through the first marks of each base character.
    #[derive(Default)]
    struct MarkLimit {
        marks: u8,
    }

    impl MarkLimit {
        fn admits(&mut self, c: char) -> bool {
            if is_mark(c) {
                self.marks = self.marks.saturating_add(1);
            } else if c.general_category() != GeneralCategory::Format {
                self.marks = 0;
            }
            self.marks <= MAX_MARKS || !is_mark(c)
        }
    }

    /// The characters that may stay, line breaks as `\n`, tabs as spaces.
    fn without_forbidden(text: &str) -> impl Iterator<Item = char> {
        let mut flag_tags = 0;
        text.char_indices().filter_map(move |(at, c)| {
            if c == '\u{1F3F4}' {
                let rest = &text[at + c.len_utf8()..];
                flag_tags = if TAGS_OF_FLAGS.iter().any(|tags| rest.starts_with(tags)) { 6 } else { 0 };
                return Some(c);
            }
            if flag_tags > 0 {
                flag_tags -= 1;
                return Some(c);
            }
            match c {
                '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
                '\t' => Some(' '),
                _ => is_allowed(c).then_some(c),
            }
        })
    }

    /// England, Scotland and Wales, the flags recommended for general interchange (UTS #51): `gbeng`, `gbsct`, `gbwls`
    /// in tag characters, ended by U+E007F. Without their tags they would be black flags; other tags hide text.
    const TAGS_OF_FLAGS: [&str; 3] = [
        "\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
        "\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
        "\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
    ];

    fn is_allowed(c: char) -> bool {
        match c.general_category() {
            GeneralCategory::Control | GeneralCategory::PrivateUse | GeneralCategory::Surrogate => false,
            GeneralCategory::Format => matches!(c, ZWNJ | ZWJ | '\u{200E}' | '\u{200F}' | '\u{61C}'),
            // Unassigned characters may be next year's emoji; noncharacters and what is invisible by default never are.
            GeneralCategory::Unassigned => {
                let noncharacter = matches!(c, '\u{FDD0}'..='\u{FDEF}') || u32::from(c) & 0xFFFE == 0xFFFE;
                !noncharacter && !matches!(c, '\u{2065}' | '\u{FFF0}'..='\u{FFF8}' | '\u{E0000}'..='\u{E0FFF}')
            }
            _ => true,
        }
    }

    /// Whether it can be seen: no white space, joiner, direction mark, selector, filler or blank symbol.
    pub(crate) fn is_visible(c: char) -> bool {
        // Default_Ignorable_Code_Point (UAX #44) as far as it may stay, and two symbols that are blank.
        let ignorable = matches!(
            c,
            '\u{34F}'
                | '\u{61C}'
                | '\u{115F}'
                | '\u{1160}'
                | '\u{17B4}'
                | '\u{17B5}'
                | '\u{180B}'..='\u{180F}'
                | '\u{200B}'..='\u{200F}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FFA0}'
                | '\u{E0000}'..='\u{E0FFF}'
        );
        let blank = matches!(c, '\u{2800}' | '\u{1D159}');
        !ignorable && !blank && !c.is_whitespace()
    }

    fn is_mark(c: char) -> bool {
        c.general_category_group() == GeneralCategoryGroup::Mark
    }

    fn is_letter(c: char) -> bool {
        c.general_category_group() == GeneralCategoryGroup::Letter && is_visible(c)
    }

    fn looks_like_staff(name: &str, reserved: &[&str]) -> bool {
        let whole = [skeleton(name), skeleton(bare(name))];
        let is_reserved = |reserved: &&str| {
            let alike = skeleton(reserved);
            *reserved == name || !alike.is_empty() && whole.contains(&alike)
        };
        let says_role = |words: &str| {
            // `@` is a letter in "@dmin" and none in "admin@work": both readings count.
            let as_letters = words.split(|c| !is_word_char(c) && !is_letter_like_symbol(c));
            let as_separators = words.split(|c| !is_word_char(c));
            as_letters
                .chain(as_separators)
                .any(|word| ROLES.contains(&skeleton(word)) || ROLES.contains(&skeleton(bare(word))))
        };
        reserved.iter().any(is_reserved)
            || whole.iter().any(|whole| ROLES.contains(whole))
            || says_role(name)
            || says_role(&with_spaced_humps(name))
    }

    /// Without what leads and trails the letters: "Admin2" is "Admin".
    fn bare(word: &str) -> &str {
        word.trim_matches(|c: char| !c.is_alphabetic())
    }

    /// "`AdminBerlin`" as "Admin Berlin".
    fn with_spaced_humps(name: &str) -> String {
        let mut spaced = String::with_capacity(name.len() + 4);
        for c in name.chars() {
            if c.is_uppercase() && spaced.ends_with(char::is_lowercase) {
                spaced.push(' ');
            }
            spaced.push(c);
        }
        spaced
    }

    fn is_word_char(c: char) -> bool {
        c.is_alphanumeric() || is_letter(c) || is_mark(c) || c.general_category() == GeneralCategory::Format
    }

    fn is_letter_like_symbol(c: char) -> bool {
        matches!(c, '@' | '$' | '|' | '!' | '¡' | '€' | '©' | '®' | '\u{1F1E6}'..='\u{1F1FF}')
    }

    /// What the eye makes of a word: two words with one skeleton look alike. Only ever compared, never shown or kept.
    pub fn skeleton(word: &str) -> String {
        let mut skeleton = String::with_capacity(word.len());
        for c in word.chars().map(unframed).nfkd().filter(|&c| !is_mark(c)).map(small).flat_map(char::to_lowercase) {
            match shape(c) {
                Some(letters) => skeleton.push_str(letters),
                None if is_letter(c) || c.is_numeric() => skeleton.push(c),
                None => {}
            }
        }
        skeleton
    }

    /// Letters in squares, circles and flags that have no compatibility decomposition.
    fn unframed(c: char) -> char {
        let offset = match c {
            '\u{1F150}'..='\u{1F169}' => u32::from(c) - 0x1F150,
            '\u{1F170}'..='\u{1F189}' => u32::from(c) - 0x1F170,
            '\u{1F1E6}'..='\u{1F1FF}' => u32::from(c) - 0x1F1E6,
            _ => return c,
        };
        char::from(b'a' + offset as u8)
    }

    /// Greek capitals that look like another Latin letter than their small ones do.
    fn small(c: char) -> char {
        match c {
            'Η' => 'h',
            'Μ' => 'm',
            'Ν' => 'n',
            'Υ' => 'y',
            'Ζ' => 'z',
            _ => c,
        }
    }

    /// The small Latin letters a small letter, digit or symbol passes for. One class for `i`, `l`, `1`; `m`, `w` and
    /// `d` as the pairs that imitate them.
    fn shape(c: char) -> Option<&'static str> {
        Some(match c {
            'а' | 'α' | 'ɑ' | 'ᴀ' | '@' | '4' => "a",
            'в' | 'β' | 'ь' | 'ʙ' | '8' => "b",
            'с' | 'ϲ' | 'ς' | 'ᴄ' | '©' => "c",
            'd' | 'ԁ' | 'đ' | 'ɖ' | 'ᴅ' => "cl",
            'е' | 'є' | 'з' | 'ε' | 'ə' | 'ɛ' | 'ᴇ' | '3' | '€' => "e",
            'ɡ' | 'ɢ' | 'ց' | '9' => "g",
            'н' | 'һ' | 'հ' | 'ʜ' | 'ħ' => "h",
            'i' | 'ı' | 'і' | 'ι' | 'ɩ' | 'ɪ' | 'ӏ' | 'ʟ' | 'ł' | 'ǀ' | '1' | '|' | '!' | '¡' => "l",
            'ј' | 'ϳ' | 'ᴊ' => "j",
            'к' | 'κ' | 'ᴋ' => "k",
            'm' | 'м' | 'ᴍ' => "rn",
            'п' | 'η' | 'и' | 'ո' | 'ɴ' => "n",
            'о' | 'ο' | 'σ' | 'օ' | 'ᴏ' | 'ø' | '0' => "o",
            'р' | 'ρ' | 'ᴘ' | 'þ' => "p",
            'ԛ' => "q",
            'г' | 'я' | 'ʀ' | '®' => "r",
            'ѕ' | 'ꜱ' | '5' | '$' => "s",
            'ß' => "ss",
            'т' | 'τ' | 'ᴛ' | 'ŧ' | '7' => "t",
            'υ' | 'μ' | 'ս' | 'ᴜ' => "u",
            'ν' | 'ᴠ' => "v",
            'w' | 'ԝ' | 'ш' | 'ω' | 'ᴡ' => "vv",
            'х' | 'χ' => "x",
            'у' | 'γ' | 'ʏ' => "y",
            'ᴢ' | '2' => "z",
            'æ' => "ae",
            'œ' => "oe",
            // Arabic and Persian keyboards write one letter with two code points; the tatweel only stretches.
            'ي' | 'ى' | 'ې' => "ی",
            'ك' | 'ڪ' => "ک",
            'ة' | 'ە' | 'ہ' => "ه",
            '\u{640}' => "",
            _ => return None,
        })
    }

    static ROLES: LazyLock<HashSet<String>> =
        LazyLock::new(|| ROLE_WORDS.iter().flat_map(|words| words.split_whitespace()).map(skeleton).collect());

    /// Words that say a role of this platform or of who runs it, in the languages of the interface. Left out is what is
    /// also a family or given name (Danışman, مشرف, ناظم, Root) or a group of citizens ("Team Klima").
    const ROLE_WORDS: [&str; 8] = [
        // German
        "moderator moderatorin moderatoren moderatorinnen moderation moderationsteam admin admins adminteam
         administrator administratorin administration verwaltung betreuung stadtverwaltung kreisverwaltung verwalterin redaktion
         redaktionsteam redakteur redakteurin leitung leiterin projektleitung werkstattleitung demokratieberatung
         demokratieberater demokratieberaterin beratung beraterin stimmwerk stimmwerkteam support supportteam system
         systemadministrator betreiber betreiberin",
        // English
        "moderators facilitator facilitators facilitation editor editors advisor advisors adviser advisers staff
         sysadmin superuser webmaster administrators",
        // French
        "modérateur modératrice modérateurs modération administrateur administratrice administrateurs rédaction
         rédacteur rédactrice facilitateur facilitatrice animateur animatrice animation gestion conseil conseiller conseillère assistance système",
        // Turkish
        "moderatör moderatörü yönetici yöneticisi yönetim yönetimi editör editörü kolaylaştırıcı koordinasyon yetkili sistem
         danışmanlık destekekibi teknikdestek",
        // Ukrainian
        "модератор модераторка модератори модерація адмін адміни адміністратор адміністраторка адміністрація редактор
         редакторка редакція фасилітатор фасилітаторка підтримка техпідтримка консультант консультантка консультація координація система",
        // Russian
        "модераторы модерация админ админы администратор администрация редакция фасилитатор ведущий ведущая консультация координация поддержка
         техподдержка",
        // Arabic
        "المشرف المشرفة المشرفون الإشراف إدارة الإدارة المدير المديرة أدمن الأدمن المحرر المحررة التحرير الميسر الميسرة
         المستشار المستشارة المشورة الدعم النظام",
        // Persian
        "مدیر مدیریت ادمین ویراستار سردبیر تسهیلگر تسهیل‌گر گرداننده مشاور پشتیبانی پشتیبان سیستم ناظران مسئول
         مسئولان",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_well_shaped_tags_when_normalised_then_they_have_the_case_of_bcp_47() {
        for (input, tag) in [
            ("de", "de"),
            ("DE", "de"),
            ("de-at", "de-AT"),
            ("ZH-hANT-tw", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("ar-u-nu-LATN", "ar-u-nu-latn"),
            ("ckb", "ckb"),
        ] {
            assert_eq!(lang_tag(input).as_deref(), Some(tag));
            assert_eq!(lang_tag(tag).as_deref(), Some(tag));
        }
    }

    #[test]
    fn given_other_strings_when_taken_for_tags_then_none() {
        for input in [
            "",
            "d",
            "x-private",
            "deutschland",
            "de-",
            "-de",
            "de--AT",
            "de_AT",
            "de AT",
            "dé",
            "d1",
            "de-ninechars",
            "de\"onload",
            "de-aaaaaaaa-bbbbbbbb-cccccccc-dddddddd",
        ] {
            assert_eq!(lang_tag(input), None, "{input}");
        }
    }

    #[test]
    fn given_a_cell_that_could_be_a_formula_when_defused_then_it_begins_with_an_apostrophe() {
        for cell in ["=1+1", " =1", "+49 351", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"] {
            assert_eq!(defuse_csv_cell(cell), format!("'{cell}"));
        }
        for cell in ["", "a=1", "'=1", " Hallo", "5-3"] {
            assert!(matches!(defuse_csv_cell(cell), Cow::Borrowed(same) if same == cell));
        }
    }

    #[test]
    fn given_a_problem_when_written_as_json_then_it_is_a_stable_code_with_its_bound() {
        let json = |problem| serde_json::to_string(&problem).expect("serialises");
        assert_eq!(json(TextProblem::Empty), r#"{"problem":"empty"}"#);
        assert_eq!(json(TextProblem::TooLong { max: 40 }), r#"{"problem":"too_long","max":40}"#);
        assert_eq!(json(TextProblem::LooksLikeStaff), r#"{"problem":"looks_like_staff"}"#);
    }
}

#[cfg(all(test, feature = "decide"))]
mod cleaning_tests {
    use proptest::prelude::*;
    use unicode_normalization::{UnicodeNormalization, is_nfc};
    use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

    use super::*;

    const ALL: [TextLimits; 4] = [TextLimits::CONTRIBUTION, TextLimits::TITLE, TextLimits::NOTE, TextLimits::NAME];

    fn contribution(input: &str) -> String {
        clean(input, TextLimits::CONTRIBUTION).expect("a possible text").to_string()
    }

    fn name(input: &str) -> Result<String, TextProblem> {
        clean_name(input, &["Anna Weber", "Иван Петров", "", "  "]).map(|name| name.to_string())
    }

    #[test]
    fn given_any_kind_of_line_break_when_cleaned_then_it_is_a_newline() {
        assert_eq!(contribution("a\r\nb\rc\u{2028}d\u{2029}e\u{85}f\u{B}g\u{C}h"), "a\nb\nc\nd\ne\nf\ng\nh");
        assert_eq!(clean("a\r\n\r\nb\u{2028}c\td", TextLimits::TITLE).as_deref(), Ok("a b c d"));
    }

    #[test]
    fn given_spaces_and_blank_lines_when_cleaned_then_ends_are_trimmed_and_gaps_are_one_line() {
        assert_eq!(contribution(" \n  a  \n\n\nb\t\n\n\n\n\nc\n \u{200D}\n\u{3164}\n"), "a\n\n\nb\n\nc");
        assert_eq!(contribution("- a\n  - b"), "- a\n  - b");
    }

    #[test]
    fn given_scripts_and_emoji_that_need_joiners_when_cleaned_then_they_stay() {
        for text in [
            "می\u{200C}خواهم",
            "نە\u{200C}بوو",
            "👩\u{200D}👩\u{200D}👧",
            "❤\u{FE0F}",
            "1\u{FE0F}\u{20E3}",
            "C++\u{200E} و",
            "(\u{61C}5)",
            "שָׁלוֹם",
            "🏴\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
            "葛\u{E0100}",
            "Tiếng Việt",
        ] {
            let composed: String = text.nfc().collect();
            assert_eq!(contribution(text), composed);
        }
    }

    #[test]
    fn given_controls_overrides_and_hidden_text_when_cleaned_then_they_are_gone() {
        assert_eq!(contribution("a\u{0}\u{7}\u{1B}[31mb\u{202E}c\u{2066}d\u{2069}\u{FEFF}e\u{AD}f"), "a[31mbcdef");
        assert_eq!(contribution("a\u{E000}\u{FDD0}\u{FFFE}\u{10FFFF}\u{200B}\u{2060}\u{2065}b"), "ab");
        assert_eq!(contribution("🏴\u{E0068}\u{E0069}\u{E007F}"), "🏴");
        assert_eq!(contribution("a\u{E0041}\u{E0042}"), "a");
    }

    #[test]
    fn given_too_many_marks_when_cleaned_then_four_stay_on_each_base() {
        let zalgo = format!("q{}x", "\u{301}".repeat(50));
        assert_eq!(contribution(&zalgo), format!("q{}x", "\u{301}".repeat(4)));
        let joined = format!("q{}", "\u{301}\u{301}\u{200D}".repeat(3));
        assert_eq!(contribution(&joined), "q\u{301}\u{301}\u{200D}\u{301}\u{301}\u{200D}\u{200D}");
        assert_eq!(contribution(&"\u{301}".repeat(9)), "\u{301}".repeat(4));
    }

    #[test]
    fn given_a_decomposed_text_when_cleaned_then_it_is_composed() {
        assert_eq!(contribution("Mu\u{308}nchen"), "München");
        assert_eq!(contribution("u\u{202E}\u{308}"), "ü");
    }

    #[test]
    fn given_nothing_visible_when_cleaned_then_it_is_empty() {
        for text in ["", " \n\t", "\u{200D}\u{200C}", "\u{3164}", "\u{2800}\u{115F}", "\u{FE0F}", "\u{E0041}", "\u{0}"]
        {
            assert_eq!(clean(text, TextLimits::CONTRIBUTION), Err(TextProblem::Empty));
            assert_eq!(name(text), Err(TextProblem::Empty));
        }
    }

    #[test]
    fn given_texts_at_and_over_the_bounds_when_cleaned_then_only_those_over_are_refused() {
        let limits = TextLimits::CONTRIBUTION;
        assert!(clean(&"ä".repeat(2000), limits).is_ok());
        assert!(clean(&"a\u{308}".repeat(2000), limits).is_ok());
        assert_eq!(clean(&"ä".repeat(2001), limits), Err(TextProblem::TooLong { max: 2000 }));
        assert!(clean(&"a\n".repeat(60), limits).is_ok());
        assert_eq!(clean(&"a\n".repeat(61), limits), Err(TextProblem::TooManyLines { max: 60 }));
        assert!(name(&"x".repeat(40)).is_ok());
        assert_eq!(name(&"x".repeat(41)), Err(TextProblem::TooLong { max: 40 }));
    }

    #[test]
    fn given_a_text_when_printed_for_a_log_then_only_its_length_is_seen() {
        let text = clean("geheim", TextLimits::TITLE).expect("a possible text");
        assert_eq!(format!("{text:?}"), "NonEmptyText(6 bytes)");
        assert_eq!(format!("{text}"), "geheim");
    }

    #[test]
    fn given_ordinary_names_when_cleaned_then_they_are_taken() {
        for ordinary in [
            "Anna",
            "Anna W.",
            "Adminah",
            "Redak",
            "Mo D.",
            "Team Klima",
            "Supportive Sam",
            "Systa",
            "Danışman",
            "Pervez Musharraf",
            "مشرف",
            "ناظم",
            "Müller-Lüdenscheidt",
            "Ngô Đình Diệm",
            "O’Neill",
            "محمد علی",
            "می\u{200C}نا",
            "Олена",
            "李小龍",
            "Ödön 7",
            "ß",
            "👍 Lea",
            "Editha",
            "Berater-Braun",
            "Leiter",
        ] {
            assert_eq!(name(ordinary).as_deref(), Ok(ordinary));
        }
    }

    #[test]
    fn given_odd_spaces_and_joiners_in_a_name_when_cleaned_then_they_are_tidy() {
        assert_eq!(name(" Anna \t\u{A0}\n Lena\u{202E}").as_deref(), Ok("Anna Lena"));
        assert_eq!(name("\u{200D}A\u{200D}\u{200C}nna\u{200C}").as_deref(), Ok("A\u{200C}nna"));
        assert_eq!(name("Lea\u{3164}\u{200E}\u{2800}").as_deref(), Ok("Lea"));
        assert_eq!(name("u\u{200D}\u{308}").as_deref(), Ok("ü"));
    }

    #[test]
    fn given_a_name_without_letters_when_cleaned_then_it_is_refused() {
        for input in ["4711", "👍", "...", "!", "\u{301}1"] {
            assert_eq!(name(input), Err(TextProblem::NoLetter));
        }
    }

    #[test]
    fn given_names_that_look_like_staff_when_cleaned_then_they_are_refused() {
        for input in [
            "Admin",
            "ADMIN",
            "Αdmin",
            "Аdmin",
            "ΑDΜΙΝ",
            "Adm1n",
            "@dmin",
            "@Admin",
            "Admin!",
            "Adm!n",
            "Admin2",
            "_admin_",
            "admin@work",
            "A d m i n",
            "A.d.m.i.n",
            "Adrnin",
            "aclmin",
            "Ādmîn",
            "ａｄｍｉｎ",
            "𝐀𝐝𝐦𝐢𝐧",
            "Lea ⓐⓓⓜⓘⓝ",
            "Lea 🅰🅳🅼🅸🅽",
            "Lea 🇦🇩🇲🇮🇳",
            "ᴀᴅᴍɪɴ",
            "A\u{200D}d\u{200D}min",
            "a\u{640}dmin",
            "AdminBerlin",
            "Moderation Team",
            "M0derat0r",
            "Мodеrаtor Anna",
            "moderatorin",
            "Demokratieberatung",
            "Die Redaktion",
            "Stirnmvverk",
            "$ystem",
            "Модератор",
            "адміністрація",
            "المشرف",
            "الاداره",
            "مدير",
            "Yönetici",
            "YONETICI",
            "Modératrice",
            // What badges say in the languages of the interface.
            "Animation",
            "Équipe Conseil",
            "Danışmanlık",
            "Координація",
            "Консультация",
            "إدارة الحوار",
            "المشورة",
            "گرداننده",
            "Koordinasyon",
            "Gestion du site",
            "Betreuung der Seite",
            "مسئول گفت‌وگو",
            "Anna Weber",
            "anna weber",
            "AnnaWeber",
            "Anna  Wéber",
            "Аnnа Weber",
            "Anna Weber 2",
            "Иван Петров",
            "ИВАН ПЕТРОВ!",
        ] {
            assert_eq!(name(input), Err(TextProblem::LooksLikeStaff), "{input}");
        }
    }

    /// Text with more of what is dangerous than chance would give.
    fn hostile() -> impl Strategy<Value = String> {
        let special = prop::sample::select(vec![
            'a',
            'e',
            'o',
            ' ',
            ' ',
            '\n',
            '\n',
            '\r',
            '\t',
            '\u{85}',
            '\u{2028}',
            '\u{300}',
            '\u{301}',
            '\u{308}',
            '\u{323}',
            '\u{327}',
            '\u{344}',
            '\u{345}',
            '\u{34F}',
            '\u{200C}',
            '\u{200D}',
            '\u{200E}',
            '\u{61C}',
            '\u{202E}',
            '\u{2066}',
            '\u{FEFF}',
            '\u{FE0F}',
            '\u{9C7}',
            '\u{9BE}',
            '\u{9D7}',
            '\u{1100}',
            '\u{1161}',
            '\u{11A8}',
            '\u{AC00}',
            '\u{212B}',
            '\u{2126}',
            '\u{FB2C}',
            '\u{F951}',
            '\u{F73}',
            '\u{E0067}',
            '\u{1F3F4}',
            '\u{3164}',
            '\u{1D15E}',
            '\u{2ADC}',
            '\u{110A5}',
            '\u{110BA}',
            '\u{1133E}',
            '\u{11347}',
            '\u{16D63}',
            '\u{16D67}',
        ]);
        prop::collection::vec(prop_oneof![4 => special, 1 => any::<char>()], 0..80)
            .prop_map(|chars| chars.into_iter().collect())
    }

    fn assert_clean(text: &str) {
        assert!(is_nfc(text), "not in form C: {text:?}");
        let mut marks = 0;
        for c in text.chars() {
            match (c.general_category(), c.general_category_group()) {
                (GeneralCategory::Control, _) => {
                    marks = 0;
                    assert_eq!(c, '\n');
                }
                (GeneralCategory::Format, _) => assert!(
                    matches!(c, '\u{200C}'..='\u{200F}' | '\u{61C}')
                        || (matches!(c, '\u{E0061}'..='\u{E007F}') && text.contains('\u{1F3F4}')),
                    "{c:?}"
                ),
                (_, GeneralCategoryGroup::Mark) => {
                    marks += 1;
                    assert!(marks <= 4, "{text:?}");
                }
                (category, _) => {
                    marks = 0;
                    assert!(
                        !matches!(
                            category,
                            GeneralCategory::PrivateUse
                                | GeneralCategory::LineSeparator
                                | GeneralCategory::ParagraphSeparator
                        ),
                        "{c:?}"
                    );
                    assert!(u32::from(c) & 0xFFFE != 0xFFFE, "{c:?}");
                }
            }
        }
        assert_eq!(text.trim(), text);
        assert!(!text.contains("\n\n\n\n"));
        assert!(text.split('\n').all(|line| line.trim_end() == line));
    }

    proptest! {
        #[test]
        fn given_any_text_when_cleaned_then_it_is_clean_within_bounds_and_cleaning_again_changes_nothing(
            input in hostile()
        ) {
            for limits in ALL {
                if let Ok(text) = clean(&input, limits) {
                    assert_clean(&text);
                    prop_assert!(text.chars().count() <= limits.max_chars as usize);
                    prop_assert!(text.split('\n').count() <= limits.max_lines as usize);
                    prop_assert_eq!(clean(&text, limits), Ok(text));
                }
            }
        }

        #[test]
        fn given_any_name_when_cleaned_then_it_is_clean_has_a_letter_and_cleaning_again_changes_nothing(
            input in prop_oneof![hostile(), "\\PC{0,12}"]
        ) {
            if let Ok(name) = clean_name(&input, &[]) {
                assert_clean(&name);
                prop_assert!((1..=40).contains(&name.chars().count()));
                assert!(!name.contains(['\n', '\u{200E}', '\u{61C}', '\u{3164}']));
                prop_assert!(name.contains(|c: char| c.general_category_group() == GeneralCategoryGroup::Letter));
                prop_assert_eq!(clean_name(&name, &[&*name]), Err(TextProblem::LooksLikeStaff));
                prop_assert_eq!(clean_name(&name, &[]), Ok(name));
            }
        }

        #[test]
        fn given_any_string_when_taken_for_a_tag_then_it_is_short_ascii_and_stable(input in "[a-zA-Z0-9-]{0,40}") {
            if let Some(tag) = lang_tag(&input) {
                prop_assert!(tag.len() <= 35 && tag.is_ascii());
                prop_assert_eq!(lang_tag(&tag), Some(tag));
            }
        }
    }
}
