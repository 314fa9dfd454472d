use vte::{Params, Perform};

/// The bytes of a terminal taken apart: what stands there to be read, and what is obeyed.
#[derive(Default)]
pub(crate) struct Escapes {
    /// Everything that was ever written, in its order, whether or not it was erased again.
    pub(crate) text: String,
    /// Where the hyperlinks lead.
    pub(crate) links: Vec<String>,
    /// What no run may write: it would clear, scroll, rename, question or ring somebody's terminal.
    pub(crate) strange: Vec<String>,
    /// Whether the second screen is shown, on which nothing of anybody's stands.
    is_on_second_screen: bool,
}

/// The mode of xterm that saves the cursor and shows another screen, an empty one.
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
            // The start of the line, and one to the left, which is how the system erases what was typed.
            b'\r' | 0x08 => {}
            _ => self.strange(format!("control {byte:#04x}")),
        }
    }

    fn csi_dispatch(&mut self, params: &Params, marks: &[u8], _ignore: bool, action: char) {
        let first = params.iter().next().and_then(|it| it.first().copied()).unwrap_or_default();
        let is_known = match (marks, action) {
            // Styles; steps to another line or column; what is right of or below the cursor erased.
            (b"", 'm' | 'A'..='G' | 'K') => true,
            (b"", 'J') => first == 0,
            // The cursor shown or not, lines broken or not, pastes marked or not.
            (b"?", 'h' | 'l') if matches!(first, 7 | 25 | 2004) => true,
            (b"?", 'h' | 'l') if first == SECOND_SCREEN => {
                self.is_on_second_screen = action == 'h';
                true
            }
            // To any place, as on a screen of its own.
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
        // The end of a text that an escape began.
        if (marks, byte) != (b"", b'\\') {
            self.strange(format!("ESC {}{}", String::from_utf8_lossy(marks), char::from(byte)));
        }
    }

    fn hook(&mut self, _: &Params, _: &[u8], _: bool, action: char) {
        self.strange(format!("DCS {action}"));
    }
}
