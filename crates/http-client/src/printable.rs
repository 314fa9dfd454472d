/// The longest text of a server that enters an error.
const LONGEST: usize = 200;

/// A server's words, as far as a terminal, a log or a page may see them: one line, at most 200
/// characters, and nothing in it that moves the cursor, changes the direction of writing or hides.
///
/// What is not let through is escaped rather than dropped, since it tells what was attempted.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for c in text.trim().chars().take(LONGEST) {
        match c {
            '\n' | '\r' | '\t' => shown.push(' '),
            c if is_hostile(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    match shown.char_indices().nth(LONGEST) {
        Some((end, _)) => shown[..end].to_owned(),
        None => shown,
    }
}

/// Control characters, marks of writing direction
/// ([UAX #9](https://www.unicode.org/reports/tr9/)), separators of lines, and what has no width.
fn is_hostile(c: char) -> bool {
    let hidden = matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}');
    c.is_control() || hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 192
    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        for (text, shown) in [
            ("No such code. Gr\u{fc}\u{df}e \u{1f511}", "No such code. Gr\u{fc}\u{df}e \u{1f511}"),
            (" two\r\nlines\t", "two  lines"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("a\0b\u{7f}", "a\\u{0}b\\u{7f}"),
            ("\u{202e}txt.exe", "\\u{202e}txt.exe"),
            ("in\u{200b}visible", "in\\u{200b}visible"),
            ("a\u{2028}\u{2066}", "a\\u{2028}\\u{2066}"),
            ("", ""),
        ] {
            assert_eq!(printable(text), shown, "{text:?}");
        }
    }

    // threats 69 192
    #[test]
    fn two_hundred_characters_are_enough() {
        assert_eq!(printable(&"\u{e9}".repeat(1_000_000)).chars().count(), 200);
        assert_eq!(printable(&"\u{1b}".repeat(1_000_000)).chars().count(), 200);
        assert_eq!(printable(&"x".repeat(200)).len(), 200);
    }
}
