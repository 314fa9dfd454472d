//! The ports that the browser comes back to, in words.

use diagnostics::{PortFinding, PortRole};
use login::openai::{SIGN_IN_OTHER_PORT, SIGN_IN_PORT};
use oauth_callback_server::BindError;
use terminal_ui::command;

use super::row::Text;

pub(super) fn text(finding: PortFinding) -> Text {
    let (is_in_use, is_own) = (finding.is_in_use(), finding.is_own_sign_in());
    let PortFinding { port, role, outcome } = finding;
    let Err(error) = outcome else { return Text::new(port.to_string(), free(role)) };
    match role {
        PortRole::SignIn { is_fallback_free } if !is_own => {
            sign_in(taken(port, error), is_fallback_free, is_in_use)
        }
        PortRole::SignIn { .. } => taken(port, error),
        PortRole::SignInFallback { .. } => taken(port, error).without_remedy(),
        PortRole::CreateApiKey => create_key(taken(port, error), is_in_use),
    }
}

fn free(role: PortRole) -> String {
    match role {
        PortRole::SignIn { .. } => "free, for login".to_owned(),
        PortRole::SignInFallback { .. } => {
            format!("free, for login where {SIGN_IN_PORT} is taken")
        }
        PortRole::CreateApiKey => "free, for create-key".to_owned(),
    }
}

fn taken(port: u16, error: BindError) -> Text {
    Text::failed(port.to_string(), login::Error::Bind(error))
}

/// One of two ports is enough.
fn sign_in(text: Text, is_fallback_free: bool, is_in_use: bool) -> Text {
    match (is_fallback_free, is_in_use) {
        (true, true) => {
            let found = format!("{}; login takes {SIGN_IN_OTHER_PORT}", text.found);
            Text { found, ..text.without_remedy() }
        }
        // A login does not pass over a port that the system forbids.
        (true, false) => {
            text.without_remedy().remedy(command(format!("login --port {SIGN_IN_OTHER_PORT}")))
        }
        (false, true) => text
            .without_remedy()
            .remedy("end one of the two programs: OpenAI has registered no other port for login"),
        (false, false) => text,
    }
}

fn create_key(text: Text, is_in_use: bool) -> Text {
    let text = Text { found: format!("{}; create-key needs it", text.found), ..text };
    if cfg!(target_os = "macos") && is_in_use {
        return text
            .without_remedy()
            .remedy("turn off AirPlay Receiver in the settings, if that is what holds it");
    }
    text
}
