//! A lossless JSON parser ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)): it keeps repeated members,
//! strings that are not Unicode, and every digit.

/// A value. A string is `None` if it does not decode to Unicode: it has half of a surrogate pair, or bytes
/// that are not UTF-8. A parser that skips the string accepts it.
#[derive(Debug, PartialEq)]
pub enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(Option<String>),
    List(Vec<Json>),
    Object(Vec<(Option<String>, Json)>),
}

/// The recursion limit of `serde_json`. Values that it skips can be deeper.
pub const DEEPEST: usize = 127;

/// The private member of `serde_json` for numbers (`arbitrary_precision`): it reads an object with this
/// member as a number, or refuses it.
pub const PRIVATE_NUMBER: &str = "$serde_json::private::Number";

impl Json {
    /// Parses exactly one JSON text.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader(bytes);
        let value = reader.value()?;
        reader.0.is_empty().then_some(value)
    }

    /// The last member with this name, or null.
    pub fn last(&self, name: &str) -> &Self {
        self.named(name).next_back().unwrap_or(&Self::Null)
    }

    /// The member with this name, or null; `None` if there are several.
    pub fn only(&self, name: &str) -> Option<&Self> {
        let mut named = self.named(name);
        let first = named.next().unwrap_or(&Self::Null);
        named.next().is_none().then_some(first)
    }

    fn named(&self, name: &str) -> impl DoubleEndedIterator<Item = &Self> {
        let named = move |it: &&(Option<String>, Self)| it.0.as_deref() == Some(name);
        self.object().iter().filter(named).map(|(_, value)| value)
    }

    pub fn has(&self, name: &str) -> bool {
        self.named(name).next().is_some()
    }

    pub fn is_object(&self) -> bool {
        matches!(self, Self::Object(_))
    }

    /// Whether the name of each member is Unicode.
    pub fn has_names(&self) -> bool {
        self.object().iter().all(|(name, _)| name.is_some())
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => text.as_deref(),
            _ => None,
        }
    }

    /// Whether `serde_json` reads it as a `Value`, at this depth.
    pub fn is_readable(&self, above: usize) -> bool {
        match self {
            Self::Text(text) => text.is_some(),
            // `serde_json` reads a number as a double. A `RawValue` can have any number.
            Self::Number(number) => number.parse::<f64>().is_ok_and(f64::is_finite),
            Self::List(items) => {
                above < DEEPEST && items.iter().all(|item| item.is_readable(above + 1))
            }
            Self::Object(members) => {
                let whole = |(name, value): &(Option<String>, Self)| {
                    name.is_some() && value.is_readable(above + 1)
                };
                above < DEEPEST && members.iter().all(whole)
            }
            _ => true,
        }
    }

    /// Whether it contains an object with [`PRIVATE_NUMBER`].
    pub fn has_private_number(&self) -> bool {
        match self {
            Self::List(items) => items.iter().any(Self::has_private_number),
            Self::Object(members) => members.iter().any(|(name, value)| {
                name.as_deref() == Some(PRIVATE_NUMBER) || value.has_private_number()
            }),
            _ => false,
        }
    }

    fn object(&self) -> &[(Option<String>, Self)] {
        match self {
            Self::Object(members) => members,
            _ => &[],
        }
    }
}

/// The rest of the input. Each method returns `None` if it is not JSON.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn value(&mut self) -> Option<Json> {
        self.blanks();
        let value = match self.0.first()? {
            b'{' => Json::Object(self.between(b'{', b'}', Self::member)?),
            b'[' => Json::List(self.between(b'[', b']', Self::value)?),
            b'"' => Json::Text(self.text()?),
            b'n' => self.word("null", Json::Null)?,
            b't' => self.word("true", Json::Bool(true))?,
            b'f' => self.word("false", Json::Bool(false))?,
            _ => Json::Number(self.number()?),
        };
        self.blanks();
        Some(value)
    }

    fn between<T>(
        &mut self,
        open: u8,
        close: u8,
        item: fn(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut items = Vec::new();
        self.eat(open)?;
        self.blanks();
        if self.eat(close).is_some() {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(b',').is_none() {
                return self.eat(close).map(|()| items);
            }
        }
    }

    fn member(&mut self) -> Option<(Option<String>, Json)> {
        self.blanks();
        let name = self.text()?;
        self.blanks();
        self.eat(b':')?;
        Some((name, self.value()?))
    }

    fn text(&mut self) -> Option<Option<String>> {
        let (mut text, mut is_unicode) = (Vec::new(), true);
        self.eat(b'"')?;
        loop {
            match self.next()? {
                b'"' => return Some(String::from_utf8(text).ok().filter(|_| is_unicode)),
                b'\\' if self.0.first() == Some(&b'u') => match self.code_units()? {
                    Some(decoded) => text.extend_from_slice(decoded.as_bytes()),
                    None => is_unicode = false,
                },
                b'\\' => text.push(self.escaped()?),
                ..b' ' => return None,
                byte => text.push(byte),
            }
        }
    }

    fn escaped(&mut self) -> Option<u8> {
        Some(match self.next()? {
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            own @ (b'"' | b'\\' | b'/') => own,
            _ => return None,
        })
    }

    /// All code units in a row, since two can be one character.
    fn code_units(&mut self) -> Option<Option<String>> {
        let mut units = Vec::new();
        loop {
            self.eat(b'u')?;
            let (digits, rest) = self.0.split_at_checked(4)?;
            let digits = str::from_utf8(digits).ok().filter(|it| it.bytes().all(is_hex))?;
            units.push(u16::from_str_radix(digits, 16).ok()?);
            self.0 = rest;
            match rest.strip_prefix(b"\\") {
                Some(more) if more.starts_with(b"u") => self.0 = more,
                _ => return Some(String::from_utf16(&units).ok()),
            }
        }
    }

    fn number(&mut self) -> Option<String> {
        let before = self.0;
        let _ = self.eat(b'-');
        if self.eat(b'0').is_none() {
            self.digits()?;
        }
        if self.eat(b'.').is_some() {
            self.digits()?;
        }
        if self.eat(b'e').or_else(|| self.eat(b'E')).is_some() {
            let _ = self.eat(b'+').or_else(|| self.eat(b'-'));
            self.digits()?;
        }
        let number = &before[..before.len() - self.0.len()];
        String::from_utf8(number.to_vec()).ok()
    }

    fn digits(&mut self) -> Option<()> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.0 = &self.0[count..];
        (count > 0).then_some(())
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        self.0 = self.0.strip_prefix(word.as_bytes())?;
        Some(value)
    }

    fn blanks(&mut self) {
        while let [b' ' | b'\t' | b'\n' | b'\r', rest @ ..] = self.0 {
            self.0 = rest;
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    fn next(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
}
