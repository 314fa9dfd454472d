//! What a terminal makes of a text, by the properties that Unicode gives to each character and by the
//! parser of a terminal.

use std::sync::LazyLock;

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory, PrependedConcatenationMark, WhiteSpace,
};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Whether all of it is seen, and none of it obeyed.
pub fn is_clean(text: &str) -> bool {
    text.chars().all(is_seen) && printed(text) == text
}

/// A text as one line, however long.
pub fn line(text: &str) -> String {
    let space_for_break = |c| if is_seen(c) || !is_white(c) { c } else { ' ' };
    let line: String = text.chars().map(space_for_break).filter(|c| is_seen(*c)).collect();
    line.trim_matches(is_white).to_owned()
}

/// A text as one line of at most `longest` characters.
pub fn cut(text: &str, longest: usize) -> String {
    let mut line: Vec<char> = line(text).chars().collect();
    if line.len() > longest {
        line.truncate(longest);
        line.last_mut().into_iter().for_each(|last| *last = '…');
    }
    line.into_iter().collect()
}

fn is_white(c: char) -> bool {
    CodePointSetData::new::<WhiteSpace>().contains(c)
}

/// Asked once for every character that there is, because a target asks for millions.
fn is_seen(c: char) -> bool {
    static SEEN: LazyLock<Vec<bool>> = LazyLock::new(|| {
        (0..=u32::from(char::MAX)).map(|n| char::from_u32(n).is_some_and(look)).collect()
    });
    SEEN[c as usize]
}

/// No control, nothing that only formats, nothing that Unicode wants to be ignored, no blank that is
/// not called one. The marks before a number are formats too, but they are seen.
fn look(c: char) -> bool {
    const BRAILLE_BLANK: char = '\u{2800}';
    use GeneralCategory::{Control, Format, LineSeparator, ParagraphSeparator};
    let is_ignorable = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c);
    match CodePointMapData::<GeneralCategory>::new().get(c) {
        Control | LineSeparator | ParagraphSeparator => false,
        Format => CodePointSetData::new::<PrependedConcatenationMark>().contains(c),
        _ => c != BRAILLE_BLANK && !is_ignorable,
    }
}

/// What reaches the screen when a terminal reads the text.
fn printed(text: &str) -> String {
    let mut screen = Screen::default();
    vte::Parser::new().advance(&mut screen, text.as_bytes());
    screen.0
}

#[derive(Default)]
struct Screen(String);

impl vte::Perform for Screen {
    fn print(&mut self, c: char) {
        self.0.push(c);
    }
}
