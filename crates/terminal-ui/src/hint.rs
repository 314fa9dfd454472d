use std::borrow::Cow;

/// What the user can do, as a value: text and commands.
///
/// It becomes text where it is shown, because only there the account and the width of the screen are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hint(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Cow<'static, str>),
    /// A command of this program.
    Run(Cow<'static, str>),
    /// A command of another program.
    Other(String),
}

/// The start of a command of this program: its name, and the global flags. Each flag ends with a space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandPrefix {
    /// The name of the program.
    pub program: &'static str,
    /// The flags that choose the account, such as `--profile work `.
    pub account: String,
}

impl CommandPrefix {
    fn for_account(&self, arguments: &str) -> String {
        format!("{} {}{arguments}", self.program, self.account)
    }
}

/// A hint that begins with text.
pub fn say(text: impl Into<Cow<'static, str>>) -> Hint {
    Hint::default().then(text)
}

/// A hint that begins with a command of this program.
pub fn command(arguments: impl Into<Cow<'static, str>>) -> Hint {
    Hint::default().run(arguments)
}

impl Hint {
    /// Appends text.
    #[must_use]
    pub fn then(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.with(Part::Text(text.into()))
    }

    /// Appends a command of this program.
    #[must_use]
    pub fn run(self, arguments: impl Into<Cow<'static, str>>) -> Self {
        self.with(Part::Run(arguments.into()))
    }

    /// Appends a command of another program.
    #[must_use]
    pub fn run_other(self, line: String) -> Self {
        self.with(Part::Other(line))
    }

    /// Appends another hint.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn with(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }

    /// The text for [`Terminal`](crate::Terminal). Commands have no-break spaces, so that they stay on one line.
    #[must_use]
    pub fn to_text(&self, prefix: &CommandPrefix) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.to_string(),
            Part::Run(arguments) => unbreakable(&prefix.for_account(arguments)),
            Part::Other(line) => unbreakable(line),
        };
        self.0.iter().map(part).collect()
    }

    /// The text on one line, with normal spaces.
    #[must_use]
    pub fn to_plain_text(&self, prefix: &CommandPrefix) -> String {
        with_plain_spaces(&self.to_text(prefix))
    }
}

const NO_BREAK_SPACE: &str = "\u{a0}";

fn unbreakable(command: &str) -> String {
    command.replace(' ', NO_BREAK_SPACE)
}

/// Replaces the no-break spaces of [`Hint::to_text`], after wrapping.
pub(crate) fn with_plain_spaces(text: &str) -> String {
    text.replace(NO_BREAK_SPACE, " ")
}

impl From<&'static str> for Hint {
    fn from(text: &'static str) -> Self {
        say(text)
    }
}

impl From<String> for Hint {
    fn from(text: String) -> Self {
        say(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(account: &str) -> CommandPrefix {
        CommandPrefix { program: "tool", account: account.to_owned() }
    }

    #[track_caller]
    fn assert_text(hint: &Hint, prefix: &CommandPrefix, text: &str) {
        assert_eq!(hint.to_plain_text(prefix), text);
    }

    #[test]
    fn command_has_the_flags_of_the_account() {
        let hint = say("try ").run("login").then(", or ").and(command("status"));
        assert_text(&hint, &prefix(""), "try tool login, or tool status");
        assert_text(
            &hint,
            &prefix("--profile work "),
            "try tool --profile work login, or tool --profile work status",
        );
    }

    #[test]
    fn text_that_looks_like_a_command_is_unchanged() {
        let hint = say("the issuer https://a.test/tool login was asked");
        assert_text(
            &hint,
            &prefix("--profile work "),
            "the issuer https://a.test/tool login was asked",
        );
    }

    #[test]
    fn command_has_no_break_spaces() {
        let hint = say("use ").run("login --device").then(" or ").run_other("ssh -L 1".to_owned());
        let text = hint.to_text(&prefix(""));
        let words: Vec<_> = text.split(' ').collect();
        assert_eq!(words, ["use", "tool\u{a0}login\u{a0}--device", "or", "ssh\u{a0}-L\u{a0}1"]);
    }
}
