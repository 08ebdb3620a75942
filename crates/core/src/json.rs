//! Reads the JSON that Stimmwerk itself writes: frames, page data and what a tab keeps. Browsers load this code, so it
//! is small: it says that a text cannot be read, not why, and it knows no fractions, since nothing on the wire has any.
//!
//! `serde_json` explains each mistake and accepts a list in the place of every struct; in the browser that was a tenth of
//! the program. What comes from outside (requests, files) is read by `serde_json`, which also bounds the depth.

use std::borrow::Cow;
use std::fmt::Display;

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

/// It is no JSON, or not of the expected shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this JSON cannot be read")]
pub struct Unreadable;

impl serde::de::Error for Unreadable {
    fn custom<T: Display>(_message: T) -> Self {
        Self
    }
}

/// Reads a value that is the whole text.
///
/// # Errors
/// See [`Unreadable`].
pub fn read<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, Unreadable> {
    let mut reader = Reader { json, at: 0 };
    let value = T::deserialize(&mut reader)?;
    if reader.peek().is_some() { Err(Unreadable) } else { Ok(value) }
}

/// A text, and up to where it was read.
struct Reader<'de> {
    json: &'de str,
    at: usize,
}

/// A whole number.
enum Number {
    Positive(u64),
    Negative(i64),
}

impl<'de> Reader<'de> {
    /// The next byte that is no white space; `None` at the end.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.json.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t')).unwrap_or(rest.len());
        self.json.as_bytes().get(self.at).copied()
    }

    /// Takes the next byte if it is this one.
    fn takes(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, byte: u8) -> Result<(), Unreadable> {
        if self.takes(byte) { Ok(()) } else { Err(Unreadable) }
    }

    fn word(&mut self, word: &str) -> Result<(), Unreadable> {
        self.peek();
        if !self.json[self.at..].starts_with(word) {
            return Err(Unreadable);
        }
        self.at += word.len();
        Ok(())
    }

    fn boolean(&mut self) -> Result<bool, Unreadable> {
        let is = self.peek() == Some(b't');
        self.word(if is { "true" } else { "false" })?;
        Ok(is)
    }

    fn number(&mut self) -> Result<Number, Unreadable> {
        let negative = self.takes(b'-');
        let bytes = self.json.as_bytes();
        let first = self.at;
        let mut number = 0_u64;
        while let Some(digit) = bytes.get(self.at).filter(|byte| byte.is_ascii_digit()) {
            number = number
                .checked_mul(10)
                .and_then(|number| number.checked_add(u64::from(digit - b'0')))
                .ok_or(Unreadable)?;
            self.at += 1;
        }
        let zeros = bytes.get(first) == Some(&b'0') && self.at > first + 1;
        if self.at == first || zeros || matches!(bytes.get(self.at), Some(b'.' | b'e' | b'E')) {
            return Err(Unreadable);
        }
        if !negative {
            return Ok(Number::Positive(number));
        }
        // Nobody writes a zero below zero.
        let below = 0_i64.checked_sub_unsigned(number).filter(|below| *below < 0);
        below.map(Number::Negative).ok_or(Unreadable)
    }

    /// A string without its quotes and escapes.
    fn text(&mut self) -> Result<Cow<'de, str>, Unreadable> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let rest = &self.json[self.at..];
            let end = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).ok_or(Unreadable)?;
            let (piece, stop) = (&rest[..end], rest.as_bytes()[end]);
            self.at += end + 1;
            match stop {
                b'"' if text.is_empty() => return Ok(Cow::Borrowed(piece)),
                b'"' => {
                    text.push_str(piece);
                    return Ok(Cow::Owned(text));
                }
                b'\\' => {
                    text.push_str(piece);
                    text.push(self.escaped()?);
                }
                _ => return Err(Unreadable),
            }
        }
    }

    /// What stands behind a backslash.
    fn escaped(&mut self) -> Result<char, Unreadable> {
        let byte = self.json.as_bytes().get(self.at).ok_or(Unreadable)?;
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(*byte),
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let mut code = self.unit()?;
                // Beyond the first 65,536 characters two units make one.
                if (0xd800..0xdc00).contains(&code) {
                    self.at += 2;
                    let behind = self.json.as_bytes().get(self.at - 2..self.at);
                    let low = if behind == Some(b"\\u") { self.unit()? } else { 0 };
                    let low = low.checked_sub(0xdc00).filter(|low| *low < 0x400).ok_or(Unreadable)?;
                    code = 0x1_0000 + ((code - 0xd800) << 10) + low;
                }
                char::from_u32(code).ok_or(Unreadable)?
            }
            _ => return Err(Unreadable),
        })
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Unreadable> {
        let digits = self.json.as_bytes().get(self.at..self.at + 4).ok_or(Unreadable)?;
        self.at += 4;
        digits.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?)).ok_or(Unreadable)
    }

    /// Goes to the next item of a list or map. `false`: it has ended.
    fn goes_on(&mut self, first: &mut bool, end: u8) -> Result<bool, Unreadable> {
        if self.takes(end) {
            return Ok(false);
        }
        if !std::mem::take(first) {
            self.expect(b',')?;
        }
        Ok(true)
    }

    /// Passes over a value, whatever it is.
    fn skip(&mut self) -> Result<(), Unreadable> {
        let mut first = true;
        match self.peek() {
            Some(b'"') => self.text().map(drop),
            Some(b'{') => {
                self.at += 1;
                while self.goes_on(&mut first, b'}')? {
                    self.text()?;
                    self.expect(b':')?;
                    self.skip()?;
                }
                Ok(())
            }
            Some(b'[') => {
                self.at += 1;
                while self.goes_on(&mut first, b']')? {
                    self.skip()?;
                }
                Ok(())
            }
            Some(b't' | b'f') => self.boolean().map(drop),
            Some(b'n') => self.word("null"),
            _ => self.number().map(drop),
        }
    }

    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unreadable> {
        self.expect(b'[')?;
        let mut items = Items { reader: self, first: true };
        let value = visitor.visit_seq(&mut items)?;
        // A visitor that knows how many there are does not ask for one more.
        if items.reader.goes_on(&mut items.first, b']')? { Err(Unreadable) } else { Ok(value) }
    }

    fn members<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Unreadable> {
        self.expect(b'{')?;
        visitor.visit_map(Items { reader: self, first: true })
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: Number, visitor: V) -> Result<V::Value, Unreadable> {
    match number {
        Number::Positive(number) => visitor.visit_u64(number),
        Number::Negative(number) => visitor.visit_i64(number),
    }
}

macro_rules! numbers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            visit_number(self.number()?, visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Unreadable;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.peek() {
            Some(b'"') => self.deserialize_str(visitor),
            Some(b'{') => self.members(visitor),
            Some(b'[') => self.list(visitor),
            Some(b't' | b'f') => self.deserialize_bool(visitor),
            Some(b'n') => self.deserialize_unit(visitor),
            _ => self.deserialize_u64(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_bool(self.boolean()?)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(&self.text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.peek() != Some(b'n') {
            return visitor.visit_some(self);
        }
        self.word("null")?;
        visitor.visit_none()
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.word("null")?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.list(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.list(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.members(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.members(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let bare = self.peek() == Some(b'"');
        if !bare {
            self.expect(b'{')?;
        }
        let value = visitor.visit_enum(Variant { reader: self, bare })?;
        if !bare {
            self.expect(b'}')?;
        }
        Ok(value)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 f32 f64 char bytes byte_buf }
}

/// What is between two brackets or braces.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    first: bool,
}

impl<'de> SeqAccess<'de> for &mut Items<'_, 'de> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unreadable> {
        if !self.reader.goes_on(&mut self.first, b']')? {
            // Whoever looks once more finds the end again.
            self.reader.at -= 1;
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unreadable> {
        if !self.reader.goes_on(&mut self.first, b'}')? {
            return Ok(None);
        }
        let key = self.reader.text()?;
        seed.deserialize(Key(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unreadable> {
        self.reader.expect(b':')?;
        seed.deserialize(&mut *self.reader)
    }
}

/// The key of a member. Where keys are numbers, they are written as strings.
struct Key<'de>(Cow<'de, str>);

macro_rules! numbered {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            let mut reader = Reader { json: &self.0, at: 0 };
            let number = reader.number()?;
            if reader.peek().is_some() { Err(Unreadable) } else { visit_number(number, visitor) }
        })*
    };
}

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Unreadable;

    numbered! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(&self.0)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_enum(serde::de::value::StrDeserializer::new(&self.0))
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

/// A variant: its name, or a member of that name with what it holds.
struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    bare: bool,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Unreadable;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Unreadable> {
        let name = self.reader.text()?;
        let value = seed.deserialize(Key(name))?;
        if !self.bare {
            self.reader.expect(b':')?;
        }
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        if self.bare { Ok(()) } else { self.reader.word("null") }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unreadable> {
        if self.bare { Err(Unreadable) } else { seed.deserialize(self.reader) }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Unreadable> {
        if self.bare { Err(Unreadable) } else { self.reader.list(visitor) }
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Unreadable> {
        if self.bare { Err(Unreadable) } else { self.reader.members(visitor) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Serialize;
    use serde_json::Value;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Shape {
        Bare,
        Held(Vec<u8>),
        Named { at: i64, name: Option<String> },
        Pair(u8, bool),
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Tagged {
        Yes { of: u32 },
        No,
    }

    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    struct Number(u32);

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Everything {
        text: String,
        number: u64,
        below: i64,
        yes: bool,
        nothing: Option<u8>,
        shapes: Vec<Shape>,
        tagged: Vec<Tagged>,
        by_number: BTreeMap<Number, String>,
        by_shape: BTreeMap<String, Number>,
        pair: (u8, String),
        #[serde(default)]
        left_out: Vec<u8>,
    }

    fn everything(text: String, number: u64, below: i64) -> Everything {
        Everything {
            number,
            below,
            yes: true,
            nothing: None,
            shapes: vec![
                Shape::Bare,
                Shape::Held(vec![0, 255]),
                Shape::Named { at: below, name: Some(text.clone()) },
                Shape::Named { at: 0, name: None },
                Shape::Pair(7, false),
            ],
            tagged: vec![Tagged::Yes { of: 4 }, Tagged::No],
            by_number: BTreeMap::from([(Number(1), text.clone()), (Number(20), String::new())]),
            by_shape: BTreeMap::from([(text.clone(), Number(3))]),
            pair: (9, text.clone()),
            text,
            left_out: Vec::new(),
        }
    }

    fn tree() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn given_json_of_ours_then_it_is_read_as_serde_json_reads_it(tree in tree()) {
            prop_assert_eq!(read::<Value>(&tree.to_string()), Ok(tree.clone()));
            let pretty = serde_json::to_string_pretty(&tree).expect("plain data");
            prop_assert_eq!(read::<Value>(&pretty), Ok(tree));
        }

        #[test]
        fn given_values_of_every_shape_then_they_come_back(text: String, number: u64, below: i64) {
            let value = everything(text, number, below);
            let json = serde_json::to_string(&value).expect("plain data");
            prop_assert_eq!(read::<Everything>(&json), Ok(value.clone()));
            // As a page holds it.
            prop_assert_eq!(read::<Everything>(&json.replace('<', "\\u003c")), Ok(value));
        }

        #[test]
        fn given_any_text_then_whatever_is_read_is_json(text in "[\\[\\]{}:,\"\\\\ntrue0-9 .-]{0,24}") {
            if let Ok(value) = read::<Value>(&text) {
                prop_assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
            }
        }
    }

    #[test]
    fn given_json_that_was_cut_off_then_it_is_not_read() {
        let json = serde_json::to_string(&everything("Ä \"\u{1f600}\"\n".to_owned(), 12, -3)).expect("plain data");
        for (at, _) in json.char_indices() {
            assert_eq!(read::<Everything>(&json[..at]), Err(Unreadable), "{at}");
        }
        assert_eq!(read::<Everything>(&format!("{json}x")), Err(Unreadable));
    }

    #[test]
    fn given_escapes_then_they_are_the_characters_they_stand_for() {
        let json = r#""\ud83d\ude00 \u003c\u00e4\/\b\f\n\r\t\"\\""#;
        assert_eq!(read::<String>(json).as_deref(), Ok("\u{1f600} <ä/\u{8}\u{c}\n\r\t\"\\"));
        for wrong in
            [r#""\ud83d""#, r#""\ud83dx""#, r#""\ud83d\u0041""#, r#""\ude00""#, r#""\u12g4""#, r#""\x""#, "\"\n\""]
        {
            assert_eq!(read::<String>(wrong), Err(Unreadable), "{wrong}");
        }
    }

    #[test]
    fn given_a_member_nobody_knows_then_it_is_passed_over() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Small {
            a: u8,
        }
        let json = r#"{"x": {"y": [1, -2, "]", true, false, null, {}], "z": {}}, "a": 3, "b": []}"#;
        assert_eq!(read::<Small>(json), Ok(Small { a: 3 }));
        assert_eq!(read::<Small>(r#"{"x": 1}"#), Err(Unreadable), "a member is missing");
        assert_eq!(read::<Small>("[3]"), Err(Unreadable), "a list is no struct");
        assert_eq!(read::<Small>(r#"{"a": 256}"#), Err(Unreadable), "too large");
    }

    #[test]
    fn given_numbers_that_are_not_whole_or_not_json_then_they_are_not_read() {
        for wrong in ["1.5", "1e3", "01", "-", "+1", "18446744073709551616", "-9223372036854775809", "-0", ""] {
            assert_eq!(read::<Value>(wrong), Err(Unreadable), "{wrong}");
        }
        assert_eq!(read::<i64>("-9223372036854775808"), Ok(i64::MIN));
    }
}
