//! The entry points of a fuzz target in `fuzz/`. Only builds with `--cfg fuzzing` have them.

use std::collections::BTreeMap;
use std::process::ExitStatus;

use zeroize::Zeroizing;

use crate::run::Outcome;
use crate::{Credential, message, protocol};

/// The answer of `get`; `None` without an entry.
///
/// # Errors
///
/// It is no answer of `get`.
pub fn get_answer(answer: &[u8]) -> serde_json::Result<Option<Credential>> {
    protocol::credential(answer)
}

/// The answer of `list`.
///
/// # Errors
///
/// It is no answer of `list`.
pub fn list_answer(answer: &[u8]) -> serde_json::Result<BTreeMap<String, String>> {
    protocol::entries(answer)
}

/// The input of `store`.
///
/// # Errors
///
/// None: every text is JSON.
pub fn store_input(url: &str, entry: &Credential) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    protocol::entry(url, entry)
}

/// The message of a helper that could not store this secret.
#[must_use]
pub fn refusal(stdout: &[u8], stderr: &[u8], secret: &str) -> String {
    let (stdout, stderr) = (stdout.to_vec().into(), stderr.to_vec().into());
    let status = ExitStatus::default();
    message::refusal(&Outcome { status, stdout, stderr }, secret)
}
