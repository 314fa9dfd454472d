use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use super::{KeyId, SealError};

/// The keys of a key file. The first one seals, and each of them opens.
///
/// Not `Clone`, and `Debug` shows only the ids. The keys are wiped on drop; the cipher uses a copy, which
/// `ring` does not wipe, for the time of one call.
#[derive(Debug)]
pub struct Keys {
    first: Key,
    others: Vec<Key>,
    /// The file that they are from.
    pub(super) path: PathBuf,
}

/// 32 random bytes.
pub(super) struct Key {
    id: KeyId,
    /// On the heap, so that a move leaves no copy behind.
    bytes: Zeroizing<Vec<u8>>,
}

impl Keys {
    /// Parses the text of a key file; the error is the number of a line, or 0 if there is no key.
    pub(super) fn parse(text: &str) -> Result<Self, usize> {
        let lines = (1_usize..).zip(text.lines()).filter(|(_, line)| is_key_line(line));
        let mut keys = lines.map(|(number, line)| Key::parse(line).ok_or(number));
        let Some(first) = keys.next().transpose()? else { return Err(0) };
        Ok(Self { first, others: keys.collect::<Result<_, _>>()?, path: PathBuf::new() })
    }

    /// The key that seals.
    #[must_use]
    pub fn first(&self) -> KeyId {
        self.first.id
    }

    /// The ids of all keys, in the order of the file.
    pub fn ids(&self) -> impl Iterator<Item = KeyId> {
        self.all().map(|key| key.id)
    }

    pub(super) fn sealing(&self) -> &Key {
        &self.first
    }

    pub(super) fn find(&self, id: KeyId) -> Option<&Key> {
        self.all().find(|key| key.id == id)
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// Whether a line has a key, or should have one.
pub(super) fn is_key_line(line: &str) -> bool {
    !matches!(line.trim_start().chars().next(), None | Some('#'))
}

impl Key {
    pub(super) const LENGTH: usize = 32;

    /// A new key, from the random numbers of the system.
    pub(super) fn generate() -> Result<Self, SealError> {
        let mut bytes = Zeroizing::new(vec![0; Self::LENGTH]);
        SystemRandom::new().fill(&mut bytes).map_err(|_| SealError::Crypto)?;
        Ok(Self { id: KeyId::for_key(&bytes), bytes })
    }

    /// The id makes a damaged line detectable: it must be that of the key.
    fn parse(line: &str) -> Option<Self> {
        let (id, key) = line.trim().split_once([' ', '\t'])?;
        let bytes = Zeroizing::new(STANDARD.decode(key.trim_start()).ok()?);
        let key = Self { id: KeyId::for_key(&bytes), bytes };
        (key.bytes.len() == Self::LENGTH && key.id.to_string() == id).then_some(key)
    }

    /// The line of the key file.
    pub(super) fn to_line(&self) -> Zeroizing<String> {
        // Large enough for the line, so that it does not grow, which would leave copies.
        let mut line = Zeroizing::new(String::with_capacity(4 * Self::LENGTH));
        line.push_str(&self.id.to_string());
        line.push(' ');
        STANDARD.encode_string(&*self.bytes, &mut line);
        line.push('\n');
        line
    }

    pub(super) fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn expose(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, [redacted])", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "d5ab0d591559110c AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    #[test]
    fn comments_and_empty_lines_are_ignored() {
        let keys = Keys::parse(&format!("# a\r\n\n  {ONE}\t\r\n \n#b\n")).unwrap();
        assert_eq!(keys.first().to_string(), "d5ab0d591559110c");
        assert_eq!(keys.ids().count(), 1);
    }

    #[test]
    fn damaged_line_is_named() {
        for damaged in [
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            // One character of the id, one of the key, a shorter key, a longer key.
            "d5ab0d591559110d AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "d5ab0d591559110c AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=",
            "d5ab0d591559110c AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==",
            "d5ab0d591559110c AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
            "D5AB0D591559110C AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ] {
            assert_eq!(Keys::parse(&format!("{ONE}\n{damaged}\n")).unwrap_err(), 2, "{damaged}");
        }
        assert_eq!(Keys::parse("# nothing\n").unwrap_err(), 0);
    }

    #[test]
    fn key_of_a_correct_id_but_of_another_length_is_refused() {
        for length in [0, 31, 33] {
            let bytes = Zeroizing::new(vec![7; length]);
            let key = Key { id: KeyId::for_key(&bytes), bytes };
            assert!(Key::parse(&key.to_line()).is_none(), "{length}");
        }
    }

    #[test]
    fn debug_shows_the_id_and_not_the_key() {
        let keys = Keys::parse(ONE).unwrap();
        let expected = "Keys { first: Key(d5ab0d591559110c, [redacted]), others: [], path: \"\" }";
        assert_eq!(format!("{keys:?}"), expected);
        assert_eq!(format!("{:?}", keys.first()), "KeyId(d5ab0d591559110c)");
    }

    #[test]
    fn new_keys_differ() {
        let (one, two) = (Key::generate().unwrap(), Key::generate().unwrap());
        assert_ne!(one.id(), two.id());
        assert_eq!(Key::parse(&one.to_line()).unwrap().expose(), one.expose());
    }
}
