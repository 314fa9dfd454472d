//! The way to the servers, and what is on it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use sandbox::{
    Body, Defect, Endpoint, Listeners, Proxy, ProxyConduct, ProxyLogin, ProxyScenario, Reply,
    Scenario, Then, Tls,
};

use super::{Report, doctor, in_peace, looks};
use crate::support::{Start, World, write};

/// Nobody listens there.
const DEAD: &str = "http://127.0.0.1:9";

fn dead_words(host: &str) -> String {
    format!("cannot connect to {host}: Connection refused (os error 111)")
}

const NOBODY_HERE: &str = "nothing listens there: check --issuer and --api-base";

#[track_caller]
fn connects(report: &Report, area: &str) {
    let check = report.check(area, "tcp");
    let found = check["found"].as_str().unwrap();
    let took = found.strip_prefix("connected in ").and_then(|rest| rest.strip_suffix(" ms"));
    assert!(took.is_some_and(|took| took.parse::<u32>().is_ok()), "{check}");
    assert_eq!(check["verdict"], "ok");
}

/// What the sandbox has at `/`, as an issuer for people has.
const FRONT_PAGE: &str = "HTTP 200, a web page";

#[track_caller]
fn way_is_good(world: &World, report: &Report, area: &str) {
    let host = world.host();
    report.good(area, "dns", &format!("{host} is an address already"));
    connects(report, area);
    report.good(area, "http", FRONT_PAGE);
}

#[test]
fn a_way_without_obstacles_is_good() {
    in_peace("network::a_way_without_obstacles_is_good", || {
        let world = World::new();
        let report = looks(&world, doctor(&world));
        way_is_good(&world, &report, "issuer");
        way_is_good(&world, &report, "api");
        report.good("network", "authority", "this system's").good("network", "proxy", "none");
        report.good("clock", "time", &format!("as {} has it", world.host())).is_fit();
    });
}

fn with_tls(tls: Tls) -> World {
    World::with_scenario(Scenario { tls, ..Scenario::default() })
}

#[test]
fn a_ca_file_is_named_where_it_is_used() {
    in_peace("network::a_ca_file_is_named_where_it_is_used", || {
        let world = with_tls(Tls::On);
        let ca_file = world.ca_file();
        for (start, name) in [
            (doctor(&world).arg("--ca-file").arg(&ca_file), "--ca-file"),
            (doctor(&world).env("CODEX_CA_CERTIFICATE", &ca_file), "CODEX_CA_CERTIFICATE"),
        ] {
            let report = looks(&world, start);
            let found = format!("this system's, and {} ({name})", ca_file.display());
            report.good("network", "authority", &found).is_fit();
            way_is_good(&world, &report, "issuer");
            report.good("issuer", "tls", "its certificate is trusted");
        }
        let report = looks(&world, doctor(&world).env("SSL_CERT_FILE", &ca_file));
        let found = format!("{} (SSL_CERT_FILE)", ca_file.display());
        report.good("network", "authority", &found).is_fit();
    });
}

// threats 204
#[test]
fn a_ca_file_that_is_none_is_named_and_nobody_is_asked() {
    in_peace("network::a_ca_file_that_is_none_is_named_and_nobody_is_asked", || {
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
                let report = looks(&world, start);
                let check = report.check("network", "authority");
                assert_eq!(check["verdict"], "problem");
                let found = check["found"].as_str().unwrap();
                for words in [path.to_str().unwrap(), name, why] {
                    assert!(found.contains(words), "no {words} in {found}");
                }
                assert!(check["remedy"].is_string(), "{check}");
                report.has_problems(1);
            }
        }
        assert_eq!(world.sandbox.connections(), 0);
    });
}

/// A pipe that nobody writes to keeps whoever opens it waiting.
// threats 204
#[test]
fn a_ca_file_that_is_a_pipe_is_not_waited_for() {
    in_peace("network::a_ca_file_that_is_a_pipe_is_not_waited_for", || {
        let world = World::new();
        let pipe = world.path("work/pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let report = looks(&world, doctor(&world).arg("--ca-file").arg(&pipe));
        let found = report.check("network", "authority")["found"].as_str().unwrap().to_owned();
        assert!(found.ends_with(": it is not a regular file"), "{found}");
        report.has_problems(1);
    });
}

// threats 204
#[test]
fn a_variable_that_names_nothing_is_not_taken_for_the_systems_authorities() {
    in_peace(
        "network::a_variable_that_names_nothing_is_not_taken_for_the_systems_authorities",
        || {
            let world = World::new();
            let report = looks(&world, doctor(&world).env("SSL_CERT_FILE", ""));
            let check = report.check("network", "authority");
            let found = check["found"].as_str().unwrap();
            assert!(found.starts_with("SSL_CERT_FILE is set, and names no"), "{found}");
            assert_eq!(check["remedy"], "correct SSL_CERT_FILE, or unset it");
            report.has_problems(1);
        },
    );
}

/// What all of it may take, and what a busy machine may need beside it.
const LONGEST: Duration = Duration::from_secs(14);

#[test]
fn an_unknown_authority_is_a_problem_of_the_issuer() {
    in_peace("network::an_unknown_authority_is_a_problem_of_the_issuer", || {
        let world = with_tls(Tls::On);
        let report = looks(&world, doctor(&world));
        let found = format!(
            "no secure connection to {}: its certificate is signed by an authority that this machine \
             does not trust",
            world.host()
        );
        let remedy =
            "if your network inspects TLS, name its CA with --ca-file or CODEX_CA_CERTIFICATE";
        report.judged("issuer", "tls", "problem", &found, Some(remedy)).has_problems(1);
        // Without the API there is a sign-in, if not a key of a project.
        let found = format!("{found}; create-key needs it");
        report.judged("api", "tls", "warning", &found, Some(remedy));
        report.judged("clock", "time", "note", "no server could be asked for the time", None);
        assert!(world.sandbox.requests().is_empty());
    });
}

#[test]
fn a_certificate_that_is_over_leads_to_the_clock() {
    in_peace("network::a_certificate_that_is_over_leads_to_the_clock", || {
        for (defect, words) in
            [(Defect::Expired, "ended on 2001-"), (Defect::NotYetValid, "begins on 2999-")]
        {
            let world = with_tls(Tls::Broken(defect));
            let report = looks(&world, doctor(&world).arg("--ca-file").arg(world.ca_file()));
            let check = report.check("issuer", "tls");
            assert!(check["found"].as_str().unwrap().contains(words), "{check}");
            assert!(check["remedy"].as_str().unwrap().contains("clock"), "{check}");
            report.has_problems(1);
        }
    });
}

#[test]
fn a_server_that_is_down_is_told_from_one_that_is_not_needed() {
    in_peace("network::a_server_that_is_down_is_told_from_one_that_is_not_needed", || {
        let world = World::with_scenario(Scenario {
            listeners: Listeners::Separate,
            ..Scenario::default()
        });
        let start = || doctor(&world).without("--issuer", 1).without("--api-base", 1);
        let issuer = world.sandbox.issuer_url();
        let report = looks(&world, start().args(["--issuer", issuer, "--api-base", DEAD]));
        let found = format!("{}; create-key needs it", dead_words("127.0.0.1:9"));
        report.judged("api", "tcp", "warning", &found, Some(NOBODY_HERE)).is_fit();

        let api = world.sandbox.api_url();
        let report = looks(&world, start().args(["--issuer", DEAD, "--api-base", api]));
        let found = dead_words("127.0.0.1:9");
        report.judged("issuer", "tcp", "problem", &found, Some(NOBODY_HERE)).has_problems(1);
        // The other one knows the time as well.
        let host = api.strip_prefix("http://").unwrap();
        report.good("clock", "time", &format!("as {host} has it"));
    });
}

#[test]
fn a_name_without_an_address_is_a_problem() {
    in_peace("network::a_name_without_an_address_is_a_problem", || {
        let world = World::new();
        let start = doctor(&world).without("--issuer", 1).args(["--issuer", "https://issuer.test"]);
        let report = looks(&world, start);
        let check = report.check("issuer", "dns");
        let found = check["found"].as_str().unwrap();
        assert!(found.starts_with("cannot find the address of issuer.test: "), "{found}");
        let remedy = "check the network connection and --issuer; a network with a proxy needs its \
                      address in HTTPS_PROXY";
        assert_eq!(check["remedy"], remedy);
        report.has_problems(1);
    });
}

fn answering(status: u16, kind: &str) -> World {
    let headers = vec![("content-type".to_owned(), kind.to_owned())];
    let body = Body::Text("<h1>\u{1b}[2J</h1>".to_owned());
    World::failing(Endpoint::Root, Then::Answer(Reply { status, headers, body }))
}

/// Whatever answers was reached.
#[test]
fn an_answer_of_somebody_else_is_a_warning() {
    in_peace("network::an_answer_of_somebody_else_is_a_warning", || {
        let blocked = ": something on the way may be blocking";
        for (status, kind, verdict, words) in [
            (403, "text/html", "warning", blocked),
            (451, "application/json", "warning", blocked),
            (503, "text/html", "warning", ": the server has a problem"),
            (200, "text/html; charset=utf-8", "ok", ", a web page"),
            (404, "application/json", "ok", ""),
            (421, "text/plain", "ok", ""),
        ] {
            let world = answering(status, kind);
            let report = looks(&world, doctor(&world));
            for area in ["issuer", "api"] {
                let check = report.check(area, "http");
                assert_eq!(check["verdict"], verdict, "{check}");
                assert_eq!(check["found"], format!("HTTP {status}{words}"));
                assert_eq!(check["remedy"].is_string(), verdict == "warning", "{check}");
            }
            report.is_fit();
        }
    });
}

/// It is not followed.
#[test]
fn a_redirect_is_an_answer() {
    in_peace("network::a_redirect_is_an_answer", || {
        let location = format!("{DEAD}/elsewhere");
        let world = World::failing(Endpoint::Root, Then::Redirect { status: 307, location });
        looks(&world, doctor(&world)).good("issuer", "http", "HTTP 307").is_fit();
        assert_eq!(world.count(&Endpoint::Root), 2);
    });
}

#[test]
fn a_clock_that_is_off_is_told_by_how_much() {
    in_peace("network::a_clock_that_is_off_is_told_by_how_much", || {
        for (offset, verdict, words) in [
            (30, "ok", " seconds behind "),
            (-150, "warning", "2 minutes ahead of "),
            (2 * 3600 + 90, "problem", "2 hours behind "),
            (-400 * 86_400, "problem", "400 days ahead of "),
        ] {
            let world =
                World::with_scenario(Scenario { clock_offset: offset, ..Scenario::default() });
            let report = looks(&world, doctor(&world));
            let check = report.check("clock", "time");
            assert_eq!(check["verdict"], verdict, "{check}");
            let found = check["found"].as_str().unwrap();
            assert!(found.ends_with(&format!("{words}{}", world.host())), "{found}");
            assert_eq!(check["remedy"].is_string(), verdict != "ok", "{check}");
            match verdict {
                "problem" => report.has_problems(1),
                _ => report.is_fit(),
            };
        }
    });
}

/// A server that takes the connection and never answers, whatever else hangs.
#[test]
fn whatever_hangs_it_ends() {
    in_peace("network::whatever_hangs_it_ends", || {
        let world = World::failing(Endpoint::Root, Then::Hang);
        let begun = Instant::now();
        let report = looks(&world, doctor(&world));
        assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
        let found = format!("{} did not answer within 4 seconds", world.host());
        let remedy = "the network or the server is slow: try again";
        report.judged("issuer", "http", "problem", &found, Some(remedy)).has_problems(1);
    });
}

/// A run through a proxy, to servers that are not on this machine.
fn through<'w>(world: &'w World, proxy: &str) -> Start<'w> {
    doctor(world)
        .without("--issuer", 1)
        .without("--api-base", 1)
        .args(["--issuer", "https://issuer.test", "--api-base", "https://api.test"])
        .arg("--ca-file")
        .arg(world.ca_file())
        .env("HTTPS_PROXY", proxy)
}

const PASSWORD: &str = "a-password-of-the-proxy";

/// A world of two names that are reached through a proxy alone.
fn behind(login: Option<ProxyLogin>) -> (World, Proxy) {
    let scenario = Scenario {
        tls: Tls::On,
        issuer: Some("https://issuer.test".to_owned()),
        names: vec!["api.test".to_owned()],
        ..Scenario::default()
    };
    let world = World::with_scenario(scenario);
    world.plant(PASSWORD);
    let port = world.sandbox.api_url().rsplit_once(':').unwrap().1.parse().unwrap();
    let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let hosts = ProxyScenario::http().host("issuer.test", 443, to).host("api.test", 443, to);
    let proxy = Proxy::start_in_thread(ProxyScenario { login, ..hosts }).unwrap();
    (world, proxy)
}

#[test]
fn a_proxy_is_told_without_its_password() {
    in_peace("network::a_proxy_is_told_without_its_password", || {
        let (world, proxy) = behind(Some(ProxyLogin::new("ada", PASSWORD)));
        let address = proxy.address();
        let url = format!("http://ada:{PASSWORD}@{address}");
        let report = looks(&world, through(&world, &url));
        report.good("network", "proxy", &format!("{address} (HTTPS_PROXY)"));
        let found = format!("issuer.test is reached through {address}, which is 127.0.0.1");
        report.good("issuer", "dns", &found).good("issuer", "http", FRONT_PAGE);
        report.good("api", "http", FRONT_PAGE).is_fit();

        let report = looks(&world, through(&world, &format!("http://{address}")));
        let found = format!(
            "cannot connect to issuer.test through the proxy {address}: it wants a user name and a \
             password (HTTP 407)"
        );
        let remedy = "put USER:PASSWORD@ before its host in HTTPS_PROXY; an @ in them is written as \
                      %40, a : as %3A, a / as %2F";
        report.judged("issuer", "proxy", "problem", &found, Some(remedy)).has_problems(1);
    });
}

// threats 203
#[test]
fn a_proxy_that_is_dead_or_none_is_a_problem() {
    in_peace("network::a_proxy_that_is_dead_or_none_is_a_problem", || {
        let world = with_tls(Tls::On);
        world.plant(PASSWORD);
        let report = looks(&world, through(&world, &format!("http://ada:{PASSWORD}@127.0.0.1:9")));
        let check = report.check("issuer", "proxy");
        let found = check["found"].as_str().unwrap();
        let words = "cannot connect to issuer.test through the proxy 127.0.0.1:9: ";
        assert!(found.starts_with(words), "{found}");
        let remedy = "check the proxy in HTTPS_PROXY, or unset it if this network has none";
        assert_eq!(check["remedy"], remedy);
        report.has_problems(1);

        let report = looks(&world, through(&world, &format!("ftp://ada:{PASSWORD}@127.0.0.1:9")));
        let check = report.check("network", "proxy");
        assert!(check["found"].as_str().unwrap().contains("HTTPS_PROXY"), "{check}");
        assert_eq!(check["remedy"], "correct HTTPS_PROXY, or unset it");
        report.has_problems(1);
        assert_eq!(world.sandbox.connections(), 0);
    });
}

#[test]
fn a_proxy_that_refuses_is_told_by_its_status() {
    in_peace("network::a_proxy_that_refuses_is_told_by_its_status", || {
        let world = with_tls(Tls::On);
        let conduct = ProxyConduct::status(403, b"");
        let proxy = Proxy::start_in_thread(ProxyScenario { conduct, ..ProxyScenario::http() });
        let address = proxy.as_ref().unwrap().address();
        let report = looks(&world, through(&world, &format!("http://{address}")));
        let found = format!(
            "cannot connect to issuer.test through the proxy {address}: it refuses (HTTP 403)"
        );
        let check = report.check("issuer", "proxy");
        assert_eq!(check["found"], found);
        assert!(check["remedy"].as_str().unwrap().contains("let issuer.test through"), "{check}");
        report.has_problems(1);
    });
}

/// Nobody is on this port, or the words for a dead server prove nothing.
#[test]
fn the_dead_port_is_dead() {
    in_peace("network::the_dead_port_is_dead", || {
        drop(TcpListener::bind((Ipv4Addr::LOCALHOST, 9)).unwrap());
    });
}
