//! Sentences in lines that a screen can show. A line ends between two words, never in an address or a
//! path, and never in a command of ours: what is copied from the screen is whole.

use super::width;

/// The columns of a page, and those that are taken where its lines begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    /// No line is wider, unless a word is.
    pub(crate) width: usize,
    /// What stands before the first word already.
    pub(crate) first: usize,
    /// What stands before those of every further line.
    pub(crate) indent: usize,
}

impl Page {
    /// For sentences behind a label, which stand below each other where there is room for that. Nobody
    /// likes to read lines that are as wide as a whole screen.
    pub(super) fn beside(label: &str, width: usize) -> Self {
        const WIDEST: usize = 100;
        const NARROW: usize = 30;
        let indent = if width < NARROW { 0 } else { label.len() };
        Self { width: width.min(WIDEST), first: label.len(), indent }
    }
}

/// `text` in lines, of which the first begins behind what stands there already.
pub(crate) fn wrapped(text: &str, page: Page) -> String {
    let mut lines = String::new();
    let mut column = page.first;
    for (place, word) in units(text).into_iter().enumerate() {
        let length = width(&word);
        if place > 0 && column + 1 + length > page.width {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', page.indent));
            column = page.indent;
        } else if place > 0 {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(&word.replace(UNBREAKABLE, " "));
        column += length;
    }
    lines
}

/// A space at which no line ends.
const UNBREAKABLE: char = '\u{a0}';

/// What stands on one line, whatever happens: a word, or a command of ours with all that belongs to it.
fn units(text: &str) -> Vec<String> {
    let mut words = text.split(' ').peekable();
    let mut units = Vec::new();
    while let Some(word) = words.next() {
        let mut unit = word.to_owned();
        let mut command = Command::after(word);
        while let Some(word) = words.next_if(|word| command.takes(word)) {
            unit = format!("{unit} {word}");
        }
        units.push(unit);
    }
    units
}

/// How far a command line of this program has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Command {
    /// It is none, or over.
    No,
    /// The name of the command comes, or an option before it.
    Name,
    /// It may have more options.
    Options,
    /// The value of an option comes, and then what is said here: whether the name came before.
    Value { is_named: bool },
    /// The rest of a value that stands in quotes.
    Quoted { is_named: bool },
}

/// The options that take a value, as far as a hint has any.
const WITH_VALUE: [&str; 14] = [
    "--api-base",
    "--ca-file",
    "--client-id",
    "--codex-home",
    "--issuer",
    "--name",
    "--organization",
    "--poll-timeout",
    "--port",
    "--profile",
    "--project",
    "--store",
    "--timeout",
    "--workspace",
];

impl Command {
    fn after(word: &str) -> Self {
        if word == "login-cli" { Self::Name } else { Self::No }
    }

    /// Whether this word belongs to it.
    fn takes(&mut self, word: &str) -> bool {
        let Some(next) = self.next(word) else { return false };
        *self = if is_end(word) { Self::No } else { next };
        true
    }

    fn next(self, word: &str) -> Option<Self> {
        let is_named = self != Self::Name;
        Some(match self {
            Self::No => return None,
            Self::Value { is_named } if opens_quote(word) => Self::Quoted { is_named },
            Self::Value { is_named } => Self::outside(is_named),
            Self::Quoted { is_named } if word.ends_with('\'') => Self::outside(is_named),
            Self::Quoted { .. } => self,
            // What standard input is.
            Self::Name | Self::Options if WITH_VALUE.contains(&word) || word == "<" => {
                Self::Value { is_named }
            }
            Self::Name | Self::Options if word.starts_with("--") => self,
            Self::Name => Self::Options,
            Self::Options => return None,
        })
    }

    fn outside(is_named: bool) -> Self {
        if is_named { Self::Options } else { Self::Name }
    }
}

/// `'/home/ada`, as a shell would have it.
fn opens_quote(word: &str) -> bool {
    word.matches('\'').count() % 2 == 1
}

/// A sentence goes on or ends behind it.
fn is_end(word: &str) -> bool {
    word.ends_with([',', ';', ':', ')']) || word.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(text: &str, width: usize, lines: &str) {
        assert_eq!(
            wrapped(text, Page { width, first: 6, indent: 6 }),
            lines.replace('|', "\n      ")
        );
    }

    // threats 200
    #[test]
    fn a_line_ends_between_words() {
        shows("a b c", 40, "a b c");
        shows("one two three", 13, "one two|three");
        shows("one two three", 12, "one|two|three");
        shows("one two three", 1, "one|two|three");
        shows("", 1, "");
        shows(
            "open https://platform.openai.com/api-keys now",
            20,
            "open|https://platform.openai.com/api-keys|now",
        );
        shows("\u{65e5}\u{672c} \u{8a9e}\u{8a9e} x", 12, "\u{65e5}\u{672c}|\u{8a9e}\u{8a9e} x");
        shows("e\u{301}e\u{301} e\u{301} x", 12, "e\u{301}e\u{301} e\u{301} x");
    }

    #[test]
    fn a_command_stays_on_one_line() {
        for (text, lines) in [
            ("sign in with login-cli login", "sign in with|login-cli login"),
            ("run login-cli doctor to see it", "run|login-cli doctor|to see it"),
            (
                "use login-cli login --port 1455,1457 then",
                "use|login-cli login --port 1455,1457|then",
            ),
            ("login-cli login --no-api-key works", "login-cli login --no-api-key|works"),
            ("try login-cli login, or wait", "try|login-cli login,|or wait"),
            (
                "say login-cli --profile work status or so",
                "say|login-cli --profile work status|or so",
            ),
            (
                "give login-cli login --with-api-key < key.txt",
                "give|login-cli login --with-api-key < key.txt",
            ),
            (
                "a login-cli --codex-home '/a b c' login b",
                "a|login-cli --codex-home '/a b c' login|b",
            ),
            ("a newer login-cli", "a newer|login-cli"),
            ("with: ssh\u{a0}-L\u{a0}1:localhost:1", "with:|ssh -L 1:localhost:1"),
        ] {
            shows(text, 20, lines);
        }
    }

    #[test]
    fn nothing_is_lost() {
        let text = "login-cli  --codex-home 'a b and < no end login-cli --port";
        for width in 0..80 {
            let page = Page { width, first: 6, indent: 2 };
            let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
            assert_eq!(words(&wrapped(text, page)), words(text));
        }
    }
}
