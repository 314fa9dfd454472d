//! A million verifiers, half of them ours and half of any legal length, against another
//! implementation of the same RFC: Python's `hashlib` and `base64`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::process::{ChildStdin, Command, Stdio};
use std::thread;

use pkce::CodeVerifier;

const HALF: u32 = 500_000;

const PYTHON: &str = "
import base64, hashlib, sys
for line in sys.stdin.buffer:
    digest = hashlib.sha256(line[:-1]).digest()
    sys.stdout.buffer.write(base64.urlsafe_b64encode(digest).rstrip(b'=') + b'\\n')
";

/// Any legal verifier, by a generator whose sequence is the same in every run.
struct Legal(u64);

impl Legal {
    fn next(&mut self) -> u64 {
        // xorshift64
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn verifier(&mut self) -> String {
        let unreserved = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
        let length = 43 + self.next() % 86;
        (0..length).map(|_| char::from(unreserved[(self.next() % 66) as usize])).collect()
    }
}

fn send(verifiers: ChildStdin) -> thread::JoinHandle<Vec<CodeVerifier>> {
    thread::spawn(move || {
        let mut legal = Legal(0x9e37_79b9_7f4a_7c15);
        let ours = (0..HALF).map(|_| CodeVerifier::generate().unwrap());
        let theirs = (0..HALF).map(|_| CodeVerifier::new(legal.verifier()).unwrap());
        let all: Vec<_> = ours.chain(theirs).collect();
        let mut pipe = BufWriter::new(verifiers);
        for verifier in &all {
            writeln!(pipe, "{}", verifier.expose()).unwrap();
        }
        pipe.flush().unwrap();
        all
    })
}

// threats 1 2
#[test]
fn challenges_equal_those_of_python() {
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON]);
    let python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = python else {
        // Past the capture of the test harness; `.ci/run` counts these lines.
        let line =
            b"not tested on this machine: a comparison with Python: there is no python3 here\n";
        let _ = std::io::stderr().write_all(line);
        return;
    };
    let sending = send(python.stdin.take().unwrap());
    let answers = BufReader::new(python.stdout.take().unwrap());
    let challenges: Vec<String> = answers.lines().map(Result::unwrap).collect();
    let verifiers = sending.join().unwrap();
    assert!(python.wait().unwrap().success());

    assert_eq!(challenges.len(), verifiers.len());
    for (verifier, challenge) in verifiers.iter().zip(&challenges) {
        assert_eq!(verifier.challenge().as_str(), challenge);
    }
}
