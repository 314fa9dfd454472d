//! Stores secrets with a `docker-credential-NAME` program, by the protocol of
//! [docker-credential-helpers](https://github.com/docker/docker-credential-helpers): `pass`, the
//! Secret Service, the keychains of macOS and Windows, and others.
//!
//! ```
#![doc = include_str!("../examples/store_and_get.rs")]
//! ```
//!
//! # The protocol
//!
//! The program is started with one argument: `store`, `get`, `erase` or `list`. `store` reads
//! `{"ServerURL":…,"Username":…,"Secret":…}` from standard input; `get` and `erase` read the URL. `get`
//! answers with such an object, `list` with an object of usernames by URL. A program that fails exits
//! with another code than 0 and a message on standard output, some on standard error. A missing entry
//! is a failure with a fixed message, and in older helpers (0.6 of `pass`) an answer without username
//! and secret; here both are `None`.
//!
//! # What this crate does not do
//!
//! It reads no environment: the caller passes the folders to search. It does not know what a secret
//! means, and does not read back what it stored. Stores have limits: helpers written in Go read lines of
//! less than 64 KiB, the Windows Credential Manager takes 2,560 bytes, and `pass` drops line ends at the
//! end of a secret. `list` and `get` may succeed in a store that is locked or was never set up; only
//! `store` proves that it works. A store may prompt for a passphrase until the deadline.
//!
//! # Invariants
//!
//! - Every call ends at its deadline or when it is cancelled. The helper is then killed with its process
//!   group (on Windows alone), and the modes of its terminal are restored.
//! - Only a program with an absolute path is started, never one from the current folder. It gets one
//!   argument, three pipes and the environment; a secret goes through standard input only.
//! - Output of a helper never reaches the terminal directly. Its message becomes one clean line of an
//!   [`Error`], and is withheld if it contains a part of the secret.
//! - Buffers with a secret are wiped when they are dropped, and never grow, which would leave copies
//!   behind.
//! - It blocks: an async caller uses a thread.

mod helper;

mod message;
mod protocol;
mod run;

mod error;

#[cfg(fuzzing)]
pub mod fuzzing;

pub use error::{Error, InvalidName};
pub use helper::Helper;
pub use protocol::Credential;
