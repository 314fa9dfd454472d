//! The sentences about why Codex CLI does not use the `auth.json` of this program.

use auth_store::AuthStore;
use diagnostics::{CodexObstacle, codex_obstacles};

use crate::environment;

/// A sentence for each reason; none if Codex CLI uses the file.
pub(crate) fn notes(store: &AuthStore) -> Vec<String> {
    codex_obstacles(&store.location(), &environment::variable).iter().map(note).collect()
}

pub(crate) fn note(obstacle: &CodexObstacle) -> String {
    match obstacle {
        CodexObstacle::Config { setting, value } => format!(
            "Codex CLI does not read this file: config.toml beside it says {setting} = \"{value}\""
        ),
        CodexObstacle::Variable(name) => {
            format!("Codex CLI does not use this file while {name} is set")
        }
    }
}
