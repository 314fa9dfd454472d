//! F17: how soon the program ends, and how soon it disconnects slow clients.

use std::error::Error;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use sandbox::{Endpoint, Fault, Then};

use super::Numbers;
use super::harness::{Harness, SignIn};
use crate::http::{connect, exchange, get};
use crate::metrics::Metrics;
use crate::progress;
use crate::report::Report;
use crate::system::interrupt;

pub(super) fn run(
    program: &Path,
    numbers: &Numbers,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    progress("how soon it ends");
    let harness = Harness::start(program, Vec::new())?;
    let ends = numbers.ends;
    let after_last_page = longest(ends, || exit_with_open_sockets(&harness))?;
    let most = Duration::from_millis(100);
    report.time("exit after the last page, sockets open", after_last_page, most);
    let after_denial = longest(ends, || exit_after_denial(&harness))?;
    report.time("exit after a denial, sockets open", after_denial, most);

    let tab_closed = longest(ends.div_ceil(10), || exit_without_last_page(&harness))?;
    // The program waits for five seconds, and then has to end.
    let most = Duration::from_millis(5000) + most;
    report.time("exit when nobody asks for the last page", tab_closed, most);

    progress("how soon slow clients are gone");
    report.time(
        "400 slow clients are gone after",
        slow_clients_are_disconnected(&harness)?,
        Duration::from_secs(6),
    );
    if cfg!(unix) {
        interruptions(program, &harness, ends, report)?;
    }
    Ok(())
}

fn interruptions(
    program: &Path,
    waiting: &Harness<'_>,
    ends: usize,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    progress("Ctrl-C");
    let held = Harness::start(program, vec![Fault::new(Endpoint::TokenCode, Then::Hang)])?;
    let mut exchanging = 0;
    let mut mid_exchange = || {
        exchanging += 1;
        interrupted_during_exchange(&held, exchanging)
    };
    let most = Duration::from_secs(2);
    let while_waiting = longest(ends, || interrupted_while_waiting(waiting))?;
    report.time("exit after Ctrl-C, while it waits", while_waiting, most);
    let during_exchange = longest(ends, &mut mid_exchange)?;
    report.time("exit after Ctrl-C, while the code is exchanged", during_exchange, most);
    Ok(())
}

fn longest(
    times: usize,
    mut measure: impl FnMut() -> Result<Duration, Box<dyn Error>>,
) -> Result<Option<Duration>, Box<dyn Error>> {
    let times: Result<Vec<_>, _> = (0..times).map(|_| measure()).collect();
    Ok(times?.into_iter().max())
}

/// Open sockets: some are silent, some have a response and could send again, some are in the middle of
/// a request.
fn open_sockets(sign_in: &SignIn, count: usize) -> Result<Vec<TcpStream>, Box<dyn Error>> {
    let host = sign_in.host();
    let keep = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive\r\n\r\n");
    let begun = format!("GET / HTTP/1.1\r\nHost: {host}\r\nX-Slow: ");
    (0..count)
        .map(|number| {
            let mut socket = connect(sign_in.address)?;
            socket.write_all(["", &keep, &begun][number % 3].as_bytes())?;
            Ok(socket)
        })
        .collect()
}

/// From the end of the last page to the end of the program.
fn exit_with_open_sockets(harness: &Harness<'_>) -> Result<Duration, Box<dyn Error>> {
    let mut sign_in = harness.start_sign_in()?;
    let _open = open_sockets(&sign_in, 100)?;
    Ok(sign_in.finish()?.exited)
}

/// From the end of the error page to the end of the program.
fn exit_after_denial(harness: &Harness<'_>) -> Result<Duration, Box<dyn Error>> {
    let mut sign_in = harness.start_sign_in()?;
    let _open = open_sockets(&sign_in, 100)?;
    let state = sign_in.callback.query_pairs().find(|(name, _)| name == "state");
    let state = state.map(|(_, state)| state.into_owned()).unwrap_or_default();
    let denial = format!("/auth/callback?error=access_denied&state={state}");
    let response = exchange(sign_in.address, &get(&denial, sign_in.host()))?;
    let responded = Instant::now();
    match (response.status(), sign_in.ended()?.code()) {
        (Some(403), Some(1)) => Ok(responded.elapsed()),
        other => Err(format!("a denial ended with page and code {other:?}").into()),
    }
}

/// From the moment the file of credentials exists to the end of the program.
fn exit_without_last_page(harness: &Harness<'_>) -> Result<Duration, Box<dyn Error>> {
    let mut sign_in = harness.start_sign_in()?;
    let auth_file = sign_in.auth_file();
    let seen = thread::spawn(move || {
        let begun = Instant::now();
        while !auth_file.exists() && begun.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_micros(500));
        }
        Instant::now()
    });
    sign_in.redirected()?;
    let on_disk = seen.join().map_err(|_| "the credentials were not looked for")?;
    sign_in.succeeded()?;
    Ok(on_disk.elapsed())
}

/// From the last of 400 connections, fewer than the server holds at once, until it has closed all of
/// them, counted by its descriptors. `None` on systems other than Linux.
fn slow_clients_are_disconnected(
    harness: &Harness<'_>,
) -> Result<Option<Duration>, Box<dyn Error>> {
    const CLIENTS: usize = 400;
    /// Connections of the program to the issuer.
    const OWN: u64 = 2;
    let mut sign_in = harness.start_sign_in()?;
    let descriptors =
        |sign_in: &SignIn| Metrics::read(sign_in.running.id()).map(|it| it.descriptors);
    let Some(before) = descriptors(&sign_in) else {
        return Ok(None);
    };
    let mut open = open_sockets(&sign_in, CLIENTS)?;
    let begun = Instant::now();
    while descriptors(&sign_in).is_some_and(|now| now > before + OWN) {
        if begun.elapsed() > Duration::from_secs(30) {
            return Err("slow clients are held for more than 30 s".into());
        }
        thread::sleep(Duration::from_millis(50));
        // One byte of the header for each; a write to a closed socket fails.
        open.iter_mut().skip(2).step_by(3).for_each(|socket| drop(socket.write_all(b"x")));
    }
    let gone = begun.elapsed();
    sign_in.finish()?;
    Ok(Some(gone))
}

fn interrupted_while_waiting(harness: &Harness<'_>) -> Result<Duration, Box<dyn Error>> {
    let sign_in = harness.start_sign_in()?;
    let _open = open_sockets(&sign_in, 100)?;
    interrupted(sign_in)
}

/// While the token endpoint does not respond.
fn interrupted_during_exchange(
    harness: &Harness<'_>,
    nth: usize,
) -> Result<Duration, Box<dyn Error>> {
    let sign_in = harness.start_sign_in()?;
    let mut browser = connect(sign_in.address)?;
    browser.write_all(&crate::http::visit(&sign_in.callback))?;
    harness.wait_for_code_exchanges(nth)?;
    interrupted(sign_in)
}

/// From the signal to the end of the program.
fn interrupted(mut sign_in: SignIn) -> Result<Duration, Box<dyn Error>> {
    interrupt(sign_in.running.id())?;
    let begun = Instant::now();
    match sign_in.ended()?.code() {
        Some(130) => Ok(begun.elapsed()),
        other => Err(format!("Ctrl-C ended with {other:?}").into()),
    }
}
