//! F15: rounds of twenty copies of one callback, sent at the same time.
//!
//! In every other round the issuer pauses, so that copies arrive while the code is exchanged; in the
//! others they arrive after it.

use std::error::Error;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use sandbox::{Endpoint, Fault, On, Then};

use super::Numbers;
use super::harness::{Harness, SignIn};
use crate::http::{Response, connect, read_response, visit};
use crate::progress;
use crate::report::Report;

/// How many copies make a round.
const DUPLICATES: usize = 20;

pub(super) fn run(
    program: &Path,
    numbers: &Numbers,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    progress("duplicate callbacks");
    let rounds = numbers.rounds_of_duplicates;
    let harness = Harness::start(program, vec![pause_in_every_other(u32::try_from(rounds)?)])?;
    let (mut alike, mut completed) = (0, 0);
    for _ in 0..rounds {
        let mut sign_in = harness.start_sign_in()?;
        let responses = all_at_once(&sign_in)?;
        alike += usize::from(are_one_redirect(&responses));
        let followed = responses.iter().all(|response| sign_in.follow(response).is_ok());
        completed += usize::from(followed && sign_in.succeeded().is_ok());
    }
    report.count(&format!("rounds of {DUPLICATES} duplicates, one response"), alike, rounds);
    report.count("  completed", completed, rounds);
    report.count("  token requests", harness.code_exchange_count(), rounds);
    Ok(())
}

fn pause_in_every_other(rounds: u32) -> Fault {
    let every_other = (1..=rounds).step_by(2).collect();
    Fault::new(Endpoint::TokenCode, Then::Normal)
        .after(Duration::from_millis(20))
        .on(On::Nth(every_other))
}

/// Every connection stands before the first request is sent, and every request is sent before the
/// first response is read.
fn all_at_once(sign_in: &SignIn) -> Result<Vec<Response>, Box<dyn Error>> {
    let request = visit(&sign_in.callback);
    let connections: Result<Vec<TcpStream>, _> =
        (0..DUPLICATES).map(|_| connect(sign_in.address)).collect();
    let mut connections = connections?;
    let begun = Instant::now();
    connections.iter_mut().try_for_each(|copy| copy.write_all(&request))?;
    let responses: Result<_, _> =
        connections.iter_mut().map(|copy| read_response(copy, begun)).collect();
    Ok(responses?)
}

fn are_one_redirect(responses: &[Response]) -> bool {
    let Some((first, others)) = responses.split_first() else {
        return false;
    };
    first.status() == Some(302) && others.iter().all(|other| other.bytes == first.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_response_is_detected() {
        let response = |text: &str| Response { first_byte: Duration::ZERO, bytes: text.into() };
        let found = || response("HTTP/1.1 302 Found\r\n\r\n");
        assert!(are_one_redirect(&[found(), found()]));
        assert!(!are_one_redirect(&[found(), response("HTTP/1.1 302 Found\r\n\r\nx")]));
        assert!(!are_one_redirect(&[response("HTTP/1.1 200 OK\r\n\r\n")]));
        assert!(!are_one_redirect(&[]));
    }
}
