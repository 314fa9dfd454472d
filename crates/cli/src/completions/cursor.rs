use clap::builder::StyledStr;
use clap::{Arg, ArgAction, Command};

use super::values;

/// The cursor in a command line, and what the words before it mean.
pub(super) struct Cursor<'a> {
    /// The definition of the command so far.
    command: &'a Command,
    /// The option whose value is at the cursor.
    option: Option<&'a Arg>,
    /// The options before the cursor, with their values.
    given: Vec<(&'a Arg, &'a str)>,
    /// The number of positional words before the cursor.
    positionals: usize,
    /// Whether all further words are positional.
    options_are_over: bool,
}

impl<'a> Cursor<'a> {
    /// The cursor after `words`, which may be invalid.
    pub(super) fn after(words: &'a [String], definition: &'a Command) -> Self {
        let mut cursor = Self {
            command: definition,
            option: None,
            given: Vec::new(),
            positionals: 0,
            options_are_over: false,
        };
        words.iter().for_each(|word| cursor.pass(word));
        cursor
    }

    /// A line for each word that starts with `typed` and fits here.
    pub(super) fn candidates(&self, typed: &str) -> Vec<String> {
        if let Some(option) = self.option {
            return self.values(option, "", typed);
        }
        match typed.split_once('=') {
            _ if self.options_are_over => self.commands_or_values(typed),
            Some((name, value)) => {
                let values = |option| self.values(option, &format!("{name}="), value);
                self.option_named(name).map(values).unwrap_or_default()
            }
            None if typed.starts_with('-') => self.options(typed),
            // Options are completed after `-`, or if nothing else fits.
            None => Some(self.commands_or_values(typed))
                .filter(|words| !words.is_empty())
                .unwrap_or_else(|| self.options(typed)),
        }
    }

    /// The last value of an option before the cursor.
    pub(super) fn value_of(&self, id: &str) -> Option<&'a str> {
        let last = self.given.iter().rev().find(|(option, _)| option.get_id() == id);
        last.map(|(_, value)| *value)
    }

    fn pass(&mut self, word: &'a str) {
        if let Some(option) = self.option.take() {
            self.given.push((option, word));
        } else if self.options_are_over {
            self.positionals += 1;
        } else if word == "--" {
            self.options_are_over = true;
        } else if word.starts_with('-') {
            self.pass_option(word);
        } else {
            self.pass_word(word);
        }
    }

    fn pass_option(&mut self, word: &'a str) {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let Some(option) = self.option_named(name) else { return };
        if name == word && takes_a_word(option) {
            self.option = Some(option);
        } else {
            self.given.push((option, value));
        }
    }

    fn pass_word(&mut self, word: &str) {
        if let Some(command) = self.command.find_subcommand(word) {
            self.command = command;
        } else {
            self.positionals += 1;
            self.options_are_over |= self.positional().is_some_and(Arg::is_trailing_var_arg_set);
        }
    }

    fn option_named(&self, written: &str) -> Option<&'a Arg> {
        let name = written.strip_prefix("--")?;
        self.command.get_arguments().find(|it| it.get_long() == Some(name))
    }

    /// The positional argument of the next word.
    fn positional(&self) -> Option<&'a Arg> {
        let several = |it: &&Arg| it.is_trailing_var_arg_set();
        let at_place = self.command.get_positionals().nth(self.positionals);
        at_place.or_else(|| self.command.get_positionals().last().filter(several))
    }

    fn options(&self, typed: &str) -> Vec<String> {
        let is_given = |it: &Arg| self.value_of(it.get_id().as_str()).is_some();
        let again = |it: &Arg| matches!(it.get_action(), ArgAction::Append);
        let options = self.command.get_arguments().filter(|it| !it.is_hide_set());
        options
            .filter(|it| again(it) || !is_given(it))
            .filter_map(|it| Some((format!("--{}", it.get_long()?), it.get_help())))
            .filter(|(name, _)| name.starts_with(typed))
            .map(|(name, help)| line(&name, help))
            .collect()
    }

    /// Commands, or values of a positional argument.
    fn commands_or_values(&self, typed: &str) -> Vec<String> {
        if let Some(argument) = self.positional() {
            return self.values(argument, "", typed);
        }
        let commands = self.command.get_subcommands().filter(|it| !it.is_hide_set());
        commands
            .filter(|it| self.positionals == 0 && it.get_name().starts_with(typed))
            .map(|it| line(it.get_name(), it.get_about()))
            .collect()
    }

    /// The values of an argument; `before` is the start of the same word.
    fn values(&self, argument: &Arg, before: &str, typed: &str) -> Vec<String> {
        if let Some(kind) = values::left_to_the_shell(argument, self.positionals) {
            return vec![kind.to_owned()];
        }
        let values = values::known(argument, self.value_of("codex_home"));
        let fitting = values.iter().filter(|value| value.starts_with(typed));
        fitting.map(|value| format!("{before}{value}")).collect()
    }
}

/// Whether its value is the next word.
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
