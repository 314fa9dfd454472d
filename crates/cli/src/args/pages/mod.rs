//! What help says beside the options: examples before them, environment and exit codes behind. The same
//! texts make the manual.

mod texts;

use std::fmt::Write as _;

use clap::Command;
use clap::builder::{StyledStr, Styles};

/// What there is to say about a command.
#[derive(Debug)]
pub struct Page {
    /// The command; none for the program as a whole.
    pub command: &'static str,
    /// What follows the sentence that stands in the list of commands.
    pub description: &'static str,
    /// What is wanted, and the command line that does it.
    pub examples: &'static [(&'static str, &'static str)],
    /// Variables that are read, and what they are for.
    pub environment: &'static [(&'static str, &'static str)],
    /// How it ends, and what that means.
    pub exit_codes: &'static [(&'static str, &'static str)],
}

/// Examples are what most people look for.
const TEMPLATE: &str = "\
{about-with-newline}
{usage-heading} {usage}

{before-help}{all-args}{after-help}";

/// A space at which clap ends no line: half a command is not what anybody wants to copy.
const UNBREAKABLE: &str = "\u{a0}";

/// Help as it is shown, when all lines have their ends.
pub(super) fn as_shown(text: &str) -> String {
    text.replace(UNBREAKABLE, " ")
}

/// Gives the program and each of its commands its page.
pub(super) fn documented(program: Command) -> Command {
    with_page(program, "").mut_subcommands(|command| {
        let name = command.get_name().to_owned();
        with_page(command, &name)
    })
}

fn with_page(command: Command, name: &str) -> Command {
    let Some(page) = Page::for_command(name) else { return command };
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    command
        .help_template(TEMPLATE)
        .long_about(format!("{about}.\n\n{}", page.description).trim_end().to_owned())
        .before_long_help(page.before_options())
        .after_long_help(page.after_options())
}

impl Page {
    /// That of the program first, and those of the commands in their order.
    pub(crate) fn all() -> &'static [Self] {
        texts::PAGES
    }

    /// That of a command; of the program as a whole where the name is empty.
    pub fn for_command(command: &str) -> Option<&'static Self> {
        Self::all().iter().find(|page| page.command == command)
    }

    fn before_options(&self) -> StyledStr {
        let whole = |command: &str| command.replace(' ', UNBREAKABLE);
        let mut text = String::new();
        below_each_other(&mut text, "Examples", self.examples, whole);
        text.trim_end().to_owned().into()
    }

    fn after_options(&self) -> StyledStr {
        let mut text = String::new();
        below_each_other(&mut text, "Environment", self.environment, str::to_owned);
        if !self.exit_codes.is_empty() {
            heading(&mut text, "Exit codes");
        }
        for (code, meaning) in self.exit_codes {
            let _ = writeln!(text, "  {code:<4} {meaning}");
        }
        text.trim_end().to_owned().into()
    }
}

/// Each pair on lines of its own, so that it can be read on a narrow screen as well: clap lets a line
/// that it has to break go on where it began.
fn below_each_other(
    text: &mut String,
    title: &str,
    pairs: &[(&str, &str)],
    written: impl Fn(&str) -> String,
) {
    if pairs.is_empty() {
        return;
    }
    heading(text, title);
    for (above, below) in pairs {
        let below = written(below);
        let _ = writeln!(text, "  {above}\n      {below}");
    }
    text.push('\n');
}

/// A heading as clap writes it above options.
fn heading(text: &mut String, title: &str) {
    let styles = Styles::styled();
    let header = styles.get_header();
    let _ = writeln!(text, "{header}{title}:{header:#}");
}
