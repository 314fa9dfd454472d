use std::fmt;

use ring::digest::{SHA256, digest};
use zeroize::Zeroizing;

/// Names a key without revealing it: the first 8 bytes of the SHA-256 of the key and a prefix. Since the key
/// is random and has 256 bits, nothing can be learned from its hash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; KeyId::LENGTH]);

impl KeyId {
    pub(super) const LENGTH: usize = 8;

    pub(super) fn for_key(key: &[u8]) -> Self {
        let mut input = Zeroizing::new(Vec::with_capacity(64));
        input.extend_from_slice(b"login-cli key id\0");
        input.extend_from_slice(key);
        let hash = digest(&SHA256, &input);
        Self(hash.as_ref().first_chunk().copied().unwrap_or_default())
    }

    pub(super) fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}
