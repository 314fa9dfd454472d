//! The manual: a page for the program and one for each command, of what `--help` says.

use std::io;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::archive::Entry;

const MANUAL: &str = "login-cli manual";

const FILES: &str = "  \
  ~/.codex/auth.json
      the credentials, which Codex CLI reads too; in $CODEX_HOME if that is set
  ~/.codex/profiles/NAME/auth.json
      those of a profile";

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
    let first = page(date, &program, &others);
    let commands = program.get_subcommands();
    let rest = commands.map(|command| page(date, command, &of_program));
    std::iter::once(first).chain(rest).collect()
}

/// `login-cli-create-key`.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(date: &str, command: &Command, see_also: &[String]) -> io::Result<Entry> {
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
    after_options(command, see_also).to_writer(&mut text)?;
    // clap_mangen breaks the line around an empty line, of which mandoc warns.
    let text = String::from_utf8_lossy(&text).replace("\n.br\n\n.br\n", "\n.sp\n");
    Ok(Entry::file(&format!("man/man1/{}", man.get_filename()), text))
}

/// The rest of the help as it is laid out there, and the sections that only a manual has.
fn after_options(command: &Command, see_also: &[String]) -> Roff {
    let mut roff = Roff::new();
    let text = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    for part in text.replace('\u{a0}', " ").split("\n\n") {
        let (heading, lines) = part.split_once(":\n").unwrap_or((part, ""));
        section(&mut roff, &heading.to_uppercase(), lines);
    }
    if command.has_subcommands() {
        section(&mut roff, "FILES", FILES);
    }
    roff.control("SH", ["SEE ALSO"]);
    for (place, name) in see_also.iter().enumerate() {
        let comma = if place + 1 < see_also.len() { "(1)," } else { "(1)" };
        roff.text([bold(name), roman(comma)]);
    }
    roff
}

fn section(roff: &mut Roff, title: &str, lines: &str) {
    roff.control("SH", [title]);
    roff.control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_man_page() {
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
