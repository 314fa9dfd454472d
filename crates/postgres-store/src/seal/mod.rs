//! A sign-in is encrypted before it leaves the machine, so that neither the database nor its backups hold a
//! token.
//!
//! ```text
//! LC1 | key id, 8 bytes | nonce, 12 bytes | ciphertext | tag, 16 bytes
//! ```
//!
//! The cipher is ChaCha20-Poly1305 ([RFC 8439 §2.8](https://www.rfc-editor.org/rfc/rfc8439#section-2.8)). The
//! associated data are the domain, the name of the row and its version: a document opens only in the row and the
//! version for which it was sealed. The nonce is random, which is safe for 2³² documents of one key.

mod document;
mod error;
mod key_file;
mod key_id;
mod keys;

pub use document::RowVersion;
pub(crate) use document::sealed_with;
pub use error::SealError;
pub use key_id::KeyId;
pub use keys::Keys;
