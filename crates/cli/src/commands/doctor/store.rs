//! The stored sign-in, in words.

use auth_store::{AuthDocument, Error, Holder, Location};
use diagnostics::StoreFinding;
use terminal_ui::command;

use super::row::Text;
use crate::args::shell_word;
use crate::commands::status;
use crate::{codex_cli, environment};

pub(super) fn text(finding: StoreFinding) -> Text {
    match finding {
        StoreFinding::Writable { location, is_missing } => place(&location, is_missing),
        StoreFinding::Unusable(error) => failed("place", error),
        StoreFinding::TimedOut => Text::new("place", "what holds the credentials does not answer")
            .remedy("see to it, or keep the credentials in a file with --store file"),
        StoreFinding::NotSignedIn => Text::new("sign-in", "none yet"),
        StoreFinding::SignedIn { document, has_ended } => sign_in(&document, has_ended),
        StoreFinding::Unreadable(error) => failed("sign-in", error),
        StoreFinding::Private => Text::new("mode", "no other user may read it"),
        StoreFinding::ReadableByOthers(location) => {
            Text::new("mode", "other users may read the file")
                .remedy(format!("chmod 600 {}", shell_word(&location.to_string())))
        }
        StoreFinding::Unusual(oddity) => Text::new("unusual", oddity.to_string()),
        StoreFinding::Unknown(error) => failed("mode", error),
        StoreFinding::IgnoredByCodex(obstacle) => {
            Text::new("Codex CLI", codex_cli::note(&obstacle))
        }
        StoreFinding::Unlocked => Text::new("lock", "no other program is using it"),
        StoreFinding::Locked(holder) => locked(holder.as_ref()),
        StoreFinding::NotLockable(error) => failed("lock", error),
    }
}

fn failed(name: &'static str, error: Error) -> Text {
    Text::failed(name, login::Error::Store(error))
}

fn place(location: &Location, is_missing: bool) -> Text {
    let folder = if is_missing { ", in a folder that the first sign-in makes" } else { "" };
    Text::new("place", format!("{location}{folder}"))
}

fn sign_in(document: &AuthDocument, has_ended: bool) -> Text {
    let token = status::access_token(document, environment::now());
    let token = token.map(|words| format!("; the access token {words}")).unwrap_or_default();
    let text = Text::new("sign-in", format!("{}{token}", status::how(document)));
    if has_ended { text.remedy(command("login")) } else { text }
}

fn locked(holder: Option<&Holder>) -> Text {
    let holder = holder.map_or_else(|| "another program".to_owned(), ToString::to_string);
    Text::new("lock", format!("{holder} is using it right now"))
        .remedy("a sign-in waits 45 seconds for it; if it stays like this, end that program")
}
