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
use crate::terminal::{Terminal, from_now};
use crate::unseen::{Typing, Unseen, hide_again};

/// No key and no token comes near it.
const LONGEST: usize = 16 * 1024;

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

/// Reads an API key: one line. A person who types it does not see it.
pub(crate) async fn api_key(terminal: Terminal) -> Result<ApiKey, Failure> {
    as_key(&secret(terminal, "API key", Typing::Lines).await?).ok_or(Failure::NoApiKey)
}

/// Reads an access token likewise, and what it says of itself. It is longer than a line of some
/// terminals may be. One that is for one of the `clients` is an ID token.
pub(crate) async fn access_token(
    terminal: Terminal,
    clients: &[&str],
    now: Timestamp,
) -> Result<(AccessToken, Claims), Failure> {
    let text = secret(terminal, "access token", Typing::Keys).await?;
    as_token(&text, clients, now).map_err(Failure::NoAccessToken)
}

async fn secret(
    terminal: Terminal,
    what: &str,
    typing: Typing,
) -> Result<Zeroizing<String>, Failure> {
    let is_typed = io::stdin().is_terminal();
    // Before anybody is asked, and given back when this is dropped, also by Ctrl-C.
    let _unseen = is_typed.then(|| Unseen::begin(typing));
    if is_typed {
        terminal.say(&format!("Paste the {what}, which is not shown, and press Enter:"));
    }
    let read = move || {
        let stdin = unbuffered()?;
        if is_typed { one_line(stdin) } else { everything(stdin) }
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
fn one_line(mut input: impl Read) -> io::Result<Zeroizing<String>> {
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

fn everything(input: impl Read) -> io::Result<Zeroizing<String>> {
    let mut all = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    input.take(LONGEST as u64 + 1).read_to_end(&mut all)?;
    text(&all)
}

fn text(bytes: &[u8]) -> io::Result<Zeroizing<String>> {
    let text = std::str::from_utf8(bytes).map_err(io::Error::other)?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// What has the shape of a key: one word that begins with `sk-`. A text that is too long was not read
/// to its end, and half a key is none.
fn as_key(text: &str) -> Option<ApiKey> {
    const SHORTEST: usize = 20;
    let word = Some(text.trim()).filter(|_| text.len() <= LONGEST)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let has_shape = word.starts_with("sk-") && word.len() >= SHORTEST && word.chars().all(fits);
    has_shape.then(|| ApiKey::new(word).ok()).flatten()
}

/// What has the shape of a token that is good for something: one JWT, which is for an API, and is not
/// over.
fn as_token(
    text: &str,
    clients: &[&str],
    now: Timestamp,
) -> Result<(AccessToken, Claims), BadToken> {
    let word = text.trim();
    if text.len() > LONGEST {
        return Err(BadToken::TooLong);
    }
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
    let claims = Claims::of_access_token_without_verifying(&token).map_err(BadToken::Malformed)?;
    if is_for(&claims, clients) {
        return Err(BadToken::IdToken);
    }
    match claims.exp.and_then(|exp| Timestamp::from_second(exp).ok()) {
        Some(exp) if exp <= now => Err(BadToken::Expired(from_now(exp, now))),
        _ => Ok((token, claims)),
    }
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
        let is_key = |text: &str| as_key(text).is_some();
        assert!(is_key("sk-proj-abcdefghijklmnop_qrstuvwxyz\n"));
        assert!(is_key("  sk-abcdefghijklmnopqrstuvwxyz\r\n"));
        for bad in [
            "",
            "\n",
            "sk-",
            "sk-short",
            "pk-abcdefghijklmnopqrstuvwxyz",
            "sk-abcdefghijkl mnopqrstuvwxyz",
            "sk-abcdefghijkl\nsk-mnopqrstuvwxyz",
            "sk-abcdefghijklmnopqrst\u{e9}",
            "{\"key\":\"sk-abcdefghijklmnopqrst\"}",
            &format!("sk-{}", "x".repeat(LONGEST)),
        ] {
            assert!(!is_key(bad), "{bad:?}");
        }
    }

    fn jwt(payload: &str) -> String {
        use base64::Engine as _;
        let part = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(payload), part("signature"))
    }

    #[track_caller]
    fn is_token(text: &str, outcome: &Result<(), BadToken>) {
        let now = Timestamp::from_second(1_000_000).unwrap();
        assert_eq!(&as_token(text, &["app_1", "app_2"], now).map(|_| ()), outcome, "{text:.40}");
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
        is_token(&format!("Bearer {good}"), &Err(BadToken::Several));
        is_token("sk-proj-abcdefghijklmnop", &Err(BadToken::ApiKey));
        is_token(&"x".repeat(LONGEST + 1), &Err(BadToken::TooLong));
        is_token("at-0123456789", &Err(BadToken::Malformed(MalformedJwt::Parts)));
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
            assert_eq!(one_line(typed).unwrap().as_str(), line);
        }
        let endless = "x".repeat(2 * LONGEST);
        assert_eq!(one_line(endless.as_bytes()).unwrap().len(), LONGEST + 1);
    }
}
