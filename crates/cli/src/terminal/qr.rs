//! An address as a QR code, for a phone that is held before the screen.
//!
//! Two modules that stand above each other are one character, because a character is twice as high as
//! it is wide. With colours, it is dark on light on every screen. Without them, what is light is drawn
//! with the colour of the letters: that is right where they are light, and turned round elsewhere,
//! which most cameras read as well.

use anstyle::{Ansi256Color, Style};
use qrcode::{Color, EcLevel, QrCode};

/// As the standard wants it around the code, in modules (ISO/IEC 18004, 9.1).
const QUIET_ZONE: usize = 4;

/// Black on white, whatever a theme makes of the names of colours.
const PAPER: Style = Style::new()
    .fg_color(Some(anstyle::Color::Ansi256(Ansi256Color(16))))
    .bg_color(Some(anstyle::Color::Ansi256(Ansi256Color(231))));

/// A code that can be drawn.
pub(super) struct Picture(QrCode);

impl Picture {
    /// None where the text is too long for one. It is on a screen, where nothing covers a part of it:
    /// the least correction makes it small.
    pub(super) fn of(text: &str) -> Option<Self> {
        QrCode::with_error_correction_level(text, EcLevel::L).ok().map(Self)
    }

    pub(super) fn columns(&self) -> usize {
        self.0.width() + 2 * QUIET_ZONE
    }

    pub(super) fn rows(&self) -> usize {
        self.columns().div_ceil(2)
    }

    pub(super) fn drawn(&self, has_colors: bool) -> String {
        let row = |row: usize| -> String {
            let cell = |x| cell(self.is_dark(x, 2 * row), self.is_dark(x, 2 * row + 1), has_colors);
            (0..self.columns()).map(cell).collect()
        };
        let style = if has_colors { PAPER } else { Style::new() };
        (0..self.rows()).map(|y| format!("{style}{}{style:#}\n", row(y))).collect()
    }

    /// Counted from the corner of the quiet zone.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |place: usize| place.checked_sub(QUIET_ZONE).filter(|it| *it < self.0.width());
        inside(x).zip(inside(y)).is_some_and(|place| self.0[place] == Color::Dark)
    }
}

/// What is dark is drawn, or what is light.
fn cell(is_upper_dark: bool, is_lower_dark: bool, has_colors: bool) -> char {
    match (is_upper_dark == has_colors, is_lower_dark == has_colors) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_as_large_as_it_says() {
        let picture = Picture::of("https://auth.openai.com/codex/device").unwrap();
        for has_colors in [true, false] {
            let drawn = anstream::adapter::strip_str(&picture.drawn(has_colors)).to_string();
            assert_eq!(drawn.lines().count(), picture.rows());
            assert!(drawn.lines().all(|line| line.chars().count() == picture.columns()));
        }
    }

    #[test]
    fn one_is_the_other_turned_round() {
        let picture = Picture::of("https://auth.openai.com/codex/device").unwrap();
        let plain =
            |has_colors| anstream::adapter::strip_str(&picture.drawn(has_colors)).to_string();
        let turned = |c| match c {
            '█' => ' ',
            ' ' => '█',
            '▀' => '▄',
            '▄' => '▀',
            other => other,
        };
        assert_eq!(plain(true).chars().map(turned).collect::<String>(), plain(false));
        assert!(plain(true).starts_with(&" ".repeat(picture.columns())), "no quiet zone");
    }

    #[test]
    fn a_text_that_is_too_long_has_none() {
        assert!(Picture::of(&"x".repeat(2953)).is_some());
        assert!(Picture::of(&"x".repeat(2954)).is_none());
    }
}
