//! What attacks, breaks and measures `login-cli`, built and started as a person has it, against the
//! sandbox. `cargo xtask` is the command line.
//!
//! A count that is wrong fails. A time is compared and fails nothing: a machine may be busy.

mod bench;
mod browser;
mod command;
mod compare;
mod emulators;
mod faults;
mod http;
mod metrics;
mod model;
mod notice;
mod parallel;
pub mod program;
mod providers;
mod report;
mod simulate;
mod statistics;
mod stress;
mod system;

pub use command::{Command, run};
pub use notice::{progress, skipped};
