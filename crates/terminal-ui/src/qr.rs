//! A URL as a QR code.
//!
//! One character shows two modules, one above the other, because a character is twice as high as wide. With colors,
//! the code is dark on light on each screen. Without colors, the light modules have the color of text: on a light
//! screen, the code is inverted, which most cameras can read.

use anstyle::{Ansi256Color, Style};
use qrcode::{Color, EcLevel};

/// The margin around a code, in modules (ISO/IEC 18004, 9.1).
const QUIET_ZONE: usize = 4;

/// By number, because a theme may redefine named colors.
const BLACK_ON_WHITE: Style = Style::new()
    .fg_color(Some(anstyle::Color::Ansi256(Ansi256Color(16))))
    .bg_color(Some(anstyle::Color::Ansi256(Ansi256Color(231))));

/// A QR code.
pub(crate) struct QrCode(qrcode::QrCode);

impl QrCode {
    /// `None` if the text is too long. The lowest level of error correction is enough on a screen, and keeps the
    /// code small.
    pub(crate) fn new(text: &str) -> Option<Self> {
        qrcode::QrCode::with_error_correction_level(text, EcLevel::L).ok().map(Self)
    }

    pub(crate) fn columns(&self) -> usize {
        self.0.width() + 2 * QUIET_ZONE
    }

    pub(crate) fn rows(&self) -> usize {
        self.columns().div_ceil(2)
    }

    pub(crate) fn draw(&self, has_colors: bool) -> String {
        let row = |row: usize| -> String {
            let cell = |x| cell(self.is_dark(x, 2 * row), self.is_dark(x, 2 * row + 1), has_colors);
            (0..self.columns()).map(cell).collect()
        };
        let style = if has_colors { BLACK_ON_WHITE } else { Style::new() };
        (0..self.rows()).map(|y| format!("{style}{}{style:#}\n", row(y))).collect()
    }

    /// Coordinates include the quiet zone.
    fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET_ZONE).filter(|it| *it < self.0.width());
        inside(x).zip(inside(y)).is_some_and(|at| self.0[at] == Color::Dark)
    }
}

/// With colors, draws the dark modules; without, the light ones.
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
    fn drawing_has_the_reported_size() {
        let code = QrCode::new("https://auth.openai.com/codex/device").unwrap();
        for has_colors in [true, false] {
            let drawing = anstream::adapter::strip_str(&code.draw(has_colors)).to_string();
            assert_eq!(drawing.lines().count(), code.rows());
            assert!(drawing.lines().all(|line| line.chars().count() == code.columns()));
        }
    }

    #[test]
    fn code_without_colors_is_inverted() {
        let code = QrCode::new("https://auth.openai.com/codex/device").unwrap();
        let plain = |has_colors| anstream::adapter::strip_str(&code.draw(has_colors)).to_string();
        let inverted = |c| match c {
            '█' => ' ',
            ' ' => '█',
            '▀' => '▄',
            '▄' => '▀',
            other => other,
        };
        assert_eq!(plain(true).chars().map(inverted).collect::<String>(), plain(false));
        assert!(plain(true).starts_with(&" ".repeat(code.columns())), "no quiet zone");
    }

    #[test]
    fn text_that_is_too_long_has_no_code() {
        assert!(QrCode::new(&"x".repeat(2953)).is_some());
        assert!(QrCode::new(&"x".repeat(2954)).is_none());
    }
}
