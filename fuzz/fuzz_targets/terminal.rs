//! A text from outside on its way to a terminal, against what Unicode says of each character and
//! what the parser of a terminal makes of the whole.

#![no_main]

use fuzz::screen;
use libfuzzer_sys::fuzz_target;
use printable::{excerpt, one_line};

fuzz_target!(|text: &str| {
    let line = one_line(text);
    assert!(screen::is_clean(&line), "{line:?}");
    assert_eq!(line, screen::line(text), "{text:?}");
    assert_eq!(line, one_line(&line));
    if screen::is_clean(text) {
        assert_eq!(line, text.trim());
    }
    // Any length from none to one more than there is.
    check_excerpt(text, &line, text.len() % (line.chars().count() + 2));
});

fn check_excerpt(text: &str, line: &str, longest: usize) {
    let cut = excerpt(text, longest);
    assert!(cut.chars().count() <= longest, "{longest}: {cut:?}");
    assert!(screen::is_clean(&cut), "{cut:?}");
    assert_eq!(cut, excerpt(&cut, longest));
    assert_eq!(cut, screen::cut(line, longest), "{longest}");
}
