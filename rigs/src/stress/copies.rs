//! F15: rounds of twenty copies of one callback, sent at the same time.
//!
//! In every other round the issuer takes a moment, so that copies meet a code that is being
//! redeemed; in the others they meet one that is redeemed before the last of them is read.

use std::error::Error;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use sandbox::{Endpoint, Fault, On, Then};

use super::Numbers;
use super::browser::{Answer, connect, read_answer, visit};
use super::stage::{SignIn, Stage};
use crate::progress;
use crate::report::Report;

/// How many copies make a round.
const COPIES: usize = 20;

pub(super) fn run(
    program: &Path,
    numbers: &Numbers,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    progress("copies of the callback");
    let rounds = numbers.rounds_of_copies;
    let stage = Stage::set(program, vec![pause_in_every_other(u32::try_from(rounds)?)])?;
    let (mut alike, mut completed) = (0, 0);
    for _ in 0..rounds {
        let mut sign_in = stage.begin()?;
        let answers = all_at_once(&sign_in)?;
        alike += usize::from(are_one_redirect(&answers));
        let landed = answers.iter().all(|answer| sign_in.land(answer).is_ok());
        completed += usize::from(landed && sign_in.succeeded().is_ok());
    }
    report.count(&format!("rounds of {COPIES} copies, all told the same"), alike, rounds);
    report.count("  completed", completed, rounds);
    report.count("  token requests", stage.token_requests(), rounds);
    Ok(())
}

fn pause_in_every_other(rounds: u32) -> Fault {
    let every_other = (1..=rounds).step_by(2).collect();
    Fault::new(Endpoint::TokenCode, Then::Honest)
        .after(Duration::from_millis(20))
        .on(On::Nth(every_other))
}

/// Every connection stands before the first request is sent, and every request is sent before the
/// first answer is read.
fn all_at_once(sign_in: &SignIn) -> Result<Vec<Answer>, Box<dyn Error>> {
    let request = visit(&sign_in.callback);
    let connections: Result<Vec<TcpStream>, _> =
        (0..COPIES).map(|_| connect(sign_in.address)).collect();
    let mut connections = connections?;
    let begun = Instant::now();
    connections.iter_mut().try_for_each(|copy| copy.write_all(&request))?;
    let answers: Result<_, _> =
        connections.iter_mut().map(|copy| read_answer(copy, begun)).collect();
    Ok(answers?)
}

fn are_one_redirect(answers: &[Answer]) -> bool {
    let Some((first, others)) = answers.split_first() else {
        return false;
    };
    first.status() == Some(302) && others.iter().all(|other| other.bytes == first.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_other_answer_is_noticed() {
        let answer = |text: &str| Answer { first_byte: Duration::ZERO, bytes: text.into() };
        let found = || answer("HTTP/1.1 302 Found\r\n\r\n");
        assert!(are_one_redirect(&[found(), found()]));
        assert!(!are_one_redirect(&[found(), answer("HTTP/1.1 302 Found\r\n\r\nx")]));
        assert!(!are_one_redirect(&[answer("HTTP/1.1 200 OK\r\n\r\n")]));
        assert!(!are_one_redirect(&[]));
    }
}
