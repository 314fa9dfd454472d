//! Helpers that hang, write without end, or leave a process behind.

use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use credential_helper::{Credential, Error};

use crate::script::{FAR, Script, URL, credential};

/// Enough for a shell to start on a busy machine.
const SOON: Duration = Duration::from_secs(1);

#[track_caller]
fn times_out<T: std::fmt::Debug>(call: impl FnOnce() -> Result<T, Error>) {
    let started = Instant::now();
    let error = call().unwrap_err();
    assert!(matches!(error, Error::TimedOut { after: SOON, .. }), "{error:?}");
    let took = started.elapsed();
    assert!(SOON <= took && took < FAR / 2, "{took:?}");
}

#[track_caller]
fn is_misshapen(body: &str) {
    let error = Script::new(body).helper().get(URL).unwrap_err();
    assert!(matches!(error, Error::InvalidAnswer { .. }), "{error:?}");
}

/// More than the buffer of a pipe.
fn large() -> Credential {
    credential("ada", &"x".repeat(300_000))
}

/// Ends when the last writer of the FIFO has ended.
fn end_of(fifo: PathBuf) -> Receiver<String> {
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let (sender, ended) = channel();
    thread::spawn(move || {
        let mut text = String::new();
        fs::File::open(fifo).unwrap().read_to_string(&mut text).unwrap();
        sender.send(text).unwrap();
    });
    ended
}

#[test]
fn hanging_helper_is_killed_with_its_children() {
    let script = Script::new("exec 9>$HERE/fifo; echo $$ >&9; sleep 600 & sleep 600");
    let ended = end_of(script.path("fifo"));
    times_out(|| script.helper().with_deadline(SOON).get(URL));
    let pid = ended.recv_timeout(FAR).unwrap();
    // It was waited for, too: no zombie has its number.
    if cfg!(target_os = "linux") {
        assert!(!PathBuf::from("/proc").join(pid.trim()).exists(), "{pid}");
    }
}

#[test]
fn helper_that_ignores_signals_is_killed() {
    let script = Script::new("trap '' TERM INT HUP PIPE; while :; do sleep 600; done");
    times_out(|| script.helper().with_deadline(SOON).store(URL, &large()));
}

#[test]
fn helper_that_closes_its_output_and_hangs_is_killed() {
    let script = Script::new("exec >&- 2>&-; sleep 600");
    times_out(|| script.helper().with_deadline(SOON).list());
}

#[test]
fn slow_output_does_not_extend_the_deadline() {
    let script = Script::new("while :; do echo '{'; sleep 0.05; done");
    times_out(|| script.helper().with_deadline(SOON).list());
}

#[test]
fn both_calls_of_erase_share_one_deadline() {
    let script = Script::new("[ $1 = erase ] && { echo no; exit 1; }; sleep 600");
    let started = Instant::now();
    let error = script.helper().with_deadline(SOON).erase(URL).unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error:?}");
    assert!(started.elapsed() >= SOON && started.elapsed() < FAR / 2);
}

#[test]
fn helper_that_never_reads_stdin_may_succeed_or_fail() {
    Script::new("exec <&-; exit 0").helper().store(URL, &large()).unwrap();
    let error = Script::new("exec <&-; echo full; exit 1").helper().store(URL, &large());
    assert_eq!(error.unwrap_err().to_string().split(": ").last(), Some("full"));
}

#[test]
fn large_secret_is_sent_while_the_helper_writes() {
    let noise = "head -c 300000 /dev/zero | tr '\\0' n >&2";
    let script = Script::new(&format!("{noise}; cat >$HERE/input; {noise}"));
    script.helper().store(URL, &large()).unwrap();
    assert!(script.wrote("input").ends_with("xxx\"}"));
    assert!(script.wrote("input").len() > 300_000);
}

#[test]
fn background_process_of_a_helper_is_left_running() {
    let leaves = "(exec 9>$HERE/fifo; read line <$HERE/end; echo $line >&9) 2>/dev/null &";
    let script = Script::new(&format!("{leaves} echo '{{\"Username\":\"a\",\"Secret\":\"s\"}}'"));
    let ended = end_of(script.path("fifo"));
    assert!(Command::new("mkfifo").arg(script.path("end")).status().unwrap().success());
    // It holds standard output open until it is told to end, which is after the call.
    let started = Instant::now();
    assert_eq!(*script.helper().get(URL).unwrap().unwrap().secret, "s");
    assert!(started.elapsed() < FAR / 2);
    tell(script.path("end"), "alive\n");
    assert_eq!(ended.recv_timeout(FAR).unwrap(), "alive\n");
}

fn tell(fifo: PathBuf, words: &str) {
    use std::io::Write;
    let mut fifo = fs::OpenOptions::new().write(true).open(fifo).unwrap();
    fifo.write_all(words.as_bytes()).unwrap();
}

#[test]
fn endless_answer_is_cut_off() {
    is_misshapen("exec cat /dev/zero");
    is_misshapen("head -c 1048577 /dev/zero");
}

#[test]
fn answer_below_the_limit_is_read() {
    let body = "printf '{\"Username\":\"a\",\"Secret\":\"'; head -c 1048000 /dev/zero | tr '\\0' s; \
                printf '\"}'";
    let found = Script::new(body).helper().get(URL).unwrap().unwrap();
    assert_eq!(found.secret.len(), 1_048_000);
}

#[test]
fn invalid_answer_is_reported() {
    is_misshapen("exit 0");
    is_misshapen("echo garbage");
    is_misshapen("head -c 1000 /dev/urandom");
    is_misshapen("echo '[\"Secret\"]'");
}

/// The message is the start of the output.
#[test]
fn endless_stderr_is_read_and_dropped() {
    let script = Script::new("echo locked >&2; head -c 3000000 /dev/zero >&2; exit 1");
    let error = script.helper().list().unwrap_err();
    assert_eq!(error.to_string().split(": ").last(), Some("locked"));
}
