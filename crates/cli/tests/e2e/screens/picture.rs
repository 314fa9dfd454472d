use std::fs;
use std::path::Path;

use anstyle::{Color, RgbColor};
use anstyle_svg::{Term, WIN10_CONSOLE};

use super::{is_writing, section};
use crate::support::write;

/// The picture of the README shows the tested screen.
#[test]
fn readme_has_a_picture_of_the_screen_after_a_sign_in() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images/login-done.svg");
    let picture = picture("login-cli", &section("login-done", "80 columns, in colour"));
    if is_writing() {
        write(&path, &picture);
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, picture, "see how this file is written anew");
}

/// A screen as SVG.
fn picture(command: &str, marked: &str) -> String {
    let grey = |shade| Color::Rgb(RgbColor(shade, shade, shade));
    let term = Term::new().palette(WIN10_CONSOLE).fg_color(grey(220)).bg_color(grey(24));
    term.render_svg(&format!("$ {command}\n{}", with_escapes(marked)))
}

/// Style names such as `{bold green}` as escape sequences.
fn with_escapes(marked: &str) -> String {
    let rows = marked.lines().map(|row| {
        let mut parts = row.split('{');
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (style, rest) = part.split_once('}').expect("a style ends");
            text = format!("{text}\x1b[0{}m{rest}", style.split(' ').map(code).collect::<String>());
        }
        format!("{text}\x1b[0m\n")
    });
    rows.collect()
}

fn code(word: &str) -> &'static str {
    match word {
        "" => "",
        "bold" => ";1",
        "underlined" => ";4",
        "red" => ";31",
        "green" => ";32",
        "yellow" => ";33",
        "cyan" => ";36",
        other => panic!("no code for {other}"),
    }
}
