//! Refused requests to the callback path. Each reason is reported once on the terminal and as an
//! event.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use sandbox::{Account, Endpoint};
use serde_json::json;

use crate::support::{Running, TEST_TIMEOUT, World, parameter};

const STREAM: &str = "--json=stream";

/// Sends these bytes to the callback port and reads the response.
fn send(running: &Running<'_>, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", running.port())).unwrap();
    stream.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    response
}

/// The start of a TLS handshake of OpenSSL.
const CLIENT_HELLO: &[u8] = b"\x16\x03\x01\x01\x2f\x01\x00\x01\x2b\x03\x03";

// threats 218 219
#[test]
fn each_reason_is_reported_once_and_the_sign_in_works() {
    let world = World::new();
    let running = world.login().arg(STREAM).start();
    let state = parameter(&running.auth_url(), "state");
    let port = running.port();
    let get = |query: &str, host: &str, more: &str| {
        format!("GET /auth/callback?{query} HTTP/1.1\r\nHost: {host}\r\n{more}\r\n").into_bytes()
    };
    let cookies = "Cookie: a=".to_owned() + &"b".repeat(40_000) + "\r\n";
    let (right, here) = (format!("code=abc&state={state}"), format!("localhost:{port}"));
    let requests = [
        (CLIENT_HELLO.to_vec(), "https", "the browser asked for https"),
        (get("code=abc&state=other", &here, ""), "state_mismatch", "of another sign-in"),
        (
            get("error=access_denied", &here, ""),
            "missing_state",
            "without the secret of this sign-in",
        ),
        (get(&format!("{right}&code=b"), &here, ""), "malformed", "a malformed callback"),
        (
            get(&right, &here, "Sec-Fetch-Mode: cors\r\n"),
            "not_navigation",
            "not from a browser window",
        ),
        (get(&right, "localhost:8080", ""), "other_host", "another host or port"),
        (get(&right, &here, &cookies), "header_too_large", "more than 16 KiB of cookies"),
    ];
    for (bytes, _, _) in requests.iter().chain(&requests) {
        assert!(!send(&running, bytes).is_empty());
    }
    for (_, _, said) in &requests {
        running.says(said);
    }
    assert_eq!(world.count(&Endpoint::Token), 0);
    running.visit(Account::OWNER);
    let finished = running.finish();
    finished.exits(0);
    let reasons: Vec<_> = finished
        .events()
        .into_iter()
        .filter(|event| event["event"] == "callback_rejected")
        .map(|event| event["reason"].as_str().unwrap().to_owned())
        .collect();
    let mut expected = requests.each_ref().map(|(_, reason, _)| *reason).to_vec();
    let mut reported = reasons.clone();
    expected.sort_unstable();
    reported.sort_unstable();
    assert_eq!(reported, expected);
    for (_, _, said) in &requests {
        assert_eq!(finished.stderr.matches(said).count(), 1, "{said}: {}", finished.stderr);
    }
}

/// The hint has three solutions.
// threats 218
#[test]
fn forced_https_is_explained() {
    let world = World::new();
    let running = world.login().start();
    send(&running, CLIENT_HELLO);
    running.says("or, for login, give --redirect-host 127.0.0.1");
    running.visit(Account::OWNER);
    running.finish().exits(0).says(
        "warning: the browser asked for https, and the callback is received on http only\nhint: allow",
    );
}

/// The hint says which command has the option.
// threats 218
#[test]
fn forced_https_is_explained_by_create_key_too() {
    let world = World::new();
    let running = world.create_key().args(["--timeout", "3s"]).start();
    send(&running, CLIENT_HELLO);
    let finished = running.finish();
    finished.exits(1).says("\nhint: allow http for localhost in the settings of the browser");
    finished.says("or, for login, give --redirect-host 127.0.0.1");
}

// threats 26 219
#[test]
fn timeout_reports_the_refused_requests() {
    let world = World::new();
    let running = world.login().args(["--timeout", "3s", "--json"]).start();
    send(&running, CLIENT_HELLO);
    let finished = running.finish();
    finished.exits(1).says("did not come back within 3 seconds; the browser asked for https");
    finished.says("--redirect-host 127.0.0.1");
    let document = finished.json();
    assert_eq!(document["error"]["kind"], "timed_out");
    assert_eq!(document["error"]["rejected"], json!(["https"]));
}

/// Another user who reads the URL from the process list signs in and sends the callback. The server
/// refuses it.
// threats 217
#[cfg(target_os = "linux")]
#[test]
fn callback_of_another_user_is_refused() {
    use std::process::{Command, Stdio};
    let setpriv = ["--reuid", "65534", "--regid", "65534", "--clear-groups"];
    let mut probe = Command::new("setpriv");
    probe.args(setpriv).args(["bash", "-c", "true"]).stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        return crate::support::report_skipped(
            "a callback of another user: needs root, setpriv and bash",
        );
    }
    let world = World::new();
    let running = world.login().start();
    let callback = running.callback(Account::OWNER);
    let target = &callback[url::Position::BeforePath..];
    let visit = |then: &str| {
        // Connections are accepted in order: after a response to the second one, the server knows the
        // user of the first one.
        let script = format!(
            "exec 3<>/dev/tcp/127.0.0.1/{port} 4<>/dev/tcp/127.0.0.1/{port}
             printf 'GET / HTTP/1.1\\r\\nHost: localhost:{port}\\r\\n\\r\\n' >&4; cat <&4 >/dev/null
             printf 'GET {} HTTP/1.1\\r\\nHost: localhost:{port}\\r\\n\\r\\n' >&3; {then}",
            target.replace('%', "%%"),
            port = running.port()
        );
        let visit = Command::new("setpriv").args(setpriv).args(["bash", "-c", &script]).output();
        String::from_utf8(visit.unwrap().stdout).unwrap()
    };
    // The user of a closed connection is known too.
    assert_eq!(visit("exec 3>&-"), "");
    let response = visit("cat <&3");
    assert!(response.starts_with("HTTP/1.1 403 "), "{response}");
    running.says("a callback from another user of this machine was refused");
    assert_eq!(world.count(&Endpoint::Token), 0);
    running.open(&callback);
    running.finish().exits(0);
}
