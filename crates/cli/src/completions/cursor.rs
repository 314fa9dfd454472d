use std::ffi::OsString;

use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};

use super::values;

/// The place in a command line where somebody is typing.
pub(super) struct Cursor<'d> {
    words: &'d [OsString],
    /// The command so far, as it is defined.
    command: &'d Command,
    /// The option whose value is next.
    option: Option<&'d Arg>,
    /// The options that stand there already.
    given: Vec<&'d Arg>,
    /// How many words there are that belong to no option.
    positionals: usize,
    /// Whether nothing is an option any more.
    options_are_over: bool,
}

impl<'d> Cursor<'d> {
    /// The place behind `words`, which may be wrong in any way.
    pub(super) fn behind(words: &'d [OsString], definition: &'d Command) -> Self {
        let mut cursor = Self {
            words,
            command: definition,
            option: None,
            given: Vec::new(),
            positionals: 0,
            options_are_over: false,
        };
        for word in words {
            cursor.pass(&word.to_string_lossy());
        }
        cursor
    }

    fn pass(&mut self, word: &str) {
        if self.option.take().is_some() {
            return;
        }
        match word.strip_prefix("--") {
            _ if self.options_are_over => self.positionals += 1,
            Some("") => self.options_are_over = true,
            Some(name) => self.pass_option(name),
            None if word.starts_with('-') => {}
            None => self.pass_word(word),
        }
    }

    fn pass_option(&mut self, name: &str) {
        let (name, value) = name.split_once('=').map_or((name, None), |(a, b)| (a, Some(b)));
        let Some(option) = self.option_called(name) else { return };
        self.given.push(option);
        self.option = Some(option).filter(|it| value.is_none() && takes_a_word(it));
    }

    fn pass_word(&mut self, word: &str) {
        match self.command.find_subcommand(word) {
            Some(command) => self.command = command,
            None => {
                self.positionals += 1;
                self.options_are_over |=
                    self.positional().is_some_and(Arg::is_trailing_var_arg_set);
            }
        }
    }

    /// A line for each word that begins with `begun` and may stand here.
    pub(super) fn offers(&self, begun: &str) -> Vec<String> {
        if let Some(option) = self.option {
            return self.values(option, "", begun);
        }
        match begun.split_once('=') {
            _ if self.options_are_over => self.plain_words(begun),
            Some((name, value)) => match name.strip_prefix("--").map(|it| self.option_called(it)) {
                Some(Some(option)) => self.values(option, &format!("{name}="), value),
                _ => Vec::new(),
            },
            None if begun.starts_with('-') => self.options(begun),
            // Options are for whoever has begun one, and for where there is nothing else.
            None => match self.plain_words(begun) {
                nothing if nothing.is_empty() => self.options(begun),
                words => words,
            },
        }
    }

    fn option_called(&self, name: &str) -> Option<&'d Arg> {
        self.command.get_arguments().find(|it| it.get_long() == Some(name))
    }

    /// The argument that the next word is for, if it belongs to no option.
    fn positional(&self) -> Option<&'d Arg> {
        let several = |it: &&Arg| it.is_trailing_var_arg_set();
        self.command
            .get_positionals()
            .nth(self.positionals)
            .or_else(|| self.command.get_positionals().last().filter(several))
    }

    fn options(&self, begun: &str) -> Vec<String> {
        let can_follow = |it: &&Arg| {
            let again = matches!(it.get_action(), ArgAction::Append);
            !it.is_hide_set()
                && (again || !self.given.iter().any(|given| given.get_id() == it.get_id()))
        };
        let options = self.command.get_arguments().filter(can_follow);
        options
            .filter_map(|it| Some((format!("--{}", it.get_long()?), it.get_help())))
            .filter(|(name, _)| name.starts_with(begun))
            .map(|(name, help)| line(&name, help))
            .collect()
    }

    /// Commands, and values that belong to no option.
    fn plain_words(&self, begun: &str) -> Vec<String> {
        if let Some(argument) = self.positional() {
            return self.values(argument, "", begun);
        }
        let commands = self.command.get_subcommands().filter(|it| !it.is_hide_set());
        commands
            .filter(|it| self.positionals == 0 && it.get_name().starts_with(begun))
            .map(|it| line(it.get_name(), it.get_about()))
            .collect()
    }

    /// What an argument can be, behind what stands before it in the same word.
    fn values(&self, argument: &Arg, before: &str, begun: &str) -> Vec<String> {
        if let Some(place) = values::left_to_the_shell(argument, self.positionals) {
            return vec![place.to_owned()];
        }
        let mut values = values::of(argument, self.words);
        values.retain(|value| value.starts_with(begun));
        values.iter().map(|value| format!("{before}{value}")).collect()
    }
}

/// Whether the next word is its value.
fn takes_a_word(option: &Arg) -> bool {
    option.get_action().takes_values() && !option.is_require_equals_set()
}

fn line(value: &str, description: Option<&StyledStr>) -> String {
    let description = description.map(ToString::to_string).unwrap_or_default();
    match description.lines().next() {
        Some(description) => format!("{value} {description}"),
        None => value.to_owned(),
    }
}
