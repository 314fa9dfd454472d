/// `text` as one line of visible characters.
#[must_use]
pub fn one_line(text: &str) -> String {
    let line: String = text.chars().map(space_for_break).filter(|c| is_seen(*c)).collect();
    line.trim().to_owned()
}

/// `text` as [`one_line`], truncated to `longest` characters with an ellipsis.
#[must_use]
pub fn excerpt(text: &str, longest: usize) -> String {
    let line = one_line(text);
    if line.chars().nth(longest).is_none() {
        return line;
    }
    line.chars().take(longest.saturating_sub(1)).chain(['…']).take(longest).collect()
}

/// Every line break or tab becomes a space.
fn space_for_break(c: char) -> char {
    let moves = matches!(c, '\t'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
    if moves { ' ' } else { c }
}

/// Whether a character is visible and does not affect others: no control, bidi control, zero-width,
/// format or tag character, and no blank letter.
///
/// Joiners between emoji are removed too: otherwise two different names could look equal.
fn is_seen(c: char) -> bool {
    let unseen = matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    !c.is_control() && !unseen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn shows(text: &str, shown: &str) {
        assert_eq!(one_line(text), shown, "{text:?}");
    }

    // threats 192
    #[test]
    fn control_characters_are_removed() {
        shows("", "");
        shows(
            "Gr\u{fc}\u{df}e \u{1f511} \u{5d0}\u{5d1}",
            "Gr\u{fc}\u{df}e \u{1f511} \u{5d0}\u{5d1}",
        );
        shows(" two\r\nlines\t", "two  lines");
        shows("a\u{2028}b\u{85}c", "a b c");
        shows("\u{1b}[31mred\u{1b}[0m", "[31mred[0m");
        shows("\u{1b}]52;c;aGk=\u{7}", "]52;c;aGk=");
        shows("\u{9b}31m", "31m");
        shows("a\0b\u{8}\u{7f}", "ab");
        shows("\u{202e}txt.exe\u{202c}\u{2066}", "txt.exe");
        shows("a\u{13430}b\u{1bca0}", "ab");
        shows("in\u{200b}vis\u{ad}ible\u{feff}\u{e0041}", "invisible");
    }

    // threats 69 140 192
    #[test]
    fn excerpt_has_at_most_the_given_length() {
        assert_eq!(excerpt("abc", 3), "abc");
        assert_eq!(excerpt("abcd", 3), "ab…");
        assert_eq!(excerpt("a", 0), "");
        assert_eq!(excerpt(&"\u{e9}".repeat(1_000_000), 200).chars().count(), 200);
        assert_eq!(excerpt(&format!("{}ab", "\u{1b}".repeat(1_000_000)), 2), "ab");
    }

    proptest! {
        // threats 192
        #[test]
        fn one_line_is_idempotent(text in "\\PC*|[\\x00-\\x20\u{80}-\u{a0}\u{2000}-\u{2070}a]*") {
            let line = one_line(&text);
            prop_assert!(line.chars().all(|c| is_seen(c) && !c.is_control()));
            prop_assert_eq!(one_line(&line), line);
        }
    }
}
