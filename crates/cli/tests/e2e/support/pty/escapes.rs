use vte::{Params, Perform};

/// The output of a terminal, separated into text and escape sequences.
#[derive(Default)]
pub(crate) struct Escapes {
    /// All text in order, including erased text.
    pub(crate) text: String,
    /// The targets of hyperlinks.
    pub(crate) links: Vec<String>,
    /// Escape sequences that no run may write: they clear, scroll, rename or query the terminal, or
    /// ring the bell.
    pub(crate) strange: Vec<String>,
    /// Whether the alternate screen is shown.
    is_on_second_screen: bool,
}

/// The xterm mode for the alternate screen.
const SECOND_SCREEN: u16 = 1049;

impl Escapes {
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        let mut escapes = Self::default();
        vte::Parser::new().advance(&mut escapes, bytes);
        escapes
    }

    fn strange(&mut self, what: String) {
        self.strange.push(what);
    }
}

impl Perform for Escapes {
    fn print(&mut self, c: char) {
        self.text.push(c);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' => self.text.push('\n'),
            // Carriage return and backspace, which the system uses to erase typed text.
            b'\r' | 0x08 => {}
            _ => self.strange(format!("control {byte:#04x}")),
        }
    }

    fn csi_dispatch(&mut self, params: &Params, marks: &[u8], _ignore: bool, action: char) {
        let first = params.iter().next().and_then(|it| it.first().copied()).unwrap_or_default();
        let is_known = match (marks, action) {
            // Styles, cursor movement, and erasing right of or below the cursor.
            (b"", 'm' | 'A'..='G' | 'K') => true,
            (b"", 'J') => first == 0,
            // Cursor visibility, line wrap and bracketed paste.
            (b"?", 'h' | 'l') if matches!(first, 7 | 25 | 2004) => true,
            (b"?", 'h' | 'l') if first == SECOND_SCREEN => {
                self.is_on_second_screen = action == 'h';
                true
            }
            // Cursor positioning on the alternate screen.
            (b"", 'H') => self.is_on_second_screen,
            _ => false,
        };
        if !is_known {
            let marks = String::from_utf8_lossy(marks);
            self.strange(format!("CSI {marks}{params:?}{action}"));
        }
    }

    fn osc_dispatch(&mut self, params: &[&[u8]], _bell_terminated: bool) {
        match params {
            [b"8", _, rest @ ..] => {
                let link = String::from_utf8(rest.join(&b';')).unwrap();
                self.links.extend(Some(link).filter(|link| !link.is_empty()));
            }
            _ => self.strange(format!("OSC {}", String::from_utf8_lossy(&params.join(&b';')))),
        }
    }

    fn esc_dispatch(&mut self, marks: &[u8], _ignore: bool, byte: u8) {
        // The string terminator of an escape sequence.
        if (marks, byte) != (b"", b'\\') {
            self.strange(format!("ESC {}{}", String::from_utf8_lossy(marks), char::from(byte)));
        }
    }

    fn hook(&mut self, _: &Params, _: &[u8], _: bool, action: char) {
        self.strange(format!("DCS {action}"));
    }
}
