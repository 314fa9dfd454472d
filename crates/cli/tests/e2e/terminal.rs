//! The terminal interface: the status line, messages above it, and small, dumb or unusual
//! terminals.

use std::thread;
use std::time::Instant;

use sandbox::Account;
use serde_json::json;
use vt100::Color;

use crate::support::{CellStyle, TEST_TIMEOUT, TerminalRun, World, jwt};

/// A login that waits with a status line.
fn waiting(world: &World, columns: u16) -> TerminalRun<'_> {
    let person = world.login().on_terminal(columns, 50);
    person.shows(" left.");
    person
}

// threats 193
#[test]
fn status_line_counts_down_and_disappears() {
    let world = World::new();
    let person = world.login().args(["--timeout", "3s"]).on_terminal(80, 24);
    person.ends();
    // Any of these values, because a busy machine can skip seconds.
    let written = String::from_utf8(person.bytes()).unwrap();
    for left in ["0:03", "0:02"] {
        let line = format!(" Waiting for the browser, {left} left. Ctrl-C cancels.");
        assert!(written.contains(&line), "no {line:?} in {written:?}");
    }
    let finished = person.finish();
    finished.exits(1).says("error: the browser did not come back within 3 seconds\n");
    finished.says_nothing_of("Waiting for").says_nothing_of("⠋");
}

// threats 49
#[test]
fn ctrl_c_removes_the_status_line() {
    let world = World::new();
    let person = waiting(&world, 80);
    person.types("\x03");
    let finished = person.finish();
    finished.exits(130).says_nothing_of("Waiting for").says_nothing_of("^C");
    assert!(finished.stderr.ends_with("device.\nCancelled.\n"), "{}", finished.stderr);
}

/// The text above stays, whether or not the terminal rewraps long lines.
#[test]
fn status_line_follows_the_window_size() {
    let world = World::new();
    let person = waiting(&world, 80);
    let url = person.auth_url();
    person.resize(50, 50);
    person.shows_no("Ctrl-C");
    person.resize(30, 50);
    person.shows_no("Waiting for");
    person.resize(6, 50);
    person.shows_no(":5");
    person.resize(80, 50);
    person.shows("Waiting for the browser, ");
    let screen = person.screen();
    assert_eq!(screen.matches("Waiting for the browser").count(), 1, "{screen}");
    assert!(screen.starts_with("Open t") && screen.contains("\nOr pre"), "{screen}");
    person.visit_at(&url, &world.sandbox.person(Account::OWNER));
    let finished = person.finish();
    finished.exits(0).says("\nSigned in as Ada Lovelace");
}

/// Each log line is complete and starts in the first column.
#[test]
fn log_lines_do_not_break_the_status_line() {
    let world = World::new();
    let person = world.login().arg("--verbose").on_terminal(200, 50);
    person.shows("Ctrl-C cancels.");
    person.visit(Account::OWNER);
    let finished = person.finish();
    finished.exits(0).says("\nSigned in as Ada Lovelace").says(" DEBUG ");
    for line in finished.stderr.lines().filter(|line| line.contains(" DEBUG ")) {
        assert!(line.starts_with("20") && !line.contains("left"), "{line:?}");
    }
    finished.says_nothing_of("Waiting for the browser");
}

/// As in `TOKEN=$(login-cli token)`.
#[test]
fn result_goes_to_stdout_and_messages_to_terminal() {
    let world = World::new();
    let stored = world.signed_in(3600);
    let captured = world.command("token").captured_on_terminal(80, 24).finish();
    captured.exits(0).prints(&format!("{}\n", stored.access_token));
    let shown = world.command("token").on_terminal(80, 24).finish();
    assert!(shown.exits(0).stderr.contains(&stored.access_token), "the token is not shown");

    let person = world.create_key().captured_on_terminal(80, 24);
    person.shows("Ctrl-C cancels.");
    person.visit(Account::OWNER);
    let key = world.sandbox.issued().api_keys.pop().unwrap();
    person.finish().exits(0).prints(&format!("{key}\n")).says("Created the API key");
}

/// A dumb terminal gets the same text as a file, but wrapped.
// threats 200
#[test]
fn dumb_terminal_gets_plain_lines() {
    for kind in [Some("dumb"), Some(""), None] {
        let world = World::new();
        let start = world.login().env("TERM", kind.unwrap_or("xterm"));
        let unset = ["/usr/bin/env", "-u", "TERM"].into_iter().filter(|_| kind.is_none());
        let person = start.under(unset).on_terminal(80, 24);
        person.shows("Waiting for the browser, up to 15 minutes. Ctrl-C cancels.");
        assert!(person.echoes(), "a prompt is shown");
        person.visit(Account::OWNER);
        person.ends();
        let screen = person.screen();
        assert!(screen.contains("\nSigned in as Ada Lovelace"), "{screen}");
        let written = person.bytes();
        let finished = person.finish();
        finished.exits(0);
        if kind == Some("dumb") {
            assert!(!written.contains(&0x1b), "{}", finished.stderr);
        }
    }
}

// threats 200
#[test]
fn twenty_columns_are_enough() {
    let world = World::new();
    let person = world.login().arg("--require-api-key").on_terminal(20, 60);
    person.shows(" 1");
    // The terminal wrapped the line and knows that it is one line.
    assert!(person.auth_url().as_str().len() > 100);
    let screen = person.screen();
    assert!(
        screen.starts_with("Open this address to\nsign in with\nChatGPT:\n\nhttp://"),
        "{screen}"
    );
    assert!(
        screen.contains("\nIf the browser ends\non a page that does\nnot load, paste the"),
        "{screen}"
    );
    person.visit(Account::MEMBER);
    let finished = person.finish();
    finished
        .exits(1)
        .says("\nerror: this account\nhas no API\n")
        .says("\nhint: set up the API\nplatform for this\n");
}

// threats 200
#[test]
fn terminal_without_utf8_gets_ascii() {
    for locale in ["C", "POSIX", "de_DE.ISO-8859-1"] {
        let world = World::new();
        let person = world.login().arg("--qr").env("LC_ALL", locale).on_terminal(100, 70);
        person.shows("- Waiting for the browser, ");
        person.shows("warning: no QR code: it needs a terminal that supports UTF-8\n");
        person.visit(Account::OWNER);
        person.ends();
        assert!(person.bytes().is_ascii(), "{}", person.screen());
        person.finish().exits(0);
    }
}

/// The URL is also printed in full.
#[test]
fn url_is_a_hyperlink_if_supported() {
    let link = |variables: &[(&str, &str)]| {
        let world = World::new();
        let start = world.login();
        let start = variables.iter().fold(start, |start, (name, value)| start.env(name, *value));
        let person = start.on_terminal(80, 50);
        let url = person.auth_url();
        person.visit(Account::OWNER);
        person.ends();
        let written = String::from_utf8(person.bytes()).unwrap();
        person.finish().exits(0);
        let begin = format!("\r\n\x1b]8;;{url}\x1b\\");
        let end = format!("{url}\x1b[0m\x1b]8;;\x1b\\\r\n");
        assert_eq!(written.contains(&begin), written.contains("\x1b]8"));
        assert_eq!(written.contains(&end), written.contains("\x1b]8"));
        written.contains("\x1b]8")
    };
    assert!(link(&[("TERM_PROGRAM", "WezTerm")]));
    assert!(link(&[("VTE_VERSION", "7600")]));
    assert!(!link(&[]));
    assert!(!link(&[("TERM_PROGRAM", "WezTerm"), ("NO_COLOR", "1")]));
    assert!(!link(&[("TERM_PROGRAM", "WezTerm"), ("TERM", "dumb")]));
}

/// Standard input that is closed, endless, or a terminal in another mode.
// threats 201
#[test]
fn unusual_stdin_is_accepted() {
    for redirection in ["<&-", "</dev/zero", "</dev/null"] {
        let world = World::new();
        let person = world.login().in_shell("", redirection).on_terminal(80, 50);
        person.visit(Account::OWNER);
        person.finish().exits(0).says("Signed in as Ada Lovelace");
    }
    let world = World::new();
    let raw =
        "was=$(/bin/stty -g); /bin/stty raw opost; \"$@\"; code=$?; /bin/stty \"$was\"; exit $code";
    let person = world.login().under(["/bin/sh", "-c", raw, "sh"]).on_terminal(80, 50);
    person.visit(Account::OWNER);
    person.finish().exits(0);
}

/// More than the input buffer of a terminal.
// threats 190 201
#[test]
fn many_key_presses_are_harmless() {
    let world = World::new();
    let person = waiting(&world, 80);
    person.pastes(vec![b'x'; 1 << 20]);
    person.visit(Account::OWNER);
    person.finish().exits(0);
}

/// The harness checks the screen for secrets and the terminal modes.
// threats 193
#[test]
fn pasted_key_is_not_shown() {
    let key = "sk-proj-abcdefghijklmnopqrstuvwxyz_0123456789";
    let world = World::new();
    world.register_secret(key);
    let person = world.command("login").arg("--with-api-key").on_terminal(80, 24);
    person.shows("Paste the API key");
    wait_until_hidden(&person);
    person.types(&format!("{key}\r"));
    person.finish().exits(0).says("Signed in with an API key, stored in ");
    assert_eq!(world.auth_document()["OPENAI_API_KEY"].as_str().unwrap(), key);
}

#[track_caller]
fn wait_until_hidden(person: &TerminalRun<'_>) {
    let since = Instant::now();
    while person.echoes() {
        assert!(since.elapsed() < TEST_TIMEOUT, "what is typed stays to be seen");
        thread::yield_now();
    }
}

/// The harness checks the terminal modes.
// threats 193
#[test]
fn non_controlling_terminal_is_restored() {
    let key = "sk-proj-abcdefghijklmnopqrstuvwxyz_0123456789";
    let world = World::new();
    world.register_secret(key);
    let start = world.command("login").arg("--with-api-key").under(["/usr/bin/setsid", "--wait"]);
    let person = start.on_terminal(80, 24);
    person.shows("Paste the API key");
    wait_until_hidden(&person);
    person.types(&format!("{key}\r"));
    person.finish().exits(0).says("Signed in with an API key, stored in ");
}

/// A shell that reads and shows a line after the program exits.
const SHELL: [&str; 4] = [
    "/bin/sh",
    "-c",
    "\"$@\"; code=$?; read -r line; echo \"left: [$line]\" >&2; exit $code",
    "sh",
];

#[track_caller]
fn assert_paste_is_refused(option: &str, secret: &str, paste: &str, why: &str) {
    let world = World::new();
    world.register_secret(secret);
    let start = world.command("login").arg(option).under(SHELL);
    let person = start.on_terminal(200, 24);
    person.shows("which is not shown, and press Enter:");
    wait_until_hidden(&person);
    person.types(paste);
    person.shows("hint: copy it again, without a line break in it, and paste it as one line");
    person.types("next\r");
    person.finish().exits(1).says(why).says("left: [next]");
    assert_eq!(world.auth_json(), None);
}

/// Copied lines can contain the line breaks of a terminal. The first part looks complete, and the
/// rest must not reach the shell.
// threats 222
#[test]
fn multi_line_paste_is_refused_completely() {
    let token = jwt(&json!({"iss": "https://issuer.test", "x": "x".repeat(300)}));
    for (option, secret) in [
        ("--with-api-key", "sk-proj-abcdefghijklmnopqrstuvwxyz_0123456789"),
        ("--with-access-token", "at-abcdefghijklmnopqrstuvwxyz_0123456789"),
        ("--with-access-token", &token),
    ] {
        let (begin, end) = secret.split_at(secret.len() - 9);
        for (paste, why) in [
            (format!("{begin}\n{end}\r"), "it is more than one line"),
            (format!("{begin}\n{end}"), "it is more than one line"),
            (format!("\x1b[200~{begin}\n{end}\x1b[201~\r"), "it is more than one line"),
            (format!("\x1b[200~{begin}\r"), "the paste has no end"),
        ] {
            assert_paste_is_refused(option, secret, &paste, why);
        }
    }
}

const PAPER: CellStyle =
    CellStyle { color: Color::Idx(16), background: Color::Idx(231), ..CellStyle::PLAIN };

/// Reads the QR code from the screen.
fn decode_qr_code(person: &TerminalRun<'_>) -> String {
    let screen = person.screen();
    let has_colors = (0..80).any(|row| person.style_at(row, 0) == Some(PAPER));
    let is_of_code = |(row, text): &(u16, &str)| match has_colors {
        true => person.style_at(*row, 0) == Some(PAPER),
        false => text.starts_with('█'),
    };
    let rows: Vec<&str> = (0..).zip(screen.lines()).filter(is_of_code).map(|it| it.1).collect();
    assert!(!rows.is_empty(), "no code in {screen}");
    let side = 2 * rows.len();
    let is_drawn = |x: usize, y: usize| {
        let cell = rows[y / 2].chars().nth(x).unwrap_or(' ');
        cell == '█' || cell == if y.is_multiple_of(2) { '▀' } else { '▄' }
    };
    // With colours, drawn cells are dark. Without colours, they have the colour of text, which is
    // light here.
    const SCALE: usize = 4;
    let light = |x: usize, y: usize| is_drawn(x / SCALE, y / SCALE) != has_colors;
    let gray = |x, y| if light(x, y) { 255 } else { 0 };
    let size = (side + 8) * SCALE;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(size, side * SCALE, gray);
    let [code] = image.detect_grids().try_into().unwrap_or_else(|_| panic!("no code in {screen}"));
    code.decode().unwrap().1
}

#[test]
fn qr_code_contains_the_url() {
    for variables in [&[][..], &[("NO_COLOR", "1")]] {
        let world = World::new();
        let start = world.create_key().arg("--qr");
        let start = variables.iter().fold(start, |start, (name, value)| start.env(name, *value));
        let person = start.on_terminal(100, 80);
        person.shows(" left.");
        assert_eq!(decode_qr_code(&person), person.auth_url().as_str());
        person.visit(Account::OWNER);
        person.finish().exits(0);
    }
}

/// A screen of 80 by 24 has room for the QR code and the code to type.
#[test]
fn qr_code_of_login_is_for_the_device_code_and_fits_80_by_24() {
    for options in [&["--device", "--qr"][..], &["--qr"]] {
        let world = World::new();
        let start = world.command("login").args(options.iter().copied());
        let person = start.on_terminal(80, 24);
        person.shows(" left.");
        let page = format!("{}/codex/device", world.sandbox.issuer_url());
        assert_eq!(decode_qr_code(&person), page);
        person.types("\x03");
        let finished = person.finish();
        finished.exits(130).says_nothing_of("no QR code").says("Cancelled.\n");
    }
}

/// A message says how much room it needs.
#[test]
fn qr_code_is_omitted_without_room() {
    for (columns, rows) in [(80, 24), (60, 80), (100, 39)] {
        let world = World::new();
        let person = world.create_key().arg("--qr").on_terminal(columns, rows);
        person.shows("Ctrl-C cancels.");
        person.visit(Account::OWNER);
        let finished = person.finish();
        let said = finished.exits(0).stderr.replace('\n', " ").replace("         ", "");
        let has = format!("and the terminal has {columns} and {rows} ");
        assert!(said.contains("warning: no QR code: it needs ") && said.contains(&has), "{said}");
    }
    let world = World::new();
    let finished = world.login().arg("--qr").signs_in(Account::OWNER);
    finished.exits(0).says("warning: no QR code: it needs a terminal\n");
}
