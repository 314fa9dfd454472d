//! What people paste where an address is asked for: the address in the wrappings that it has picked up
//! on its way through terminals, mails and chats.

use zeroize::Zeroizing;

use crate::query::decode;

/// A part of what was pasted, or a copy of it without wrappings. It may hold the code.
pub(crate) type Reading = Zeroizing<String>;

/// What the text may mean, the likeliest first. The `state` decides which of them it is.
pub(crate) fn readings(text: &str) -> Vec<Reading> {
    let whole = without_company(text.trim());
    let mut readings = vec![owned(whole)];
    let clean = unescaped(text.trim());
    let clean = without_company(&clean);
    readings.extend((clean != whole).then(|| owned(clean)));
    readings.extend(clean.split_once("](").map(|(_, target)| owned(without_company(target))));
    readings.extend(wrapped(clean));
    // The end of a sentence, where a code or a `state` could end like it.
    readings.push(owned(without_company(clean.trim_end_matches(['.', ',', ';']))));
    readings
}

fn owned(text: &str) -> Reading {
    Zeroizing::new(text.to_owned())
}

/// The address alone, where a person has copied it with words before it, or quotes around it.
fn without_company(text: &str) -> &str {
    // An address without a scheme may have another one in its query.
    let is_outside = |begin: &usize| !text[..*begin].contains(|c: char| c == '?' || c.is_control());
    let begins = ["http://", "https://"].iter().filter_map(|scheme| text.find(scheme));
    let begin = begins.min().filter(is_outside);
    let address = text[begin.unwrap_or_default()..].trim_start_matches('<');
    // No word: the rest of a code that was cut would be one.
    address.trim_end_matches(|c| "\"'`>)]\u{201d}\u{2019}\u{203a}\u{bb}".contains(c))
}

/// Without what a terminal, a shell or a page has put into it: line breaks with the indentation behind them,
/// the escapes of `sh`, `cmd` and PowerShell, and `&amp;`.
fn unescaped(text: &str) -> Reading {
    let mut clean = Zeroizing::new(String::with_capacity(text.len()));
    for line in text.lines() {
        let line = line.trim_matches([' ', '\t']);
        for (place, piece) in line.split("&amp;").enumerate() {
            clean.push_str(if place == 0 { "" } else { "&" });
            clean.extend(piece.chars().filter(|c| !ESCAPES.contains(c)));
        }
    }
    clean
}

const ESCAPES: [char; 3] = ['\\', '^', '`'];

/// The addresses in the parameters of another one, as of a mail filter that sends everybody by itself.
fn wrapped(address: &str) -> impl Iterator<Item = Reading> {
    let query = address.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| {
        let (_, value) = pair.split_once('=')?;
        decode(value).filter(|value| value.starts_with("http") && value.contains('?'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, address: &str) {
        let readings = readings(text);
        assert!(readings.iter().any(|it| **it == *address), "{text:?}: {readings:?}");
    }

    // threats 218
    #[test]
    fn an_address_is_found_in_its_wrappings() {
        const ADDRESS: &str = "http://localhost:1/auth/callback?code=C&state=S";
        for wrapping in [
            "{}",
            "  {}\r\n",
            "<{}>",
            "\"{}\"",
            "(see {})",
            "URL: {}",
            "\u{2039}{}\u{203a}",
            "[{}]({})",
            "[the page]({})",
            "- [the page]({}).",
            "It ended at {}.",
            "{},",
            "`{}`;",
        ] {
            reads(&wrapping.replace("{}", ADDRESS), ADDRESS);
        }
        reads(&ADDRESS.replace('&', "&amp;"), ADDRESS);
        for escape in ["\\&", "^&", "`&"] {
            reads(&ADDRESS.replace('&', escape), ADDRESS);
        }
        reads(&ADDRESS.replace('?', "\\?").replace('&', "\\&").replace('=', "\\="), ADDRESS);
        reads(&ADDRESS.replace("code=", "co\r\n    de="), ADDRESS);
        reads(&ADDRESS.replace("code=", "co\nde="), ADDRESS);
        let inside = urlencoding::encode(ADDRESS);
        for filter in [
            "https://eur01.safelinks.protection.outlook.com/?url={}&data=05%7C02&reserved=0",
            "https://www.google.com/url?q={}&sa=D",
            "https://l.example/?u={}",
        ] {
            reads(&filter.replace("{}", &inside), ADDRESS);
        }
    }

    /// Words behind it could be the rest of a code.
    #[test]
    fn what_stands_behind_it_on_the_line_stays() {
        assert!(readings("http://a/?code=C there").iter().all(|it| it.ends_with("C there")));
    }
}
