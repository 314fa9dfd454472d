//! The sign-in methods that are available at the same time on a terminal: browser, pasted URL, and
//! device code. The first one to succeed wins.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Instant;

use sandbox::{Account, Device, Endpoint, Fault, Offered, On, Scenario, Then};
use serde_json::json;

use crate::support::{Finished, Running, TEST_TIMEOUT, TerminalRun, World};

const PASTE: &str = "If the browser ends on a page that does not load, paste the address of that page here, \
                     and press Enter.";
const DEVICE: &str = "Or press d, for a code to type on another device.";

fn world() -> World {
    let device = Device { interval: json!(1), ..Device::default() };
    World::with_scenario(Scenario { device, ..Scenario::default() })
}

/// A login that waits on a wide terminal.
fn waiting(world: &World) -> TerminalRun<'_> {
    let running = world.login().on_terminal(700, 50);
    running.shows("Ctrl-C cancels.");
    running
}

/// The URL in the address bar after the account was chosen on another machine.
fn callback_url(running: &Running<'_>) -> String {
    running.callback(Account::OWNER).to_string()
}

/// The sign-in succeeds, and the screen shows no part of the pasted URL.
#[track_caller]
fn assert_signed_in(world: &World, finished: &Finished) {
    finished.exits(0).says("Signed in as Ada Lovelace <ada@example.com>, plan plus");
    finished.says_nothing_of("/auth/callback?code");
    assert!(world.auth_json().is_some(), "nothing is stored");
}

/// Enters the shown code and chooses the owner.
fn approve(world: &World, running: &TerminalRun<'_>) {
    running.shows("/codex/device");
    running.shows("Waiting, ");
    let screen = running.screen();
    let (_, below) = screen.split_once("share it with no one.").unwrap();
    let code = below.lines().map(str::trim).find(|line| !line.is_empty()).unwrap();
    let page = format!("{}/codex/device", world.sandbox.issuer_url());
    world.sandbox.person(Account::OWNER).connect_device_blocking(&page, code).unwrap();
}

#[test]
fn pasted_callback_url_signs_in() {
    let world = world();
    let running = waiting(&world);
    running.reads(PASTE);
    running.reads(DEVICE);
    let address = callback_url(&running);
    running.types(&address);
    running.shows(&format!("{} characters, not shown. Enter submits", address.len()));
    running.types("\r");
    assert_signed_in(&world, &running.finish());
    assert_eq!(world.count(&Endpoint::Token), 2);
}

/// Browsers, terminals, mail programs and people change a URL on its way.
// threats 218
#[test]
fn pasted_url_is_accepted_in_every_common_form() {
    let changes: [fn(&str) -> String; 13] = [
        |address| format!("  {}\r", address.trim_start_matches("http://")),
        |address| format!("{}\r\n  {}\r", &address[..40], &address[40..]),
        |address| format!("wrong\u{15}{address}#x\r"),
        |address| format!("{}\r", address.replace("http://", "https://")),
        |address| format!("{}\r", address.replace("//localhost:", "//localhost.:")),
        |address| format!("{}\r", address.replace('&', "&amp;")),
        |address| format!("<{address}>\r"),
        |address| format!("{address}.\r"),
        |address| format!("{}\r", address.replace('&', "\\&")),
        |address| format!("[{address}]({address})\r"),
        |address| {
            format!("{}\r", address.replace('?', "\\?").replace('&', "\\&").replace('=', "\\="))
        },
        |address| {
            let mut filter: url::Url =
                "https://eur01.safelinks.protection.outlook.com/".parse().unwrap();
            filter.query_pairs_mut().append_pair("url", address).append_pair("data", "05");
            format!("{filter}\r")
        },
        // An editor can forward the port with another number.
        |address| {
            let (_, path) = address.split_once("/auth/").unwrap();
            format!("http://localhost:8080/auth/{path}\r")
        },
    ];
    for change in changes {
        let world = world();
        let running = waiting(&world);
        let address = callback_url(&running);
        running.types(&change(&address));
        assert_signed_in(&world, &running.finish());
    }
}

/// The paste is refused with this reason and hint, and the wait continues.
#[track_caller]
fn assert_paste_refused(
    running: &TerminalRun<'_>,
    pasted: impl AsRef<[u8]>,
    reason: &str,
    advice: &str,
) {
    let expected =
        format!("warning: that is not the callback URL of this sign-in: {reason} hint: {advice}");
    let before = running.times(&expected);
    running.pastes(pasted);
    running.pastes("\r");
    running.reads_times(&expected, before + 1);
}

// threats 10 190
#[test]
fn invalid_paste_is_refused_with_a_reason() {
    let world = world();
    let running = waiting(&world);
    let address = callback_url(&running);
    let (place, _) = address.split_once('?').unwrap();
    let code = world.sandbox.issued().codes[0].clone();
    assert_paste_refused(
        &running,
        &code,
        "it is not a complete URL",
        "paste the whole address of the page where the browser ended, starting with http://",
    );
    assert_paste_refused(
        &running,
        format!("{place}?code={code}&state=of-another-sign-in"),
        "it belongs to another sign-in, or is incomplete",
        "paste the address of the page where the browser ended in this sign-in, not in an earlier one",
    );
    let bar = "paste the whole text of the address bar of the page that does not load";
    assert_paste_refused(
        &running,
        address.replace("//localhost", "//localhost.evil.test"),
        "it is not the redirect URL of this sign-in",
        bar,
    );
    assert_paste_refused(
        &running,
        running.auth_url().as_str(),
        "it is the URL that starts the sign-in, not the URL of the last page",
        "open it in a browser",
    );
    assert_paste_refused(
        &running,
        format!("https://evil.test/auth/callback?code={code}"),
        "it is not the redirect URL of this sign-in",
        bar,
    );
    assert_paste_refused(&running, format!("{address}&code=twice"), "it is malformed", bar);
    assert_paste_refused(
        &running,
        format!("{address}&code=\u{1b}[31m\u{1b}]0;x\u{7}"),
        "it is malformed",
        bar,
    );
    running.types("\u{1b}[A\u{1b}OP\t");
    assert_paste_refused(&running, "0123456789abcde\n".repeat(1 << 16), "it is too long", bar);
    assert_eq!(world.count(&Endpoint::Token), 0);
    running.types(&format!("{address}\r"));
    assert_signed_in(&world, &running.finish());
}

#[test]
fn pasted_denial_ends_the_sign_in() {
    let world = world();
    let running = waiting(&world);
    let mut address = running.callback(Account::OWNER);
    let state = address.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    address.query_pairs_mut().clear().extend_pairs([("error", "access_denied"), ("state", &state)]);
    running.types(&format!("{address}\r"));
    running.finish().exits(1).says("error: sign-in was not granted (access_denied)");
}

#[test]
fn pressing_d_shows_a_device_code() {
    let world = world();
    let running = waiting(&world);
    running.types("d");
    approve(&world, &running);
    assert_signed_in(&world, &running.finish());
    assert_eq!(world.count(&Endpoint::DeviceUserCode), 1);
}

#[test]
fn browser_wins_against_device_code() {
    let world = world();
    let running = waiting(&world);
    running.types("ddd");
    world.sandbox.wait_for_requests_blocking(&Endpoint::DeviceUserCode, 1, TEST_TIMEOUT).unwrap();
    running.types("d");
    world.sandbox.wait_for_requests_blocking(&Endpoint::DeviceToken, 1, TEST_TIMEOUT).unwrap();
    assert_eq!(world.count(&Endpoint::DeviceUserCode), 1, "it waits for one code");
    let port = running.port();
    let trail = running.visit(Account::OWNER);
    assert_eq!(trail.last().unwrap().status, 200);
    assert_signed_in(&world, &running.finish());
    assert_eq!(world.count(&Endpoint::Token), 2, "one code and one ID token are used");
    assert_free(port);
}

#[test]
fn device_code_wins_against_browser() {
    let world = world();
    let running = waiting(&world);
    let (port, _) = (running.port(), callback_url(&running));
    running.types("d");
    approve(&world, &running);
    assert_signed_in(&world, &running.finish());
    assert_eq!(world.count(&Endpoint::Token), 2, "one code and one ID token are used");
    assert_free(port);
}

#[test]
fn pasted_url_wins_over_device_code() {
    let world = world();
    let running = waiting(&world);
    running.types("d");
    world.sandbox.wait_for_requests_blocking(&Endpoint::DeviceToken, 1, TEST_TIMEOUT).unwrap();
    let address = callback_url(&running);
    running.types(&format!("{address}\r"));
    assert_signed_in(&world, &running.finish());
}

#[track_caller]
fn assert_free(port: u16) {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
}

/// The device code has its own timeout.
#[test]
fn device_code_outlives_the_browser_timeout() {
    let world = world();
    let running = world.login().args(["--timeout", "8s"]).on_terminal(200, 50);
    running.shows("0:02 left");
    running.types("d");
    world.sandbox.wait_for_requests_blocking(&Endpoint::DeviceToken, 4, TEST_TIMEOUT).unwrap();
    approve(&world, &running);
    assert_signed_in(&world, &running.finish());
}

// threats 51
#[test]
fn sigquit_restores_the_terminal() {
    let world = world();
    let running = waiting(&world);
    wait_for_echo(&running, false);
    running.types("\x1c");
    running.finish().exits(143).says("error: terminated\n");
}

#[test]
fn missing_device_codes_keep_the_browser_wait() {
    let device = Device { offered: Offered::No, ..Device::default() };
    let world = World::with_scenario(Scenario { device, ..Scenario::default() });
    let running = waiting(&world);
    running.types("d");
    running.reads(
        "warning: cannot sign in by device code: sign-in by device code is not enabled; still waiting \
         for the browser hint: enable device codes",
    );
    running.visit(Account::OWNER);
    assert_signed_in(&world, &running.finish());
}

#[test]
fn failed_device_code_can_be_requested_again() {
    let refused = Then::json(400, json!({ "error": { "code": "odd", "message": "M" } }));
    let faults = vec![Fault::new(Endpoint::DeviceUserCode, refused).on(On::First(1))];
    let device = Device { interval: json!(1), ..Device::default() };
    let world = World::with_scenario(Scenario { device, faults, ..Scenario::default() });
    let running = waiting(&world);
    running.types("d");
    running.reads("warning: cannot sign in by device code: the issuer refused: HTTP 400, odd: M;");
    running.types("d");
    approve(&world, &running);
    assert_signed_in(&world, &running.finish());
}

#[test]
fn create_key_accepts_pasted_url_without_device_code() {
    let world = world();
    let running = world.create_key().captured_on_terminal(700, 50);
    running.shows("Ctrl-C cancels.");
    assert!(!running.screen().contains("another device"), "{}", running.screen());
    running.types("d");
    let address = callback_url(&running);
    running.types(&format!("\u{15}{address}\r"));
    let finished = running.finish();
    finished.exits(0).says("Created the API key");
    assert_eq!(world.count(&Endpoint::DeviceUserCode), 0);
}

/// Waits until echo is on or off.
#[track_caller]
fn wait_for_echo(running: &TerminalRun<'_>, expected: bool) {
    let since = Instant::now();
    while running.echoes() != expected {
        assert!(since.elapsed() < TEST_TIMEOUT, "the echo stays {}", !expected);
        thread::yield_now();
    }
}

// threats 51
#[test]
fn ctrl_c_during_paste_restores_the_terminal() {
    let world = world();
    let running = waiting(&world);
    wait_for_echo(&running, false);
    running.types("http://localhost:1455/auth/callback?code=");
    running.types("\x03");
    running.finish().exits(130).says("Cancelled.\n");
    assert_eq!(world.count(&Endpoint::Token), 0);
}

/// The shell changes the terminal modes while the program is suspended.
#[test]
fn echo_is_off_again_after_suspend() {
    let world = world();
    let running = waiting(&world);
    wait_for_echo(&running, false);
    running.shell_takes_the_terminal();
    wait_for_echo(&running, false);
    let address = callback_url(&running);
    running.types(&format!("{address}\r"));
    assert_signed_in(&world, &running.finish());
}

/// Reading from the terminal would stop a background process (SIGTTIN).
// threats 200
#[test]
fn background_process_shows_no_prompt() {
    let world = world();
    let in_background = ["/bin/sh", "-mc", "\"$@\" & wait $!", "sh"];
    let running = world.login().under(in_background).on_terminal(200, 50);
    running.shows("Ctrl-C cancels.");
    assert!(!running.screen().contains("press d"), "{}", running.screen());
    assert!(running.echoes());
    running.types("typed for the shell");
    running.visit(Account::OWNER);
    assert_signed_in(&world, &running.finish());
    assert_eq!(world.count(&Endpoint::DeviceUserCode), 0);
}

// threats 200
#[test]
fn dumb_terminal_shows_no_prompt() {
    for start in [world_start("TERM", "dumb"), world_start("TERM", "")] {
        let world = world();
        let running = start(&world).on_terminal(200, 50);
        running.shows("Ctrl-C cancels.");
        assert!(!running.screen().contains("press d"), "{}", running.screen());
        running.visit(Account::OWNER);
        running.finish().exits(0);
    }
}

fn world_start(
    name: &'static str,
    value: &'static str,
) -> impl Fn(&World) -> crate::support::Start<'_> {
    move |world| world.login().env(name, value)
}

/// Even a correct URL is ignored.
// threats 200 201
#[test]
fn non_terminal_stdin_is_not_read() {
    let world = world();
    let running =
        world.login().with_stdin("d\nhttp://localhost:1455/auth/callback?code=x\n").start();
    let said = running.auth_url();
    running.says("Ctrl-C cancels.");
    running.visit(Account::OWNER);
    let finished = running.finish();
    finished.exits(0).says_nothing_of("press d").says_nothing_of("warning").says(said.as_str());
    assert_eq!(world.count(&Endpoint::DeviceUserCode), 0);
}
