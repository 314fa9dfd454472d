//! A secret as it is pasted: with a byte-order mark, in quotes, with the marks of a terminal.
//!
//! The text around the secret is removed. In the secret, only invisible characters are removed, which no
//! key and no token has. `stdin` decides whether the rest is a key or a token.

use std::io;

use zeroize::Zeroizing;

/// The marks that a terminal writes around a paste, if an earlier program has left that mode on
/// (bracketed paste of xterm).
const PASTE: [&str; 2] = ["\u{1b}[200~", "\u{1b}[201~"];

/// Whether the last mark starts a paste: the end of the secret is missing.
pub(crate) fn is_paste_unfinished(bytes: &[u8]) -> bool {
    let last = |mark: &str| bytes.windows(mark.len()).rposition(|it| it == mark.as_bytes());
    let [begin, end] = PASTE.map(last);
    begin.is_some() && begin > end
}

/// Decodes UTF-8, and removes invisible characters.
///
/// # Errors
///
/// The text is in another encoding, such as UTF-16.
pub(crate) fn decode(bytes: &[u8]) -> io::Result<Zeroizing<String>> {
    let problem = match bytes {
        // As `>` of Windows PowerShell writes it.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "it is UTF-16: save it as UTF-8",
        _ => "it is not UTF-8",
    };
    let text = std::str::from_utf8(bytes).map_err(|_| io::Error::other(problem))?;
    Ok(visible(text))
}

/// The value without quotes.
pub(crate) fn value(text: &str) -> &str {
    const QUOTES: [(char, char); 5] =
        [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];
    let text = text.trim();
    let inside = |(begin, end)| text.strip_prefix(begin)?.strip_suffix(end);
    QUOTES.into_iter().find_map(inside).map_or(text, str::trim)
}

fn visible(text: &str) -> Zeroizing<String> {
    let mut visible = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mark = PASTE.iter().find_map(|mark| rest.strip_prefix(mark));
        rest = mark.unwrap_or_else(|| {
            if !is_invisible(c) {
                visible.push(c);
            }
            &rest[c.len_utf8()..]
        });
    }
    visible
}

/// Soft hyphens and zero-width characters of web pages and chats, and marks of direction and byte order.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-proj-abcdefghijklmnop_1234";

    #[track_caller]
    fn assert_value(bytes: &[u8]) {
        let text = decode(bytes).unwrap();
        assert_eq!(value(&text), KEY, "{:?}", text.as_str());
    }

    // threats 222
    #[test]
    fn text_around_a_secret_is_removed() {
        for text in [
            "@@",
            " \t@@\r\n",
            "\u{feff}@@\n",
            "\u{a0}@@\u{a0}",
            "\"@@\"\n",
            "'@@'",
            "`@@`",
            "\u{201c}@@\u{201d}",
            "\u{2018}@@\u{2019}",
            "\u{200b}@@\u{200b}\u{2060}",
            "\u{1b}[200~@@\u{1b}[201~\n",
        ] {
            assert_value(text.replace("@@", KEY).as_bytes());
        }
        let (begin, end) = KEY.split_at(9);
        assert_value(format!("{begin}\u{200b}\u{ad}{end}").as_bytes());
    }

    // threats 222
    #[test]
    fn undecodable_bytes_are_an_error() {
        for bytes in [&b"\xff"[..], b"sk-\xe9", b"\xff\xfes\0k\0-\0"] {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }

    // threats 222
    #[test]
    fn text_inside_a_secret_is_unchanged() {
        for text in
            ["sk-a=b c", "KEY=sk-a", "Bearer a", "a\nb", "\"a", "x:y", "Bearer", "{\"KEY\"=1}", ""]
        {
            assert_eq!(value(text), text);
        }
        assert_eq!(decode(b"a\x1b[A\x00").unwrap().as_str(), "a\x1b[A\0");
    }
}
