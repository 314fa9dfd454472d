//! `login-cli` as a library: flags in, text and exit code out.
//!
//! ```
#![doc = include_str!("../examples/look_up_command.rs")]
//! ```
//!
//! [`run`] is the program. [`definition`] is its command line as data; `cargo xtask dist` writes the
//! manual from it.
//!
//! # What this crate does not do
//!
//! It signs nobody in: `login` does, and is the library for other programs. [`run`] takes over the
//! process: its arguments, its terminal, its signals and its panics.
//!
//! # Invariants
//!
//! - Of our crates, only this one reads the environment, in the module `environment`.
//! - Standard output is for programs and standard error is for people.

#![expect(clippy::needless_doctest_main, reason = "the example is a program as well")]

mod args;
mod browser_process;
mod codex_cli;
mod commands;
mod completions;
mod context;
mod core_dump;
mod environment;
mod error;
mod events;
mod interruption;
mod logging;
mod mutex;
mod opener;
mod output;
mod panic;
#[cfg(feature = "postgres")]
mod postgres;
mod profiles;
mod project_menu;
mod prompt;
mod run;
mod runtime;
mod secret_text;
mod shell_path;
mod signals;
mod stdin;
mod stdout_watch;
mod store_timeout;
mod sudo_warning;
mod user_input;

pub use args::definition;
pub use run::run;
