use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;

use sandbox::{Account, Conduct, Endpoint, Person, PersonError, Sandbox, Scenario, Trail};

use crate::client::{authorize_url, param, sandbox, sign_in_parameters};

/// A callback server that redirects the callback, and serves a page at `/success`. It returns the
/// request targets.
fn serve(listener: &TcpListener, count: usize) -> Vec<String> {
    let answer_one = |_| {
        let mut stream = listener.accept().unwrap().0;
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            request.push(byte[0]);
        }
        let request = String::from_utf8(request).unwrap();
        assert!(request.contains("sec-fetch-mode: navigate\r\n"));
        let target = request.split(' ').nth(1).unwrap().to_owned();
        let response = if target.starts_with("/auth/callback") {
            "HTTP/1.1 302 Found\r\nLocation: /success?x=1\r\nContent-Length: 0\r\n\r\n"
        } else {
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"
        };
        stream.write_all(response.as_bytes()).unwrap();
        target
    };
    (0..count).map(answer_one).collect()
}

/// Runs a visit, with a callback server that expects `count` requests.
fn visit(sandbox: &Sandbox, person: &Person, count: usize) -> (Trail, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let redirect = format!("http://localhost:{port}/auth/callback");
    let mut params = sign_in_parameters();
    params.retain(|(name, _)| *name != "redirect_uri");
    params.push(("redirect_uri", &redirect));
    let url = authorize_url(sandbox, &params);
    thread::scope(|scope| {
        let served = scope.spawn(|| serve(&listener, count));
        let trail = person.visit_blocking(&url).unwrap();
        (trail, served.join().unwrap())
    })
}

fn paths(trail: &Trail) -> Vec<String> {
    let paths = trail.steps.iter();
    paths.map(|step| format!("{} {} {}", step.method, step.url.path(), step.status)).collect()
}

#[test]
fn person_follows_redirects_to_the_last_page() {
    let sandbox = sandbox(Scenario::default());
    let (trail, served) = visit(&sandbox, &sandbox.person(Account::OWNER), 2);
    let expected = [
        "GET /oauth/authorize 200",
        "POST /oauth/authorize 302",
        "GET /auth/callback 302",
        "GET /success 200",
    ];
    assert_eq!(paths(&trail), expected);
    assert_eq!(trail.last().unwrap().text(), "done");
    assert!(served[0].contains("code=ac_") && served[0].contains("state=state-of-the-test"));
    assert_eq!(served[1], "/success?x=1");
    let shown = format!("{trail:?}");
    assert!(!shown.contains("ac_") && !shown.contains("state"), "{shown}");
}

#[test]
fn account_is_found_by_its_label() {
    let sandbox = sandbox(Scenario::default());
    let person = sandbox.person("Owner, setup still to do");
    let (trail, _) = visit(&sandbox, &person, 2);
    assert_eq!(trail.steps.len(), 4);
}

#[test]
fn each_conduct_changes_the_callback() {
    let sandbox = sandbox(Scenario::default());
    let callback = |conduct, count| {
        let person = sandbox.person(Account::OWNER).with_conduct(conduct);
        let (trail, _) = visit(&sandbox, &person, count);
        let callback = trail.callback().map(|step| step.url.clone());
        (callback, trail.steps.len())
    };
    let (url, _) = callback(Conduct::AltersState, 2);
    assert_eq!(param(&url.clone().unwrap(), "state").unwrap(), "not-the-state");
    assert!(param(&url.unwrap(), "code").is_some());
    let (url, _) = callback(Conduct::Denies, 2);
    assert_eq!(param(&url.unwrap(), "error").unwrap(), "access_denied");
    assert_eq!(callback(Conduct::OnlyOpensThePage, 0), (None, 1));
    assert_eq!(callback(Conduct::StopsBeforeCallback, 0), (None, 2));
    assert_eq!(callback(Conduct::StopsAfterCallback, 1).1, 3);
}

#[test]
fn error_page_ends_the_trail() {
    let sandbox = sandbox(Scenario::default());
    let url = format!("{}/oauth/authorize", sandbox.issuer_url());
    let trail = sandbox.person(Account::OWNER).visit_blocking(&url).unwrap();
    assert_eq!(paths(&trail), ["GET /oauth/authorize 400"]);
}

#[test]
fn unknown_account_is_named_in_the_error() {
    let sandbox = sandbox(Scenario::default());
    let url = authorize_url(&sandbox, &sign_in_parameters());
    let error = sandbox.person("who@example.com").visit_blocking(&url).unwrap_err();
    assert!(error.to_string().contains("who@example.com"), "{error}");
    assert!(error.to_string().contains(Account::OWNER), "{error}");
}

#[test]
fn closed_callback_port_is_an_error() {
    let sandbox = sandbox(Scenario::default());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let redirect = format!("http://localhost:{closed}/auth/callback");
    let mut params = sign_in_parameters();
    params[2].1 = &redirect;
    let url = authorize_url(&sandbox, &params);
    let error = sandbox.person(Account::OWNER).visit_blocking(&url).unwrap_err();
    assert!(matches!(error, PersonError::Unreachable { .. }), "{error}");
}

#[test]
fn names_with_markup_are_escaped_and_found() {
    let account = Account {
        email: "a&b<\"'>@example.com".to_owned(),
        name: "<script>alert(1)</script>".to_owned(),
        ..Account::owner()
    };
    let email = account.email.clone();
    let sandbox = sandbox(Scenario { accounts: vec![account], ..Scenario::default() });
    let person = sandbox.person(&email).with_conduct(Conduct::StopsBeforeCallback);
    let trail = person.visit_blocking(&authorize_url(&sandbox, &sign_in_parameters())).unwrap();
    assert!(!trail.steps[0].text().contains("<script>"));
    assert_eq!(trail.steps[1].status, 302);
}

#[tokio::test]
async fn sandbox_and_person_run_in_one_runtime() {
    let sandbox = Sandbox::start(Scenario::default()).await.unwrap();
    let person = sandbox.person(Account::OWNER).with_conduct(Conduct::StopsBeforeCallback);
    let url = authorize_url(&sandbox, &sign_in_parameters());
    let soon = std::time::Duration::from_secs(30);
    let (arrived, trail) =
        tokio::join!(sandbox.wait_for_requests(&Endpoint::Choice, 1, soon), person.visit(&url));
    assert_eq!(arrived.unwrap().len(), 1);
    assert_eq!(trail.unwrap().steps.len(), 2);

    let address = sandbox.issuer_url().strip_prefix("http://").unwrap().to_owned();
    sandbox.stop().await;
    TcpListener::bind(address).unwrap();
}
