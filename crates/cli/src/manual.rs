//! The manual: a page for the program and one for each command, of what `--help` says. No release has it
//! in it; `cargo xtask dist` builds the program once more for this, with the feature `man-pages`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::args::{Cli, Page};

/// The first of three arguments; the others are the folder and the date of the manual.
const WORD: &str = "__man-pages";

const MANUAL: &str = "login-cli manual";

const FILES: [(&str, &str); 2] = [
    (
        "~/.codex/auth.json",
        "the credentials, which Codex CLI reads too; in $CODEX_HOME, if that is set",
    ),
    ("~/.codex/profiles/NAME/auth.json", "those of a profile"),
];

/// The folder and the date, where the manual is wanted.
pub(crate) fn asked_for() -> Option<(OsString, String)> {
    let mut words = std::env::args_os().skip(1);
    (words.next()? == WORD).then_some(())?;
    Some((words.next()?, words.next()?.into_string().ok()?))
}

/// Writes all of it.
pub(crate) fn write(folder: &Path, date: &str) -> ExitCode {
    match pages(folder, date) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn pages(folder: &Path, date: &str) -> io::Result<()> {
    let mut program = Cli::definition().disable_help_subcommand(true);
    program = program.subcommand_help_heading("COMMANDS");
    program.build();
    let others: Vec<String> = program.get_subcommands().map(name).collect();
    page(folder, date, program.clone(), "", &others)?;
    let of_program = [name(&program)];
    program.get_subcommands().try_for_each(|command| {
        page(folder, date, command.clone(), command.get_name(), &of_program)
    })
}

/// `login-cli-create-key`.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(
    folder: &Path,
    date: &str,
    command: Command,
    called: &str,
    see_also: &[String],
) -> io::Result<()> {
    let has_commands = command.has_subcommands();
    let source = concat!("login-cli ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).date(date).source(source).manual(MANUAL);
    let mut file = File::create(folder.join(man.get_filename()))?;
    man.render_title(&mut file)?;
    man.render_name_section(&mut file)?;
    man.render_synopsis_section(&mut file)?;
    man.render_description_section(&mut file)?;
    if has_commands {
        man.render_subcommands_section(&mut file)?;
    }
    man.render_options_section(&mut file)?;
    file.write_all(rest(called, see_also).to_roff().as_bytes())?;
    file.flush()
}

/// What stands behind the options.
fn rest(called: &str, see_also: &[String]) -> Roff {
    let mut roff = Roff::new();
    if let Some(page) = Page::of(called) {
        section(&mut roff, "ENVIRONMENT", page.environment.iter().copied());
        section(&mut roff, "FILES", FILES.into_iter().filter(|_| called.is_empty()));
        section(&mut roff, "EXIT STATUS", page.exit_codes.iter().copied());
        let examples = page.examples.iter().map(|(wanted, command)| (*command, *wanted));
        section(&mut roff, "EXAMPLES", examples);
    }
    roff.control("SH", ["SEE ALSO"]);
    for (place, name) in see_also.iter().enumerate() {
        let comma = if place + 1 < see_also.len() { "(1)," } else { "(1)" };
        roff.text([bold(name), roman(comma)]);
    }
    roff
}

fn section<'a>(roff: &mut Roff, title: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut pairs = pairs.peekable();
    if pairs.peek().is_some() {
        roff.control("SH", [title]);
    }
    for (term, meaning) in pairs {
        roff.control("TP", []);
        roff.text([bold(term)]);
        roff.text([roman(meaning)]);
    }
}
