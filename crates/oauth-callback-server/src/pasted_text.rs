//! Finds URLs in pasted text. Terminals, mail programs and chats add quotes, line breaks, escapes or links.

use zeroize::Zeroizing;

use crate::query::decode;

/// A URL that the text may contain. It may contain the code.
pub(crate) type UrlCandidate = Zeroizing<String>;

/// The URLs that the text may contain, the most likely first. The `state` decides between them.
pub(crate) fn url_candidates(text: &str) -> Vec<UrlCandidate> {
    let original = trim(text.trim());
    let mut candidates = vec![owned(original)];
    let unescaped = unescape(text.trim());
    let unescaped = trim(&unescaped);
    candidates.extend((unescaped != original).then(|| owned(unescaped)));
    candidates.extend(unescaped.split_once("](").map(|(_, target)| owned(trim(target))));
    candidates.extend(urls_in_query(unescaped));
    // Last, because a code or a `state` may end in punctuation too.
    candidates.push(owned(trim(unescaped.trim_end_matches(['.', ',', ';']))));
    candidates
}

fn owned(text: &str) -> UrlCandidate {
    Zeroizing::new(text.to_owned())
}

/// Removes words before the URL, and quotes and brackets around it.
fn trim(text: &str) -> &str {
    // A URL without a scheme may have another URL in its query.
    let is_outside = |start: &usize| !text[..*start].contains(|c: char| c == '?' || c.is_control());
    let starts = ["http://", "https://"].iter().filter_map(|scheme| text.find(scheme));
    let start = starts.min().filter(is_outside);
    let url = text[start.unwrap_or_default()..].trim_start_matches('<');
    // Words after the URL stay: they may be the rest of a code that was cut.
    url.trim_end_matches(|c| "\"'`>)]\u{201d}\u{2019}\u{203a}\u{bb}".contains(c))
}

/// Removes line breaks and indentation, the escapes of `sh`, `cmd` and PowerShell, and `&amp;`.
fn unescape(text: &str) -> UrlCandidate {
    let mut unescaped = Zeroizing::new(String::with_capacity(text.len()));
    for line in text.lines() {
        let line = line.trim_matches([' ', '\t']);
        for (index, piece) in line.split("&amp;").enumerate() {
            unescaped.push_str(if index == 0 { "" } else { "&" });
            unescaped.extend(piece.chars().filter(|c| !ESCAPES.contains(c)));
        }
    }
    unescaped
}

const ESCAPES: [char; 3] = ['\\', '^', '`'];

/// The URLs in the parameters of another URL, such as a link of a mail filter.
fn urls_in_query(url: &str) -> impl Iterator<Item = UrlCandidate> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| {
        let (_, value) = pair.split_once('=')?;
        decode(value).filter(|value| value.starts_with("http") && value.contains('?'))
    })
}
