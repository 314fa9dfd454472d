//! The manual: a page for the program and one for each command, of what `--help` says.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use login_cli::Page;

use super::archive::Entry;

const MANUAL: &str = "login-cli manual";

const FILES: [(&str, &str); 2] = [
    (
        "~/.codex/auth.json",
        "the credentials, which Codex CLI reads too; in $CODEX_HOME, if that is set",
    ),
    ("~/.codex/profiles/NAME/auth.json", "those of a profile"),
];

/// All pages, as of `date`.
///
/// # Errors
///
/// None that memory does not have.
pub(super) fn pages(date: &str) -> io::Result<Vec<Entry>> {
    let mut program = login_cli::definition().disable_help_subcommand(true);
    program = program.subcommand_help_heading("COMMANDS");
    program.build();
    let others: Vec<String> = program.get_subcommands().map(name).collect();
    let of_program = [name(&program)];
    let first = page(date, &program, "", &others);
    let commands = program.get_subcommands();
    let rest = commands.map(|command| page(date, command, command.get_name(), &of_program));
    std::iter::once(first).chain(rest).collect()
}

/// `login-cli-create-key`.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(date: &str, command: &Command, called: &str, see_also: &[String]) -> io::Result<Entry> {
    let source = concat!("login-cli ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).date(date).source(source).manual(MANUAL);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut text)?;
    }
    man.render_options_section(&mut text)?;
    after_options(called, see_also).to_writer(&mut text)?;
    Ok(Entry::file(&format!("man/man1/{}", man.get_filename()), text))
}

fn after_options(called: &str, see_also: &[String]) -> Roff {
    let mut roff = Roff::new();
    if let Some(page) = Page::for_command(called) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page() {
        let pages = pages("2026-01-01").unwrap();
        let program = login_cli::definition();
        assert_eq!(pages.len(), 1 + program.get_subcommands().count());
        for command in program.get_subcommands() {
            let path = format!("man/man1/login-cli-{}.1", command.get_name());
            let page = pages.iter().find(|page| page.path == path).unwrap();
            let text = str::from_utf8(&page.bytes).unwrap();
            assert!(text.contains(".SH EXAMPLES") && text.contains(".SH \"SEE ALSO\""), "{text}");
        }
    }
}
