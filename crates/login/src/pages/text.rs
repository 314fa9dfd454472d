use printable::excerpt;
use zeroize::Zeroizing;

/// A text from outside as HTML, for content and quoted attributes: one line of at most [`COLUMNS`]
/// characters. `None` if no visible character is left.
pub(super) fn one_line_html(outside: &str) -> Option<String> {
    let line = excerpt(outside, COLUMNS);
    (!line.is_empty()).then(|| escaped(&line).to_string())
}

/// A longer text ends in an ellipsis.
const COLUMNS: usize = 80;

/// The text as HTML, for content and for attributes with either quote
/// ([HTML §13.3](https://html.spec.whatwg.org/multipage/parsing.html#escapingString)).
pub(super) fn escaped(text: &str) -> Zeroizing<String> {
    // No character becomes longer than `&quot;`, so the buffer is never reallocated, and no unwiped copy of
    // a secret remains.
    let mut html = Zeroizing::new(String::with_capacity(text.len() * "&quot;".len()));
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shown(outside: &str, html: &str) {
        assert_eq!(one_line_html(outside).unwrap_or_default(), html, "{outside:?}");
    }

    // threats 19
    #[test]
    fn html_characters_are_escaped() {
        for (outside, html) in [
            ("Ada Lovelace", "Ada Lovelace"),
            ("ada+x@example.com", "ada+x@example.com"),
            ("Smith & Sons", "Smith &amp; Sons"),
            ("O'Neill", "O&#39;Neill"),
            ("&lt;", "&amp;lt;"),
            ("<script>", "&lt;script&gt;"),
            (r#""><img onerror=x>"#, "&quot;&gt;&lt;img onerror=x&gt;"),
            ("{{link}}", "{{link}}"),
            ("Zo\u{eb} \u{5d3}\u{5df} \u{1f511}", "Zo\u{eb} \u{5d3}\u{5df} \u{1f511}"),
        ] {
            shown(outside, html);
        }
    }

    // threats 192
    #[test]
    fn invisible_characters_are_removed() {
        shown("a\u{1b}[31m<b>\u{202e}\u{200b}", "a[31m&lt;b&gt;");
        shown(" a\r\nb ", "a  b");
        shown("", "");
        shown(" \t\u{a0}\u{202e}\u{200b}", "");
    }

    // threats 140
    #[test]
    fn long_text_is_cut_at_80_columns() {
        let fits = "x".repeat(80);
        shown(&fits, &fits);
        shown(&format!("{fits}  "), &fits);
        shown(&format!("{fits}y"), &format!("{}…", "x".repeat(79)));
        shown(&"\u{1f511}".repeat(1_000_000), &format!("{}…", "\u{1f511}".repeat(79)));
        shown(&"<".repeat(1_000_000), &format!("{}…", "&lt;".repeat(79)));
        shown(&"\0".repeat(1_000_000), "");
    }

    #[test]
    fn escaped_text_fits_its_buffer() {
        for c in ['&', '<', '>', '"', '\'', 'a', '\u{1f511}'] {
            let text = String::from(c).repeat(1000);
            let html = escaped(&text);
            assert_eq!(html.capacity(), text.len() * 6, "{c}");
        }
    }
}
