//! A secret from standard input, where no list of processes shows it.

use std::io::{self, IsTerminal as _, Read as _};

use credentials::ApiKey;
use tokio::task::spawn_blocking;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::unseen::{Typing, Unseen};

/// No key comes near it.
const LONGEST: u64 = 4096;

/// Reads an API key: one line. A person who types it does not see it.
pub(crate) async fn api_key(terminal: Terminal) -> Result<ApiKey, Failure> {
    let is_typed = io::stdin().is_terminal();
    if is_typed {
        terminal.say("Paste the API key, which is not shown, and press Enter:");
    }
    // Given back when this is dropped, also by Ctrl-C.
    let _unseen = is_typed.then(|| Unseen::begin(Typing::Lines));
    let reading = spawn_blocking(move || if is_typed { one_line() } else { everything() });
    let text = reading.await.map_err(io::Error::other).flatten().map_err(Failure::Input)?;
    as_key(&text).ok_or(Failure::NoApiKey)
}

fn one_line() -> io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::with_capacity(LONGEST as usize));
    io::stdin().read_line(&mut line)?;
    Ok(line)
}

fn everything() -> io::Result<Zeroizing<String>> {
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize + 1));
    io::stdin().lock().take(LONGEST + 1).read_to_string(&mut text)?;
    Ok(text)
}

/// What has the shape of a key: one word that begins with `sk-`. A text that is too long was not read
/// to its end, and half a key is none.
fn as_key(text: &str) -> Option<ApiKey> {
    const SHORTEST: usize = 20;
    let word = Some(text.trim()).filter(|_| text.len() as u64 <= LONGEST)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let has_shape = word.starts_with("sk-") && word.len() >= SHORTEST && word.chars().all(fits);
    has_shape.then(|| ApiKey::new(word).ok()).flatten()
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
            &format!("sk-{}", "x".repeat(4096)),
        ] {
            assert!(!is_key(bad), "{bad:?}");
        }
    }
}
