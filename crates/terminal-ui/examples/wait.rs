//! Shows what a program waits for, and a hint after an error.

use std::time::Duration;

use terminal_ui::{Capabilities, CommandPrefix, Terminal, say};

fn main() {
    let terminal = Terminal::new(Capabilities::default());
    terminal.say("Open this address to sign in:");
    terminal.url("https://auth.example.test/authorize");
    let waiting = terminal.status_line("Waiting for the browser", Some(Duration::from_secs(900)));
    drop(waiting);

    let command = CommandPrefix { program: "tool", account: "--profile work ".into() };
    let hint = say("sign in again with ").run("login");
    terminal.error("the sign-in has expired", Some(&hint.to_text(&command)));
    assert_eq!(hint.to_plain_text(&command), "sign in again with tool --profile work login");
}
