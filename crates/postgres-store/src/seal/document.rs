use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use super::keys::Key;
use super::{KeyId, Keys, SealError};

/// The format and its version.
const MAGIC: [u8; 3] = *b"LC1";
const TAG_LENGTH: usize = 16;
const HEADER_LENGTH: usize = MAGIC.len() + KeyId::LENGTH + NONCE_LEN;

/// A ciphertext of this program for another purpose is not a sign-in.
const DOMAIN: &[u8] = b"login-cli sign-in\0";

/// The row and the version in which a document is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowVersion<'a> {
    /// The name of the row.
    pub name: &'a str,
    /// The version with which the document is stored.
    pub version: i64,
}

impl RowVersion<'_> {
    /// The first and the last part have a fixed length, so that two rows never have the same bytes.
    fn associated_data(self) -> Vec<u8> {
        [DOMAIN, self.name.as_bytes(), &self.version.to_be_bytes()].concat()
    }
}

impl Keys {
    /// Seals a document for a row and the version that it will have.
    ///
    /// # Errors
    ///
    /// [`SealError::Crypto`].
    pub fn seal(&self, row: RowVersion<'_>, document: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| SealError::Crypto)?;
        seal_with(self.sealing(), nonce, row, document)
    }

    /// Opens a sealed document that is stored in a row with a version.
    ///
    /// # Errors
    ///
    /// [`SealError::NotSealed`], [`SealError::WrongKey`], or [`SealError::Tampered`].
    pub fn open(
        &self,
        row: RowVersion<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, rest) = split_key_id(sealed)?;
        let (nonce, ciphertext) = rest.split_first_chunk().ok_or(SealError::Tampered)?;
        let key = cipher(self.find(id).ok_or(SealError::WrongKey { id })?)?;
        let mut document = Zeroizing::new(ciphertext.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.open_in_place(nonce, Aad::from(row.associated_data()), &mut document);
        let length = opened.map_err(|_| SealError::Tampered)?.len();
        document.truncate(length);
        Ok(document)
    }

    /// Whether the first key sealed the document: after a rotation, `rekey` seals the others again.
    ///
    /// # Errors
    ///
    /// [`SealError::NotSealed`].
    pub fn is_sealed_with_first_key(&self, sealed: &[u8]) -> Result<bool, SealError> {
        Ok(sealed_with(sealed)? == self.first())
    }
}

/// The key that sealed a document.
pub(crate) fn sealed_with(sealed: &[u8]) -> Result<KeyId, SealError> {
    split_key_id(sealed).map(|(id, _)| id)
}

fn split_key_id(sealed: &[u8]) -> Result<(KeyId, &[u8]), SealError> {
    let rest = sealed.strip_prefix(&MAGIC).ok_or(SealError::NotSealed)?;
    let (id, rest) = rest.split_first_chunk().ok_or(SealError::NotSealed)?;
    Ok((KeyId::from_bytes(*id), rest))
}

fn seal_with(
    key: &Key,
    nonce: [u8; NONCE_LEN],
    row: RowVersion<'_>,
    document: &[u8],
) -> Result<Vec<u8>, SealError> {
    // Of its final size: a buffer that grows would leave a copy of the document behind.
    let mut sealed = Vec::with_capacity(HEADER_LENGTH + document.len() + TAG_LENGTH);
    for part in [&MAGIC[..], key.id().as_bytes(), &nonce, document] {
        sealed.extend_from_slice(part);
    }
    let nonce = Nonce::assume_unique_for_key(nonce);
    let associated_data = Aad::from(row.associated_data());
    let (_, plaintext) = sealed.split_at_mut(HEADER_LENGTH);
    let tag = cipher(key)?
        .seal_in_place_separate_tag(nonce, associated_data, plaintext)
        .map_err(|_| SealError::Crypto)?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

fn cipher(key: &Key) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key.expose());
    key.map(LessSafeKey::new).map_err(|_| SealError::Crypto)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: RowVersion<'_> = RowVersion { name: "team-a", version: 7 };
    const DOCUMENT: &[u8] = br#"{"refresh_token":"r-1"}"#;

    /// The bytes 0 to 31.
    const FIRST: &str = "d5ab0d591559110c AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n";
    const NONCE: [u8; 12] = *b"@ABCDEFGHIJK";

    /// Calculated with the implementation of pyca/cryptography 48.0.0 (OpenSSL).
    const SEALED: &str = "4c4331d5ab0d591559110c404142434445464748494a4b83760ee414388b723090826fd08a0\
                          3ef8eee113575de3cecb54967933319324e0764d4e1211f45";

    fn keys(text: &str) -> Keys {
        Keys::parse(text).unwrap()
    }

    fn new_key() -> String {
        Key::generate().unwrap().to_line().to_string()
    }

    fn error(keys: &Keys, row: RowVersion<'_>, sealed: &[u8]) -> &'static str {
        match keys.open(row, sealed) {
            Ok(_) => "opened",
            Err(SealError::NotSealed) => "not sealed",
            Err(SealError::WrongKey { .. }) => "wrong key",
            Err(SealError::Tampered) => "tampered",
            Err(_) => "other",
        }
    }

    #[test]
    fn format_is_pinned() {
        let sealed = seal_with(keys(FIRST).sealing(), NONCE, ROW, DOCUMENT).unwrap();
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, SEALED);
        assert_eq!(*keys(FIRST).open(ROW, &sealed).unwrap(), DOCUMENT);
    }

    #[test]
    fn sealed_document_opens_and_never_looks_the_same_twice() {
        let keys = keys(FIRST);
        for document in [DOCUMENT, b"", &[7; 100_000]] {
            let (one, two) = (keys.seal(ROW, document).unwrap(), keys.seal(ROW, document).unwrap());
            assert_eq!(one.len(), HEADER_LENGTH + document.len() + TAG_LENGTH);
            assert_ne!(one, two);
            assert_eq!(*keys.open(ROW, &one).unwrap(), document);
        }
    }

    #[test]
    fn every_key_opens_and_the_first_one_seals() {
        let old = keys(FIRST);
        let sealed = old.seal(ROW, DOCUMENT).unwrap();
        let rotated = keys(&(new_key() + FIRST));
        assert_eq!(*rotated.open(ROW, &sealed).unwrap(), DOCUMENT);
        assert!(!rotated.is_sealed_with_first_key(&sealed).unwrap());
        let resealed = rotated.seal(ROW, DOCUMENT).unwrap();
        assert!(rotated.is_sealed_with_first_key(&resealed).unwrap());
        assert_eq!(error(&old, ROW, &resealed), "wrong key");
        let unrelated = keys(&new_key());
        let id = old.first();
        assert!(
            matches!(unrelated.open(ROW, &sealed), Err(SealError::WrongKey { id: it }) if it == id)
        );
    }

    #[test]
    fn document_of_another_row_or_version_is_tampered() {
        let keys = keys(FIRST);
        let sealed = keys.seal(ROW, DOCUMENT).unwrap();
        for (name, version) in [("team-b", 7), ("team-", 7), ("", 7), ("team-a", 6), ("team-a", 8)]
        {
            let row = RowVersion { name, version };
            assert_eq!(error(&keys, row, &sealed), "tampered", "{row:?}");
        }
    }

    #[test]
    fn every_flipped_bit_is_detected() {
        let keys = keys(FIRST);
        let sealed = keys.seal(ROW, DOCUMENT).unwrap();
        for index in 0..sealed.len() {
            for bit in 0..8 {
                let mut flipped = sealed.clone();
                flipped[index] ^= 1 << bit;
                let expected = match index {
                    0..3 => "not sealed",
                    3..11 => "wrong key",
                    _ => "tampered",
                };
                assert_eq!(error(&keys, ROW, &flipped), expected, "byte {index}, bit {bit}");
            }
        }
    }

    #[test]
    fn truncated_or_longer_document_is_detected() {
        let keys = keys(FIRST);
        let sealed = keys.seal(ROW, DOCUMENT).unwrap();
        for length in 0..sealed.len() {
            let expected = if length < 11 { "not sealed" } else { "tampered" };
            assert_eq!(error(&keys, ROW, &sealed[..length]), expected, "{length} bytes");
        }
        assert_eq!(error(&keys, ROW, &[&sealed[..], b"\0"].concat()), "tampered");
        assert_eq!(error(&keys, ROW, br#"{"tokens":{}}"#), "not sealed");
    }
}
