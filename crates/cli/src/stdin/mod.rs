//! A secret from standard input: a command line is visible in the process list.

use std::io::{self, IsTerminal as _};

use credentials::{AccessToken, ApiKey, MalformedJwt};
use jiff::Timestamp;
use login::openai::Claims;
use terminal_ui::{MAX_INPUT, Terminal, from_now, read_all, read_hidden_line, say};
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::error::CliError;
use crate::secret_text;

mod bad_secret;
#[cfg(test)]
mod tests;

pub(crate) use bad_secret::BadSecret;

/// An access token that the user already has.
pub(crate) enum ImportedToken {
    /// A JWT of a sign-in with ChatGPT, and its claims.
    Jwt(AccessToken, Box<Claims>),
    /// A personal access token, `at-…`, which has no claims.
    Personal(AccessToken),
}

/// Reads an API key from one line. A terminal does not show it.
pub(crate) async fn api_key(terminal: Terminal) -> Result<ApiKey, CliError> {
    let text = read_secret(terminal, "API key").await?;
    text.and_then(|text| as_key(&text)).map_err(|source| CliError::WrongSecret {
        what: "API key",
        example: say("a key is one line that begins with sk-; for example: ")
            .run("login --with-api-key < key.txt"),
        source,
    })
}

/// Reads an access token in the same way. A token for one of the `clients` is an ID token.
pub(crate) async fn access_token(
    terminal: Terminal,
    clients: &[&str],
    now: Timestamp,
) -> Result<ImportedToken, CliError> {
    let text = read_secret(terminal, "access token").await?;
    text.and_then(|text| as_token(&text, clients, now)).map_err(|source| CliError::WrongSecret {
        what: "usable access token",
        example: say(
            "an access token is one line of three parts with dots between them; for example: ",
        )
        .run("login --with-access-token < token.txt"),
        source,
    })
}

/// The line, or why it is not one line.
type Line = Result<Zeroizing<String>, BadSecret>;

async fn read_secret(terminal: Terminal, what: &str) -> Result<Line, CliError> {
    let bytes = if io::stdin().is_terminal() {
        let prompt = format!("Paste the {what}, which is not shown, and press Enter:");
        read_hidden_line(terminal, &prompt).await
    } else {
        spawn_blocking(read_all).await.map_err(io::Error::other).flatten()
    };
    bytes.and_then(|bytes| one_line(&bytes)).map_err(CliError::Input)
}

/// The line of a pasted secret. An incomplete one is refused: one without its end, or broken into lines.
fn one_line(bytes: &[u8]) -> io::Result<Line> {
    if bytes.len() > MAX_INPUT {
        return Ok(Err(BadSecret::TooLong));
    }
    if secret_text::is_paste_unfinished(bytes) {
        return Ok(Err(BadSecret::UnfinishedPaste));
    }
    let text = secret_text::decode(bytes)?;
    let has_break = text.trim().contains(['\n', '\r']);
    Ok(if has_break { Err(BadSecret::SeveralLines) } else { Ok(text) })
}

/// The one word of the text.
fn word(text: &str) -> Result<&str, BadSecret> {
    match secret_text::value(text) {
        "" => Err(BadSecret::Empty),
        word if word.contains(char::is_whitespace) => Err(BadSecret::SeveralWords),
        word => Ok(word),
    }
}

/// The prefix of every API key.
const API_KEY: &str = "sk-";

/// The prefix of every personal access token.
const PERSONAL: &str = "at-";

fn as_key(text: &str) -> Result<ApiKey, BadSecret> {
    const SHORTEST: usize = 20;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match word(text)? {
        word if word.starts_with("eyJ") || word.starts_with(PERSONAL) => {
            Err(BadSecret::AccessToken)
        }
        word if !word.starts_with(API_KEY) => Err(BadSecret::Beginning),
        word if word.len() < SHORTEST => Err(BadSecret::TooShort),
        word if !word.chars().all(fits) => Err(BadSecret::Character),
        word => ApiKey::new(word).map_err(|_| BadSecret::Character),
    }
}

/// A usable token: a personal access token, or a JWT for an API that has not expired.
fn as_token(text: &str, clients: &[&str], now: Timestamp) -> Result<ImportedToken, BadSecret> {
    let word = word(text)?;
    if word.starts_with(API_KEY) {
        return Err(BadSecret::ApiKey);
    }
    let token = AccessToken::new(word).map_err(|_| BadSecret::Malformed(MalformedJwt::Encoding))?;
    if is_personal(word) {
        return Ok(ImportedToken::Personal(token));
    }
    let claims =
        Claims::decode_access_token_without_verifying(&token).map_err(BadSecret::Malformed)?;
    // A quote or a semicolon behind it is not part of it.
    let is_base64url = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !word.chars().all(is_base64url) {
        return Err(BadSecret::Malformed(MalformedJwt::Encoding));
    }
    if is_for(&claims, clients) {
        return Err(BadSecret::IdToken);
    }
    match claims.exp.and_then(|exp| Timestamp::from_second(exp).ok()) {
        Some(exp) if exp <= now => Err(BadSecret::Expired(from_now(exp, now))),
        _ => Ok(ImportedToken::Jwt(token, Box::new(claims))),
    }
}

fn is_personal(word: &str) -> bool {
    const SHORTEST: usize = 12;
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    // Dots in a row show that it was shortened.
    let is_cut = word.contains("..");
    word.starts_with(PERSONAL) && word.len() >= SHORTEST && word.chars().all(fits) && !is_cut
}

/// The audience of an ID token is the client that requested it
/// ([OpenID Connect Core §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)), where an
/// access token has the API that takes it.
fn is_for(claims: &Claims, clients: &[&str]) -> bool {
    let audiences = claims.aud.as_deref().unwrap_or_default();
    audiences.iter().any(|audience| clients.contains(&audience.as_str()))
}
