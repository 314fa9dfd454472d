//! A secret from standard input, where no list of processes shows it.

use std::convert::Infallible;
use std::io::{self, IsTerminal as _, Read};
use std::time::Duration;

use credentials::{AccessToken, ApiKey, Claims, MalformedJwt};
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use zeroize::{Zeroize as _, Zeroizing};

use crate::failure::Failure;
use crate::secret_text;
use terminal_ui::{HiddenInput, has_more, reapply, typed, unbuffered};
use terminal_ui::{Terminal, from_now};

#[cfg(test)]
mod tests;

/// No key and no token comes near it.
const LONGEST: usize = 16 * 1024;

/// Why what was read is not the secret that was asked for. Nothing of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSecret {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("it is more than one line")]
    SeveralLines,
    #[error("it is more than one word")]
    SeveralWords,
    #[error("the paste has no end")]
    UnfinishedPaste,
    #[error("it is an access token")]
    AccessToken,
    #[error("it is an API key")]
    ApiKey,
    #[error("it is an ID token")]
    IdToken,
    #[error("it does not begin with sk-")]
    Beginning,
    #[error("it is shorter than a key")]
    TooShort,
    #[error("it has a character that no key has")]
    Character,
    #[error(transparent)]
    Malformed(MalformedJwt),
    #[error("it expired {0}")]
    Expired(String),
}

impl BadSecret {
    /// Whether a line break or the end of a paste is what is wrong with it.
    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::SeveralLines | Self::UnfinishedPaste)
    }
}

/// An access token that a person has already.
pub(crate) enum ImportedToken {
    /// Of a sign-in with ChatGPT, and what it says of itself.
    Jwt(AccessToken, Box<Claims>),
    /// A personal access token, `at-…`, which says nothing.
    Personal(AccessToken),
}

/// Reads an API key: one line. A person who types it does not see it.
pub(crate) async fn api_key(terminal: Terminal) -> Result<ApiKey, Failure> {
    let text = secret(terminal, "API key").await?;
    text.and_then(|text| as_key(&text)).map_err(Failure::NoApiKey)
}

/// Reads an access token likewise. One that is for one of the `clients` is an ID token.
pub(crate) async fn access_token(
    terminal: Terminal,
    clients: &[&str],
    now: Timestamp,
) -> Result<ImportedToken, Failure> {
    let text = secret(terminal, "access token").await?;
    text.and_then(|text| as_token(&text, clients, now)).map_err(Failure::NoAccessToken)
}

/// The one line that was read, or why it is not one.
type Line = Result<Zeroizing<String>, BadSecret>;

async fn secret(terminal: Terminal, what: &str) -> Result<Line, Failure> {
    let is_typed = io::stdin().is_terminal();
    // Before anybody is asked, and given back when this is dropped, also by Ctrl-C.
    let _unseen = is_typed.then(HiddenInput::begin);
    if is_typed {
        terminal.say(&format!("Paste the {what}, which is not shown, and press Enter:"));
    }
    let read = move || {
        if is_typed { one_line(typed()?, || has_more(PAUSE)) } else { everything(unbuffered()?) }
    };
    let reading = spawn_blocking(read);
    let outcome = tokio::select! {
        outcome = reading => outcome,
        never = keep_unseen(), if is_typed => match never {},
    };
    outcome.map_err(io::Error::other).flatten().map_err(Failure::Input)
}

/// A shell that had the terminal in between shows what is typed again (Ctrl-Z, `fg`).
async fn keep_unseen() -> Infallible {
    const TICK: Duration = Duration::from_millis(250);
    loop {
        sleep(TICK).await;
        reapply();
    }
}

/// A paste has no pause that is longer, and a person takes longer to press the next key.
const PAUSE: Duration = Duration::from_millis(50);

/// What is typed until Enter, or until Ctrl-D. What follows at once is the rest of a paste with a line
/// break in it, and is read too: the part before the break looks whole, and the rest is no command for
/// the shell. Where keys are read, those that correct a line are keys like any other.
fn one_line(mut input: impl Read, has_more: impl Fn() -> bool) -> io::Result<Line> {
    const CTRL_D: u8 = 0x04;
    const CTRL_U: u8 = 0x15;
    const BACKSPACE: u8 = 0x08;
    const DELETE: u8 = 0x7f;
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let mut key = [0];
    let mut is_ended = false;
    while (!is_ended || has_more()) && input.read(&mut key)? == 1 {
        match key[0] {
            b'\n' | b'\r' | CTRL_D => {
                is_ended = true;
                push(&mut line, b'\n');
            }
            BACKSPACE | DELETE => drop(line.pop()),
            CTRL_U => line.zeroize(),
            key => push(&mut line, key),
        }
    }
    text(&line)
}

/// One byte too many is kept, so that a text that is too long is known to be.
fn push(line: &mut Vec<u8>, key: u8) {
    if line.len() <= LONGEST {
        line.push(key);
    }
}

fn everything(input: impl Read) -> io::Result<Line> {
    let mut all = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    input.take(LONGEST as u64 + 1).read_to_end(&mut all)?;
    text(&all)
}

/// Half a secret is none: one that was not read to its end, or is broken into lines.
fn text(bytes: &[u8]) -> io::Result<Line> {
    if bytes.len() > LONGEST {
        return Ok(Err(BadSecret::TooLong));
    }
    if secret_text::is_paste_unfinished(bytes) {
        return Ok(Err(BadSecret::UnfinishedPaste));
    }
    let text = secret_text::decode(bytes)?;
    let has_break = text.trim().contains(['\n', '\r']);
    Ok(if has_break { Err(BadSecret::SeveralLines) } else { Ok(text) })
}

/// What has the shape of a key: one word that begins with `sk-`.
fn as_key(text: &str) -> Result<ApiKey, BadSecret> {
    const SHORTEST: usize = 20;
    let word = secret_text::value(text);
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if word.is_empty() {
        return Err(BadSecret::Empty);
    }
    if word.contains(char::is_whitespace) {
        return Err(BadSecret::SeveralWords);
    }
    if word.starts_with("eyJ") || word.starts_with(PERSONAL) {
        return Err(BadSecret::AccessToken);
    }
    if !word.starts_with("sk-") {
        return Err(BadSecret::Beginning);
    }
    if word.len() < SHORTEST {
        return Err(BadSecret::TooShort);
    }
    let key = Some(word).filter(|word| word.chars().all(fits));
    key.and_then(|word| ApiKey::new(word).ok()).ok_or(BadSecret::Character)
}

/// How every personal access token begins.
const PERSONAL: &str = "at-";

/// What has the shape of a token that is good for something: a personal access token, or one JWT, which
/// is for an API, and is not over.
fn as_token(text: &str, clients: &[&str], now: Timestamp) -> Result<ImportedToken, BadSecret> {
    let word = secret_text::value(text);
    if word.contains(char::is_whitespace) {
        return Err(BadSecret::SeveralWords);
    }
    if word.starts_with("sk-") {
        return Err(BadSecret::ApiKey);
    }
    if word.is_empty() {
        return Err(BadSecret::Empty);
    }
    let token = AccessToken::new(word).map_err(|_| BadSecret::Malformed(MalformedJwt::Encoding))?;
    if is_personal(word) {
        return Ok(ImportedToken::Personal(token));
    }
    let claims = Claims::of_access_token_without_verifying(&token).map_err(BadSecret::Malformed)?;
    // What stood behind it where it was copied, such as a quote or a semicolon, is not part of it.
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
    // Dots in a row stand where somebody has cut it short.
    let is_cut = word.contains("..");
    word.starts_with(PERSONAL) && word.len() >= SHORTEST && word.chars().all(fits) && !is_cut
}

/// The audience of an ID token is the client that asked for it
/// ([OpenID Connect Core §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)), where an
/// access token has the API that takes it.
fn is_for(claims: &Claims, clients: &[&str]) -> bool {
    let audiences = claims.aud.as_deref().unwrap_or_default();
    audiences.iter().any(|audience| clients.contains(&audience.as_str()))
}
