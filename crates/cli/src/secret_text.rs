//! A secret as it is pasted: with a byte-order mark, in quotes, with the name of its variable.
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

/// Decodes UTF-8, or UTF-16 with a byte-order mark, as PowerShell 5 writes it, and removes invisible
/// characters.
///
/// # Errors
///
/// The text is neither.
pub(crate) fn decode(bytes: &[u8]) -> io::Result<Zeroizing<String>> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
        _ => std::str::from_utf8(bytes).ok().map(|text| Zeroizing::new(text.to_owned())),
    };
    let text = text.ok_or_else(|| io::Error::other("it is neither UTF-8 nor UTF-16"))?;
    Ok(visible(&text))
}

/// The value without quotes, the name of a variable, and the name of the scheme (RFC 6750 §2.1).
pub(crate) fn value(text: &str) -> &str {
    unquoted(without_scheme(unquoted(without_name(text.trim()))))
}

/// With room for all of it, so that growing leaves no copy of a secret.
fn utf_16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Zeroizing<String>> {
    let (pairs, []) = bytes.as_chunks() else { return None };
    let mut text = Zeroizing::new(String::with_capacity(2 * bytes.len()));
    for c in char::decode_utf16(pairs.iter().copied().map(unit)) {
        text.push(c.ok()?);
    }
    Some(text)
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

/// The value of `NAME=value`, as in `.env` files and shells.
fn without_name(text: &str) -> &str {
    let Some((name, value)) = text.split_once('=') else { return text };
    let name = ["export ", "set ", "$env:"]
        .into_iter()
        .find_map(|word| name.strip_prefix(word))
        .unwrap_or(name)
        .trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    match !name.is_empty() && name.chars().all(fits) {
        true => value.trim(),
        false => text,
    }
}

/// The value of `Authorization: Bearer value`, or of a part of it.
fn without_scheme(text: &str) -> &str {
    let without = |text, word: &str| match str::split_at_checked(text, word.len()) {
        Some((first, rest)) if first.eq_ignore_ascii_case(word) => rest.trim(),
        _ => text,
    };
    without(without(text, "Authorization:"), "Bearer ")
}

fn unquoted(text: &str) -> &str {
    const QUOTES: [(char, char); 5] =
        [('"', '"'), ('\'', '\''), ('`', '`'), ('\u{201c}', '\u{201d}'), ('\u{2018}', '\u{2019}')];
    let inside = |(begin, end)| text.strip_prefix(begin)?.strip_suffix(end);
    QUOTES.into_iter().find_map(inside).map_or(text, str::trim)
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
            "OPENAI_API_KEY=@@",
            "OPENAI_API_KEY=\"@@\"\r\n",
            "export OPENAI_API_KEY='@@'",
            "set OPENAI_API_KEY=@@",
            "$env:OPENAI_API_KEY = \"@@\"",
            "Bearer @@",
            "bearer  @@",
            "Authorization: Bearer @@",
            "\"Authorization: Bearer @@\"",
        ] {
            assert_value(text.replace("@@", KEY).as_bytes());
        }
        let (begin, end) = KEY.split_at(9);
        assert_value(format!("{begin}\u{200b}\u{ad}{end}").as_bytes());
    }

    // threats 222
    #[test]
    fn utf_16_is_decoded_by_its_mark() {
        let units = |text: String| text.encode_utf16().collect::<Vec<_>>();
        for text in [format!("\u{feff}{KEY}\r\n"), format!("\u{feff}\"{KEY}\"")] {
            let little: Vec<u8> =
                units(text.clone()).into_iter().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = units(text).into_iter().flat_map(u16::to_be_bytes).collect();
            assert_value(&little);
            assert_value(&big);
        }
    }

    // threats 222
    #[test]
    fn undecodable_bytes_are_an_error() {
        for bytes in
            [&b"\xff"[..], b"sk-\xe9", b"\xff\xfes", b"\xff\xfe\x00\xd8", b"\xfe\xff\xdc\x00"]
        {
            assert!(decode(bytes).is_err(), "{bytes:?}");
        }
    }

    // threats 222
    #[test]
    fn text_inside_a_secret_is_unchanged() {
        for text in ["sk-a=b c", "a\nb", "\"a", "x:y", "Bearer", "{\"KEY\"=1}", ""] {
            assert_eq!(value(text), text);
        }
        assert_eq!(decode(b"a\x1b[A\x00").unwrap().as_str(), "a\x1b[A\0");
    }
}
