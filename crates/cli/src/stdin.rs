//! A secret from standard input, where no list of processes shows it.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::time::Duration;

use credentials::{AccessToken, ApiKey, Claims, MalformedJwt};
use jiff::Timestamp;
use tokio::task::spawn_blocking;
use tokio::time::sleep;
use zeroize::{Zeroize as _, Zeroizing};

use crate::failure::Failure;
use crate::secret_text;
use crate::terminal::{Terminal, from_now};
use crate::unseen::{Typing, Unseen, hide_again, typed};

/// No key and no token comes near it.
const LONGEST: usize = 16 * 1024;

/// Why what was read is no API key. Nothing of it is repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadKey {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("it is more than one word")]
    Several,
    #[error("it is an access token")]
    AccessToken,
    #[error("it does not begin with sk-")]
    Beginning,
    #[error("it is shorter than a key")]
    TooShort,
    #[error("it has a character that no key has")]
    Character,
}

/// Why what was read is no access token. Nothing of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadToken {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    #[error("it is more than one word")]
    Several,
    #[error("it is an API key")]
    ApiKey,
    #[error("it is an ID token")]
    IdToken,
    #[error(transparent)]
    Malformed(MalformedJwt),
    #[error("it expired {0}")]
    Expired(String),
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
    let text = secret(terminal, "API key", Typing::Lines).await?;
    as_key(text.as_deref().map(String::as_str)).map_err(Failure::NoApiKey)
}

/// Reads an access token likewise. It is longer than a line of some terminals may be. One that is for one of the `clients` is an ID token.
pub(crate) async fn access_token(
    terminal: Terminal,
    clients: &[&str],
    now: Timestamp,
) -> Result<ImportedToken, Failure> {
    let text = secret(terminal, "access token", Typing::Keys).await?;
    as_token(text.as_deref().map(String::as_str), clients, now).map_err(Failure::NoAccessToken)
}

/// What was read, or nothing where it was too long to be read to its end.
async fn secret(
    terminal: Terminal,
    what: &str,
    typing: Typing,
) -> Result<Option<Zeroizing<String>>, Failure> {
    let is_typed = io::stdin().is_terminal();
    // Before anybody is asked, and given back when this is dropped, also by Ctrl-C.
    let _unseen = is_typed.then(|| Unseen::begin(typing));
    if is_typed {
        terminal.say(&format!("Paste the {what}, which is not shown, and press Enter:"));
    }
    let read = move || {
        if is_typed { one_line(typed()?) } else { everything(unbuffered()?) }
    };
    let reading = spawn_blocking(read);
    let outcome = tokio::select! {
        outcome = reading => outcome,
        never = keep_unseen(typing), if is_typed => match never {},
    };
    outcome.map_err(io::Error::other).flatten().map_err(Failure::Input)
}

/// A shell that had the terminal in between shows what is typed again (Ctrl-Z, `fg`).
async fn keep_unseen(typing: Typing) -> Infallible {
    const TICK: Duration = Duration::from_millis(250);
    loop {
        sleep(TICK).await;
        hide_again(typing);
    }
}

/// Standard input without the buffer of the standard library, which would keep what is a secret.
#[cfg(unix)]
pub(crate) fn unbuffered() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Standard input without the buffer of the standard library, which would keep what is a secret.
#[cfg(windows)]
pub(crate) fn unbuffered() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

/// What is typed until Enter, or until Ctrl-D. Where keys are read, those that correct a line are keys
/// like any other.
fn one_line(mut input: impl Read) -> io::Result<Option<Zeroizing<String>>> {
    const CTRL_D: u8 = 0x04;
    const CTRL_U: u8 = 0x15;
    const BACKSPACE: u8 = 0x08;
    const DELETE: u8 = 0x7f;
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let mut key = [0];
    while input.read(&mut key)? == 1 {
        match key[0] {
            b'\n' | b'\r' | CTRL_D => break,
            BACKSPACE | DELETE => drop(line.pop()),
            CTRL_U => line.zeroize(),
            key if line.len() <= LONGEST => line.push(key),
            _ => {}
        }
    }
    text(&line)
}

fn everything(input: impl Read) -> io::Result<Option<Zeroizing<String>>> {
    let mut all = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    input.take(LONGEST as u64 + 1).read_to_end(&mut all)?;
    text(&all)
}

/// A text that is too long was not read to its end, and half a secret is none.
fn text(bytes: &[u8]) -> io::Result<Option<Zeroizing<String>>> {
    if bytes.len() > LONGEST {
        return Ok(None);
    }
    secret_text::decode(bytes).map(Some)
}

/// What has the shape of a key: one word that begins with `sk-`.
fn as_key(text: Option<&str>) -> Result<ApiKey, BadKey> {
    const SHORTEST: usize = 20;
    let word = secret_text::value(text.ok_or(BadKey::TooLong)?);
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if word.is_empty() {
        return Err(BadKey::Empty);
    }
    if word.contains(char::is_whitespace) {
        return Err(BadKey::Several);
    }
    if word.starts_with("eyJ") || word.starts_with(PERSONAL) {
        return Err(BadKey::AccessToken);
    }
    if !word.starts_with("sk-") {
        return Err(BadKey::Beginning);
    }
    if word.len() < SHORTEST {
        return Err(BadKey::TooShort);
    }
    let key = Some(word).filter(|word| word.chars().all(fits));
    key.and_then(|word| ApiKey::new(word).ok()).ok_or(BadKey::Character)
}

/// How every personal access token begins.
const PERSONAL: &str = "at-";

/// What has the shape of a token that is good for something: a personal access token, or one JWT, which
/// is for an API, and is not over.
fn as_token(
    text: Option<&str>,
    clients: &[&str],
    now: Timestamp,
) -> Result<ImportedToken, BadToken> {
    let word = secret_text::value(text.ok_or(BadToken::TooLong)?);
    if word.contains(char::is_whitespace) {
        return Err(BadToken::Several);
    }
    if word.starts_with("sk-") {
        return Err(BadToken::ApiKey);
    }
    if word.is_empty() {
        return Err(BadToken::Empty);
    }
    let token = AccessToken::new(word).map_err(|_| BadToken::Malformed(MalformedJwt::Encoding))?;
    if is_personal(word) {
        return Ok(ImportedToken::Personal(token));
    }
    let claims = Claims::of_access_token_without_verifying(&token).map_err(BadToken::Malformed)?;
    // What stood behind it where it was copied, such as a quote or a semicolon, is not part of it.
    let is_base64url = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !word.chars().all(is_base64url) {
        return Err(BadToken::Malformed(MalformedJwt::Encoding));
    }
    if is_for(&claims, clients) {
        return Err(BadToken::IdToken);
    }
    match claims.exp.and_then(|exp| Timestamp::from_second(exp).ok()) {
        Some(exp) if exp <= now => Err(BadToken::Expired(from_now(exp, now))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_one_word_that_begins_with_sk() {
        let judged = |text: &str| as_key(Some(text)).map(drop);
        for good in [
            "sk-proj-abcdefghijklmnop_qrstuvwxyz\n",
            "  sk-abcdefghijklmnopqrstuvwxyz\r\n",
            "export OPENAI_API_KEY=\"sk-abcdefghijklmnopqrstuvwxyz\"\n",
            "Bearer sk-abcdefghijklmnopqrstuvwxyz",
        ] {
            assert_eq!(judged(good), Ok(()), "{good:?}");
        }
        for (bad, why) in [
            ("", BadKey::Empty),
            ("\n", BadKey::Empty),
            ("OPENAI_API_KEY=", BadKey::Empty),
            ("sk-", BadKey::TooShort),
            ("sk-short", BadKey::TooShort),
            ("pk-abcdefghijklmnopqrstuvwxyz", BadKey::Beginning),
            ("sk-abcdefghijkl mnopqrstuvwxyz", BadKey::Several),
            ("sk-abcdefghijkl\nsk-mnopqrstuvwxyz", BadKey::Several),
            ("sk-abcdefghijklmnopqrst\u{e9}", BadKey::Character),
            ("sk-abcdefghijklmnopqrst\u{1b}[A", BadKey::Character),
            ("{\"key\":\"sk-abcdefghijklmnopqrst\"}", BadKey::Beginning),
            ("at-0123456789abcdefghij", BadKey::AccessToken),
            (&jwt("{}"), BadKey::AccessToken),
        ] {
            assert_eq!(judged(bad), Err(why), "{bad:?}");
        }
        assert_eq!(as_key(None).map(drop), Err(BadKey::TooLong));
    }

    fn jwt(payload: &str) -> String {
        use base64::Engine as _;
        let part = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(payload), part("signature"))
    }

    #[track_caller]
    fn is_token(text: &str, outcome: &Result<(), BadToken>) {
        let now = Timestamp::from_second(1_000_000).unwrap();
        assert_eq!(
            &as_token(Some(text), &["app_1", "app_2"], now).map(|_| ()),
            outcome,
            "{text:.40}"
        );
    }

    #[test]
    fn a_token_is_one_jwt_that_is_not_over() {
        let good = jwt(r#"{"exp":1000001}"#);
        is_token(&good, &Ok(()));
        is_token(&format!("  {good}\r\n"), &Ok(()));
        is_token(&jwt("{}"), &Ok(()));
        is_token("", &Err(BadToken::Empty));
        is_token("\n", &Err(BadToken::Empty));
        is_token(&format!("{good}\n{good}"), &Err(BadToken::Several));
        is_token(&format!("Authorization: Bearer {good}"), &Ok(()));
        is_token(&format!("CODEX_ACCESS_TOKEN='{good}'"), &Ok(()));
        is_token("sk-proj-abcdefghijklmnop", &Err(BadToken::ApiKey));
        is_token("at-0123456789", &Ok(()));
        is_token("  at-a_b-c.d0123\r\n", &Ok(()));
        is_token("at-", &Err(BadToken::Malformed(MalformedJwt::Parts)));
        is_token("at-0123456789\u{7f}", &Err(BadToken::Malformed(MalformedJwt::Encoding)));
        is_token(&good.replace('.', ".+"), &Err(BadToken::Malformed(MalformedJwt::Encoding)));
        is_token(&jwt("[]"), &Err(BadToken::Malformed(MalformedJwt::Claims)));
        is_token(&jwt(r#"{"exp":1000000}"#), &Err(BadToken::Expired("just now".to_owned())));
        is_token(&jwt(r#"{"aud":["https://api.test/v1"]}"#), &Ok(()));
        is_token(&jwt(r#"{"aud":"app_2"}"#), &Err(BadToken::IdToken));
        is_token(&jwt(r#"{"aud":["app_1"],"exp":1}"#), &Err(BadToken::IdToken));
        let long_ago = Err(BadToken::Expired("2 hours ago".to_owned()));
        is_token(&jwt(&format!(r#"{{"exp":{}}}"#, 1_000_000 - 7200)), &long_ago);
    }

    #[test]
    fn a_line_ends_with_enter_and_can_be_corrected() {
        for (typed, line) in [
            (&b"sk-1\nrest"[..], "sk-1"),
            (b"sk-1\rrest", "sk-1"),
            (b"sk-1\x04rest", "sk-1"),
            (b"sk-x\x7f1\n", "sk-1"),
            (b"wrong\x15sk-1\n", "sk-1"),
            (b"\x08sk-1", "sk-1"),
        ] {
            assert_eq!(one_line(typed).unwrap().unwrap().as_str(), line);
        }
        let endless = "x".repeat(2 * LONGEST);
        assert!(one_line(endless.as_bytes()).unwrap().is_none());
        assert!(everything(endless.as_bytes()).unwrap().is_none());
    }
}
