//! Checks of the network.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use sandbox::{
    Body, Defect, Endpoint, Listeners, Proxy, ProxyConduct, ProxyLogin, ProxyScenario, Reply,
    Scenario, Then, Tls,
};

use super::{Report, doctor, in_network_namespace, run_report};
use crate::support::{Start, World, has_musl, set_up, write};

/// No server listens there.
const DEAD: &str = "http://127.0.0.1:9";

fn dead_words(host: &str) -> String {
    format!("cannot connect to {host}: Connection refused (os error 111)")
}

const NO_SERVER_HINT: &str = "nothing listens there: check --issuer and --api-base";

#[track_caller]
fn assert_connects(report: &Report, area: &str) {
    let check = report.check(area, "tcp");
    let found = check["found"].as_str().unwrap();
    let took = found.strip_prefix("connected in ").and_then(|rest| rest.strip_suffix(" ms"));
    assert!(took.is_some_and(|took| took.parse::<u32>().is_ok()), "{check}");
    assert_eq!(check["verdict"], "ok");
}

/// The response of the sandbox at `/`.
const FRONT_PAGE: &str = "HTTP 200, a web page";

#[track_caller]
fn assert_server_ok(world: &World, report: &Report, area: &str) {
    let host = world.host();
    report.assert_ok(area, "dns", &format!("{host} is an IP address"));
    assert_connects(report, area);
    report.assert_ok(area, "http", FRONT_PAGE);
}

#[test]
fn working_network_has_no_problems() {
    in_network_namespace("network::working_network_has_no_problems", || {
        let world = World::new();
        let report = run_report(&world, doctor(&world));
        assert_server_ok(&world, &report, "issuer");
        assert_server_ok(&world, &report, "api");
        report
            .assert_ok("network", "authority", "this system's")
            .assert_ok("network", "proxy", "none");
        report
            .assert_ok("clock", "time", &format!("the same as on {}", world.host()))
            .assert_can_sign_in();
    });
}

/// As in many container images. Plain http needs none.
#[test]
fn missing_ca_certificates_are_found_before_a_request() {
    in_network_namespace("network::missing_ca_certificates_are_found_before_a_request", || {
        let Some(()) = set_up("mount", &["-t", "tmpfs", "none", "/etc/ssl"]) else { return };
        let world = with_tls(Tls::On);
        let found = "this system has no certificate authorities, so no server can be trusted";
        let report = run_report(&world, doctor(&world));
        let remedy = "install the ca-certificates package, or set SSL_CERT_FILE to a CA bundle";
        report.assert_check("network", "authority", "problem", found, Some(remedy));
        report.assert_problems(1);
        assert_eq!(world.sandbox.requests().len(), 0);
        let world = World::new();
        run_report(&world, doctor(&world)).assert_can_sign_in();
    });
}

fn with_tls(tls: Tls) -> World {
    World::with_scenario(Scenario { tls, ..Scenario::default() })
}

#[test]
fn ca_file_is_named() {
    in_network_namespace("network::ca_file_is_named", || {
        let world = with_tls(Tls::On);
        let ca_file = world.ca_file();
        for (start, name) in [
            (doctor(&world).arg("--ca-file").arg(&ca_file), "--ca-file"),
            (doctor(&world).env("CODEX_CA_CERTIFICATE", &ca_file), "CODEX_CA_CERTIFICATE"),
        ] {
            let report = run_report(&world, start);
            let found = format!("this system's, and {} ({name})", ca_file.display());
            report.assert_ok("network", "authority", &found).assert_can_sign_in();
            assert_server_ok(&world, &report, "issuer");
            report.assert_ok("issuer", "tls", "the certificate is trusted");
        }
        let report = run_report(&world, doctor(&world).env("SSL_CERT_FILE", &ca_file));
        let found = format!("{} (SSL_CERT_FILE)", ca_file.display());
        report.assert_ok("network", "authority", &found).assert_can_sign_in();
    });
}

// threats 204
#[test]
fn invalid_ca_file_is_named_and_no_request_is_sent() {
    in_network_namespace("network::invalid_ca_file_is_named_and_no_request_is_sent", || {
        let world = World::new();
        let (none, empty) = (world.path("gone.pem"), world.path("work/empty.pem"));
        write(&empty, "");
        for (path, why) in [(&none, "it cannot be read: No such file"), (&empty, "it has no PEM")] {
            for name in ["--ca-file", "CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"] {
                let start = doctor(&world);
                let start = match name {
                    "--ca-file" => start.arg(name).arg(path),
                    _ => start.env(name, path),
                };
                let report = run_report(&world, start);
                let check = report.check("network", "authority");
                assert_eq!(check["verdict"], "problem");
                let found = check["found"].as_str().unwrap();
                for words in [path.to_str().unwrap(), name, why] {
                    assert!(found.contains(words), "no {words} in {found}");
                }
                assert!(check["remedy"].is_string(), "{check}");
                report.assert_problems(1);
            }
        }
        assert_eq!(world.sandbox.connections(), 0);
    });
}

/// Opening a pipe without a writer blocks.
// threats 204
#[test]
fn ca_file_that_is_a_pipe_does_not_block() {
    in_network_namespace("network::ca_file_that_is_a_pipe_does_not_block", || {
        let world = World::new();
        let pipe = world.path("work/pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let report = run_report(&world, doctor(&world).arg("--ca-file").arg(&pipe));
        let found = report.check("network", "authority")["found"].as_str().unwrap().to_owned();
        assert!(found.ends_with(": it is not a regular file"), "{found}");
        report.assert_problems(1);
    });
}

// threats 204
#[test]
fn empty_ca_variable_is_reported() {
    in_network_namespace("network::empty_ca_variable_is_reported", || {
        let world = World::new();
        let report = run_report(&world, doctor(&world).env("SSL_CERT_FILE", ""));
        let check = report.check("network", "authority");
        let found = check["found"].as_str().unwrap();
        assert!(found.starts_with("SSL_CERT_FILE is set but empty"), "{found}");
        assert_eq!(check["remedy"], "correct SSL_CERT_FILE, or unset it");
        report.assert_problems(1);
    });
}

/// The time limit of doctor, and the tolerance for a busy machine.
const LONGEST: Duration = Duration::from_secs(14);

#[test]
fn unknown_ca_is_a_problem_of_the_issuer() {
    in_network_namespace("network::unknown_ca_is_a_problem_of_the_issuer", || {
        let world = with_tls(Tls::On);
        let report = run_report(&world, doctor(&world));
        let found = format!(
            "no secure connection to {}: its certificate is signed by an authority that this machine \
             does not trust",
            world.host()
        );
        let remedy =
            "if your network inspects TLS, name its CA with --ca-file or CODEX_CA_CERTIFICATE";
        report.assert_check("issuer", "tls", "problem", &found, Some(remedy)).assert_problems(1);
        // A sign-in works without the platform.
        let found = format!("{found}; create-key needs it");
        report.assert_check("api", "tls", "warning", &found, Some(remedy));
        report.assert_check("clock", "time", "note", "no server sent its time", None);
        assert!(world.sandbox.requests().is_empty());
    });
}

#[test]
fn expired_certificate_hints_at_the_clock() {
    in_network_namespace("network::expired_certificate_hints_at_the_clock", || {
        for (defect, words) in
            [(Defect::Expired, "ended on 2001-"), (Defect::NotYetValid, "begins on 2999-")]
        {
            let world = with_tls(Tls::Broken(defect));
            let report = run_report(&world, doctor(&world).arg("--ca-file").arg(world.ca_file()));
            let check = report.check("issuer", "tls");
            assert!(check["found"].as_str().unwrap().contains(words), "{check}");
            assert!(check["remedy"].as_str().unwrap().contains("clock"), "{check}");
            report.assert_problems(1);
        }
    });
}

#[test]
fn required_and_optional_servers_are_distinguished() {
    in_network_namespace("network::required_and_optional_servers_are_distinguished", || {
        let world = World::with_scenario(Scenario {
            listeners: Listeners::Separate,
            ..Scenario::default()
        });
        let start = || doctor(&world).without("--issuer", 1).without("--api-base", 1);
        let issuer = world.sandbox.issuer_url();
        let report = run_report(&world, start().args(["--issuer", issuer, "--api-base", DEAD]));
        let found = format!("{}; create-key needs it", dead_words("127.0.0.1:9"));
        report
            .assert_check("api", "tcp", "warning", &found, Some(NO_SERVER_HINT))
            .assert_can_sign_in();

        let api = world.sandbox.api_url();
        let report = run_report(&world, start().args(["--issuer", DEAD, "--api-base", api]));
        let found = dead_words("127.0.0.1:9");
        report
            .assert_check("issuer", "tcp", "problem", &found, Some(NO_SERVER_HINT))
            .assert_problems(1);
        // The other server also reports the time.
        let host = api.strip_prefix("http://").unwrap();
        report.assert_ok("clock", "time", &format!("the same as on {host}"));
    });
}

#[test]
fn name_without_address_is_a_problem() {
    in_network_namespace("network::name_without_address_is_a_problem", || {
        let world = World::new();
        let start = doctor(&world).without("--issuer", 1).args(["--issuer", "https://issuer.test"]);
        let report = run_report(&world, start);
        let check = report.check("issuer", "dns");
        let found = check["found"].as_str().unwrap();
        // musl does not notice that there is no network.
        let (expected, and_issuer) = if has_musl() {
            ("no DNS server returned an address for issuer.test within ", "")
        } else {
            ("cannot find the address of issuer.test: ", " and --issuer")
        };
        assert!(found.starts_with(expected), "{found}");
        let remedy = "a network with a proxy needs its address in HTTPS_PROXY";
        let remedy = format!("check the network connection{and_issuer}; {remedy}");
        assert_eq!(check["remedy"], remedy);
        report.assert_problems(1);
    });
}

fn answering(status: u16, kind: &str) -> World {
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    let body = Body::Text("<h1>\u{1b}[2J</h1>".to_owned());
    World::failing(Endpoint::Root, Then::Respond(Reply { status, headers, body }))
}

#[test]
fn response_of_another_server_is_a_warning() {
    in_network_namespace("network::response_of_another_server_is_a_warning", || {
        let blocked = ": a firewall or proxy may block the request";
        for (status, kind, verdict, words) in [
            (403, "text/html", "warning", blocked),
            (451, "application/json", "warning", blocked),
            (503, "text/html", "warning", ": the server has a problem"),
            (200, "text/html; charset=utf-8", "ok", ", a web page"),
            (404, "application/json", "ok", ""),
            (421, "text/plain", "ok", ""),
        ] {
            let world = answering(status, kind);
            let report = run_report(&world, doctor(&world));
            for area in ["issuer", "api"] {
                let check = report.check(area, "http");
                assert_eq!(check["verdict"], verdict, "{check}");
                assert_eq!(check["found"], format!("HTTP {status}{words}"));
                assert_eq!(check["remedy"].is_string(), verdict == "warning", "{check}");
            }
            report.assert_can_sign_in();
        }
    });
}

/// doctor does not follow redirects.
#[test]
fn redirect_is_a_response() {
    in_network_namespace("network::redirect_is_a_response", || {
        let location = format!("{DEAD}/elsewhere");
        let world = World::failing(Endpoint::Root, Then::Redirect { status: 307, location });
        run_report(&world, doctor(&world))
            .assert_ok("issuer", "http", "HTTP 307")
            .assert_can_sign_in();
        assert_eq!(world.count(&Endpoint::Root), 2);
    });
}

#[test]
fn clock_offset_is_shown() {
    in_network_namespace("network::clock_offset_is_shown", || {
        for (offset, verdict, words) in [
            (30, "ok", " seconds behind "),
            (-150, "warning", "2 minutes ahead of "),
            (2 * 3600 + 90, "problem", "2 hours behind "),
            (-400 * 86_400, "problem", "400 days ahead of "),
        ] {
            let world =
                World::with_scenario(Scenario { clock_offset: offset, ..Scenario::default() });
            let report = run_report(&world, doctor(&world));
            let check = report.check("clock", "time");
            assert_eq!(check["verdict"], verdict, "{check}");
            let found = check["found"].as_str().unwrap();
            assert!(found.ends_with(&format!("{words}{}", world.host())), "{found}");
            assert_eq!(check["remedy"].is_string(), verdict != "ok", "{check}");
            match verdict {
                "problem" => report.assert_problems(1),
                _ => report.assert_can_sign_in(),
            };
        }
    });
}

/// A server accepts connections and never responds.
#[test]
fn doctor_ends_if_everything_hangs() {
    in_network_namespace("network::doctor_ends_if_everything_hangs", || {
        let world = World::failing(Endpoint::Root, Then::Hang);
        let begun = Instant::now();
        let report = run_report(&world, doctor(&world));
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        let found = format!("{} did not respond within 4 seconds", world.host());
        let remedy = "the network or the server is slow: try again";
        report.assert_check("issuer", "http", "problem", &found, Some(remedy)).assert_problems(1);
    });
}

/// A run through this proxy to servers with other host names.
fn through_proxy<'w>(world: &'w World, proxy: &str) -> Start<'w> {
    doctor(world)
        .without("--issuer", 1)
        .without("--api-base", 1)
        .args(["--issuer", "https://issuer.test", "--api-base", "https://api.test"])
        .arg("--ca-file")
        .arg(world.ca_file())
        .env("HTTPS_PROXY", proxy)
}

const PASSWORD: &str = "a-password-of-the-proxy";

/// A world with two host names that only the proxy can reach.
fn behind_proxy(login: Option<ProxyLogin>) -> (World, Proxy) {
    let scenario = Scenario {
        tls: Tls::On,
        issuer: Some("https://issuer.test".to_owned()),
        names: vec!["api.test".to_owned()],
        ..Scenario::default()
    };
    let world = World::with_scenario(scenario);
    world.register_secret(PASSWORD);
    let port = world.sandbox.api_url().rsplit_once(':').unwrap().1.parse().unwrap();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let hosts = ProxyScenario::http().host("issuer.test", 443, to).host("api.test", 443, to);
    let proxy = Proxy::start_in_thread(ProxyScenario { login, ..hosts }).unwrap();
    (world, proxy)
}

#[test]
fn proxy_is_shown_without_its_password() {
    in_network_namespace("network::proxy_is_shown_without_its_password", || {
        let (world, proxy) = behind_proxy(Some(ProxyLogin::new("ada", PASSWORD)));
        let address = proxy.address();
        let url = format!("http://ada:{PASSWORD}@{address}");
        let report = run_report(&world, through_proxy(&world, &url));
        report.assert_ok("network", "proxy", &format!("{address} (HTTPS_PROXY)"));
        let found = format!("issuer.test is behind the proxy {address}, which is 127.0.0.1");
        report.assert_ok("issuer", "dns", &found).assert_ok("issuer", "http", FRONT_PAGE);
        report.assert_ok("api", "http", FRONT_PAGE).assert_can_sign_in();

        let report = run_report(&world, through_proxy(&world, &format!("http://{address}")));
        let found = format!(
            "cannot connect to issuer.test through the proxy {address}: it wants a user name and a \
             password"
        );
        let remedy = "put USER:PASSWORD@ before its host in HTTPS_PROXY; an @ in them is written as \
                      %40, a : as %3A, a / as %2F";
        report.assert_check("issuer", "proxy", "problem", &found, Some(remedy)).assert_problems(1);
    });
}

// threats 203
#[test]
fn dead_or_invalid_proxy_is_a_problem() {
    in_network_namespace("network::dead_or_invalid_proxy_is_a_problem", || {
        let world = with_tls(Tls::On);
        world.register_secret(PASSWORD);
        let report = run_report(
            &world,
            through_proxy(&world, &format!("http://ada:{PASSWORD}@127.0.0.1:9")),
        );
        let check = report.check("issuer", "proxy");
        let found = check["found"].as_str().unwrap();
        let words = "cannot connect to issuer.test through the proxy 127.0.0.1:9: ";
        assert!(found.starts_with(words), "{found}");
        let remedy = "check the proxy in HTTPS_PROXY, or unset it if this network has none";
        assert_eq!(check["remedy"], remedy);
        report.assert_problems(1);

        let report =
            run_report(&world, through_proxy(&world, &format!("ftp://ada:{PASSWORD}@127.0.0.1:9")));
        let check = report.check("network", "proxy");
        assert!(check["found"].as_str().unwrap().contains("HTTPS_PROXY"), "{check}");
        assert_eq!(check["remedy"], "correct HTTPS_PROXY, or unset it");
        report.assert_problems(1);
        assert_eq!(world.sandbox.connections(), 0);
    });
}

#[test]
fn refusing_proxy_is_shown_with_a_remedy() {
    in_network_namespace("network::refusing_proxy_is_shown_with_a_remedy", || {
        let world = with_tls(Tls::On);
        let conduct = ProxyConduct::status(403, b"");
        let proxy = Proxy::start_in_thread(ProxyScenario { conduct, ..ProxyScenario::http() });
        let address = proxy.as_ref().unwrap().address();
        let report = run_report(&world, through_proxy(&world, &format!("http://{address}")));
        let found = format!(
            "cannot connect to issuer.test through the proxy {address}: it refuses the connection"
        );
        let check = report.check("issuer", "proxy");
        assert_eq!(check["found"], found);
        assert!(check["remedy"].as_str().unwrap().contains("let issuer.test through"), "{check}");
        report.assert_problems(1);
    });
}

/// The tests above need this port to be closed.
#[test]
fn no_server_listens_on_the_dead_port() {
    in_network_namespace("network::no_server_listens_on_the_dead_port", || {
        drop(TcpListener::bind((Ipv4Addr::LOCALHOST, 9)).unwrap());
    });
}
