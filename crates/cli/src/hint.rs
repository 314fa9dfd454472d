//! What a person can do, as a value: sentences with command lines in them. The text is made where it is
//! shown, by somebody who knows which account the person is using, and on how wide a screen.

use std::borrow::Cow;

use crate::args::SharedArgs;

/// Text and command lines, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hint(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(Cow<'static, str>),
    /// What this program is to be run with.
    Run(Cow<'static, str>),
    /// The same, for the servers that this one was about.
    RunForServers(&'static str),
    /// Another program, with its arguments.
    Other(String),
}

/// A space at which no line ends.
pub(crate) const UNBREAKABLE: char = '\u{a0}';

/// Begins a hint with text.
pub(crate) fn say(text: impl Into<Cow<'static, str>>) -> Hint {
    Hint::default().then(text)
}

/// Begins one with a command of this program.
pub(crate) fn command(arguments: impl Into<Cow<'static, str>>) -> Hint {
    Hint::default().run(arguments)
}

impl Hint {
    /// Goes on with text.
    pub(crate) fn then(self, text: impl Into<Cow<'static, str>>) -> Self {
        self.with(Part::Text(text.into()))
    }

    /// Goes on with a command of this program.
    pub(crate) fn run(self, arguments: impl Into<Cow<'static, str>>) -> Self {
        self.with(Part::Run(arguments.into()))
    }

    /// The same, for a command that asks servers and no sign-in.
    pub(crate) fn run_for_servers(self, arguments: &'static str) -> Self {
        self.with(Part::RunForServers(arguments))
    }

    /// Goes on with a command of another program.
    pub(crate) fn run_other(self, line: String) -> Self {
        self.with(Part::Other(line))
    }

    /// Goes on with another hint.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    fn with(mut self, part: Part) -> Self {
        self.0.push(part);
        self
    }

    /// As text whose lines end between two words and never in a command, for the account and the servers of
    /// these arguments.
    pub(crate) fn to_text(&self, args: &SharedArgs) -> String {
        let whole = |line: String| line.replace(' ', &UNBREAKABLE.to_string());
        let part = |part: &Part| match part {
            Part::Text(text) => text.to_string(),
            Part::Run(arguments) => whole(format!("login-cli {}{arguments}", args.account())),
            Part::RunForServers(arguments) => {
                whole(format!("login-cli {}{}{arguments}", args.account(), args.servers()))
            }
            Part::Other(line) => whole(line.clone()),
        };
        self.0.iter().map(part).collect()
    }

    /// As text that is not broken into lines.
    pub(crate) fn to_plain_text(&self, args: &SharedArgs) -> String {
        plain(&self.to_text(args))
    }
}

/// Text of [`Hint::to_text`] where no line has to end.
pub(crate) fn plain(text: &str) -> String {
    text.replace(UNBREAKABLE, " ")
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
    use crate::args::read_arguments;

    #[track_caller]
    fn shows(words: &str, hint: &Hint, text: &str) {
        assert_eq!(hint.to_plain_text(&read_arguments(words)), text);
    }

    #[test]
    fn a_command_is_about_the_same_account_and_doctor_about_the_same_servers() {
        let hint =
            say("sign in with ").run("login").then(", or look at ").run_for_servers("doctor");
        shows("login-cli", &hint, "sign in with login-cli login, or look at login-cli doctor");
        shows(
            "login-cli --profile work --store file status",
            &hint,
            "sign in with login-cli --profile work --store file login, or look at login-cli --profile \
             work --store file doctor",
        );
        shows(
            "login-cli --issuer http://[::1]:9/ --ca-file ca;x.pem",
            &hint,
            "sign in with login-cli login, or look at login-cli --issuer 'http://[::1]:9' --ca-file \
             'ca;x.pem' doctor",
        );
    }

    /// Whatever a server or a path is called.
    #[test]
    fn text_is_never_taken_for_a_command() {
        let hint = say("the issuer https://a.test/login-cli login was asked");
        shows(
            "login-cli --profile work",
            &hint,
            "the issuer https://a.test/login-cli login was asked",
        );
    }

    #[test]
    fn no_line_ends_in_a_command() {
        let hint = say("sign in with ")
            .run("login --device")
            .then(" or ")
            .run_other("ssh -L 1".to_owned());
        let text = hint.to_text(&read_arguments("login-cli"));
        assert_eq!(
            text.split(' ').collect::<Vec<_>>(),
            [
                "sign",
                "in",
                "with",
                "login-cli\u{a0}login\u{a0}--device",
                "or",
                "ssh\u{a0}-L\u{a0}1"
            ]
        );
    }
}
