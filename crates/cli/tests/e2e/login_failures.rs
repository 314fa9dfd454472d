//! Sign-ins that fail because the browser does not return or the issuer is unreachable.

use std::net::{Ipv4Addr, TcpListener};

use sandbox::{Account, Conduct, Defect, Endpoint, Sandbox, Scenario, Tls};

use crate::support::{Start, World, write};

// threats 26
#[test]
fn sign_in_without_a_browser_times_out() {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let finished = flow(&world).with_trace_log().args(["--timeout", "300ms"]).run();
        finished.exits(1).prints("").fails_with(
            "the browser did not come back within 300 ms",
            "run the command again, or wait longer with --timeout",
        );
        finished.says("Waiting for the browser, up to 300 ms. Ctrl-C cancels.");
        assert_eq!(world.stored_names(), Vec::<String>::new());
        assert_eq!(world.count(&Endpoint::Token), 0);
    }
}

/// The browser opens the page and does not return.
// threats 26
#[test]
fn sign_in_page_that_is_only_opened_times_out() {
    let world = World::new();
    let running = world.login().args(["--timeout", "1s"]).start();
    running.visit_by(&world.sandbox.person(Account::OWNER).with_conduct(Conduct::OnlyOpensThePage));
    running.finish().exits(1).says("error: the browser did not come back within 1 second\n");
}

/// The warning appears during the wait, before the browser returns, and again at the end.
#[test]
fn unreachable_issuer_is_reported_during_the_wait() {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let host = format!("127.0.0.1:{}", unused_port());
        let start = with_issuer(flow(&world), &host);
        let finished = start.args(["--timeout", "1s"]).run();
        finished.exits(1).says(&format!("warning: cannot connect to {host}: "));
        let hint = "nothing listens there: check --issuer and --api-base";
        finished.says(&format!("; trying again\nhint: {hint}\n"));
        let error =
            format!("the browser did not come back within 1 second: cannot connect to {host}");
        assert!(finished.error_lines().starts_with(&format!("error: {error}: Connection ")));
        assert!(finished.error_lines().ends_with(&format!("\nhint: {hint}\n")));
        assert_eq!(finished.stderr.matches("warning: ").count(), 1, "{}", finished.stderr);
    }
}

/// The timeout error does not mention the issuer.
#[test]
fn issuer_reachable_again_is_not_blamed() {
    let world = World::new();
    let port = unused_port();
    let start = with_issuer(world.login(), &format!("127.0.0.1:{port}"));
    let running = start.args(["--timeout", "9s"]).start();
    running.says("; trying again\n");
    let _issuer = Sandbox::start_in_thread(Scenario { port, ..Scenario::default() }).unwrap();
    running.says(" can be reached now.\n");
    running.finish().exits(1).fails_with(
        "the browser did not come back within 9 seconds",
        "run the command again, or wait longer with --timeout",
    );
}

/// Adds this issuer.
fn with_issuer<'w>(start: Start<'w>, host: &str) -> Start<'w> {
    start.without("--issuer", 1).args(["--issuer".to_owned(), format!("http://{host}")])
}

/// A port that was free a moment ago.
fn unused_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

// threats 82
#[test]
fn untrusted_issuer_gets_no_request() {
    for defect in
        [Defect::Expired, Defect::NotYetValid, Defect::WrongHost, Defect::UnknownAuthority]
    {
        let world =
            World::with_scenario(Scenario { tls: Tls::Broken(defect), ..Scenario::default() });
        let start = world.login().with_trace_log().arg("--ca-file").arg(world.ca_file());
        let finished = start.args(["--timeout", "3s"]).run();
        finished.exits(1).says(&format!("warning: no secure connection to {}: ", world.host()));
        finished.says(&format!(" within 3 seconds: no secure connection to {}: ", world.host()));
        assert!(world.sandbox.requests().is_empty(), "{defect:?}");
    }
}

/// Without `--ca-file`, the CA of the sandbox is unknown.
// threats 82
#[test]
fn unknown_ca_is_not_trusted() {
    let world = World::with_scenario(Scenario { tls: Tls::On, ..Scenario::default() });
    let finished = world.login().args(["--timeout", "3s"]).run();
    finished.exits(1).says(&format!("warning: no secure connection to {}: ", world.host()));
    assert!(world.sandbox.requests().is_empty());
}

/// During the wait and at the end.
#[test]
fn unknown_ca_suggests_ca_file() {
    let world = World::with_scenario(Scenario { tls: Tls::On, ..Scenario::default() });
    let hint = "if your network inspects TLS, name its CA with --ca-file or CODEX_CA_CERTIFICATE";
    let waiting = world.login().args(["--timeout", "3s"]).run();
    waiting.exits(1).says("; trying again\nhint: ").says(hint);
    world.signed_in(-60);
    let failed = world.command("refresh").run();
    assert!(failed.exits(1).error_lines().contains(hint), "{}", failed.stderr);
}

// threats 204
#[test]
fn unusable_ca_file_variable_is_reported() {
    let world = World::new();
    let (missing, empty) = (world.path("missing.pem"), world.path("empty.pem"));
    let damaged = world.path("damaged.pem");
    write(&empty, "no certificate in here");
    write(&damaged, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    for (path, why) in [
        (&missing, "it cannot be read: No such file or directory"),
        (&empty, "it has no PEM certificate in it"),
        (&damaged, "it has a certificate in it that cannot be used: "),
    ] {
        for variable in ["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"] {
            let place = format!("{}, which {variable} names", path.display());
            let finished = world.login().env(variable, path).run();
            finished
                .exits(1)
                .prints("")
                .says(&format!("error: cannot trust the certificate authorities in {place}: {why}"))
                .says(&format!("hint: correct {variable}, or unset it"))
                .says_nothing_of("/oauth/authorize");
        }
    }
}

// threats 204
#[test]
fn unusable_ca_folder_variable_is_reported() {
    let world = World::new();
    let missing = world.path("missing");
    let words = format!("in {}, which SSL_CERT_DIR names: it cannot be read", missing.display());
    world.create_key().env("SSL_CERT_DIR", missing).run().exits(1).prints("").says(&words);
}

/// The library that reads the system's CAs treats an empty variable as an empty file.
// threats 204
#[cfg(target_os = "linux")]
#[test]
fn empty_ca_variable_is_an_error_or_ignored() {
    let world = World::with_scenario(Scenario { tls: Tls::On, ..Scenario::default() });
    for flow in [World::login, World::create_key] {
        let finished = flow(&world).env("SSL_CERT_FILE", "").run();
        finished
            .exits(1)
            .prints("")
            .says("error: SSL_CERT_FILE is set but empty")
            .says("hint: correct SSL_CERT_FILE, or unset it")
            .says_nothing_of("/oauth/authorize");
    }
    // Like other programs, treat the empty variable as unset.
    let start = || world.login().env("SSL_CERT_DIR", "");
    start().env("SSL_CERT_FILE", world.ca_file()).signs_in(Account::OWNER).exits(0);
    start().arg("--ca-file").arg(world.ca_file()).signs_in(Account::OWNER).exits(0);
}

// threats 204
#[test]
fn ca_file_option_overrides_the_variable() {
    let world = World::with_scenario(Scenario { tls: Tls::On, ..Scenario::default() });
    let start = world.login().arg("--ca-file").arg(world.ca_file());
    start.env("CODEX_CA_CERTIFICATE", world.path("missing.pem")).signs_in(Account::OWNER).exits(0);
}

// threats 203
#[test]
fn invalid_proxy_fails_before_the_browser_opens() {
    let world = World::new();
    for (variable, url, why) in [
        ("ALL_PROXY", "socks://user:hunter2-password@127.0.0.1:1", "it begins with socks://"),
        ("https_proxy", "http://user:hunter2-password@[", "it is not a URL such as http://"),
    ] {
        let finished = world.login().env(variable, url).run();
        finished
            .exits(1)
            .prints("")
            .says(&format!("error: cannot use the proxy that {variable} names: {why}"))
            .says(&format!("hint: correct {variable}, or unset it"))
            .says_nothing_of("hunter2")
            .says_nothing_of("/oauth/authorize");
    }
}

/// Without the proxy, the secrets would take another route than the user chose.
// threats 203
#[cfg(unix)]
#[test]
fn non_unicode_proxy_is_an_error() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let world = World::new();
    for url in [&b"http://proxy\xff.test:3128"[..], b"http://ada:hunter2\xff@127.0.0.1:1", b"\xff"]
    {
        for variable in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            let finished = world.login().env(variable, OsString::from_vec(url.to_vec())).run();
            finished
                .exits(1)
                .prints("")
                .says(&format!(
                    "error: cannot use the proxy that {variable} names: it is not a URL"
                ))
                .says_nothing_of("hunter2")
                .says_nothing_of("/oauth/authorize");
        }
    }
}

// threats 204
#[test]
fn ca_file_named_by_a_variable_is_trusted() {
    for variable in ["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"] {
        let world = World::with_scenario(Scenario { tls: Tls::On, ..Scenario::default() });
        world.login().env(variable, world.ca_file()).signs_in(Account::OWNER).exits(0);
    }
}
