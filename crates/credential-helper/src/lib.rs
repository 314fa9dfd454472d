//! Keeps secrets in the store behind a `docker-credential-NAME` program, by the protocol of
//! [docker-credential-helpers](https://github.com/docker/docker-credential-helpers): `pass`, the
//! secret service, the keychains of macOS and Windows, and whatever else somebody wrote one for.
//!
//! ```
#![doc = include_str!("../examples/store_and_get.rs")]
//! ```
//!
//! # The protocol
//!
//! The program is started with one argument: `store`, `get`, `erase` or `list`. `store` reads
//! `{"ServerURL":…,"Username":…,"Secret":…}` from its standard input, `get` and `erase` read the URL;
//! `get` answers with that object, `list` with an object of usernames by URL. A program that fails
//! exits with another code than 0 and says why on its standard output, or, some of them, on its
//! standard error. That there is no such entry is a failure with words of its own, and in older
//! helpers (0.6 of `pass`) an answer without username and secret; here both are `None`.
//!
//! # What this crate does not do
//!
//! It looks at no environment: whoever asks for a helper says in which folders it may stand. It does
//! not know what a secret means, and does not read back what it stored. Helpers written in Go read
//! lines of less than 64 KiB, so a larger secret is refused by them, and the credential manager
//! of Windows takes 2,560 bytes; `pass` drops line ends at the end of a secret. `list` and `get` may
//! succeed in a store that is locked or was never set up (`pass` without `pass init` has nothing to
//! show): only a `store` proves that something can be stored. A store that asks for a passphrase by
//! a window or a terminal of its own may do so until the deadline.
//!
//! # Invariants
//!
//! - Every call ends at its deadline, or when it is cancelled. Then the helper and what it started, its process group, is
//!   killed; on Windows the helper alone. A terminal that a killed helper could ask at has its modes back.
//! - Only a program with an absolute path is started, never one from the current folder. It gets its
//!   verb as its one argument, three pipes, and the environment as it is; a secret goes through its
//!   standard input only.
//! - What a helper says never reaches the terminal by itself. Its words become one clean line of an
//!   [`Error`], without any part of the secret that it was given, or are left out.
//! - Buffers that hold a secret are wiped when they are dropped, and those that are written never
//!   grow, which would leave copies behind.
//! - It blocks: an async caller runs it where blocking is allowed.

mod helper;

mod message;
mod protocol;
mod run;

mod error;

pub use error::{Error, InvalidName};
pub use helper::Helper;
pub use protocol::Credential;
