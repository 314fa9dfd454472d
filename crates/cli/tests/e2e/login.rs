//! `login`, from the command to the credentials on disk.

use sandbox::{
    Account, Client, Conduct, Endpoint, Fault, Recorded, Sandbox, Scenario, Step, Then, Tls, Trail,
};
use serde_json::Value;
use url::Url;

use crate::support::{
    Finished, TEST_TIMEOUT, World, assert_headers, assert_pairs, assert_policy, assert_request,
    claims, form, modified, pairs, parameter,
};

const USER_AGENT: &str = concat!("login-cli/", env!("CARGO_PKG_VERSION"));

// threats 8 68 149 189
#[test]
fn owner_signs_in() {
    assert_owner_signs_in(&World::new(), &[]);
}

// threats 8 68
#[test]
fn owner_signs_in_over_tls() {
    let world = World::with_scenario(Scenario { tls: Tls::On, ..Scenario::default() });
    let ca_file = world.ca_file();
    assert_owner_signs_in(&world, &["--ca-file", ca_file.to_str().unwrap()]);
}

fn assert_owner_signs_in(world: &World, options: &[&str]) {
    let running = world.login().args(options).start();
    let auth_url = running.auth_url();
    world.sandbox.wait_for_requests_blocking(&Endpoint::Root, 1, TEST_TIMEOUT).unwrap();
    let trail = running.visit(Account::OWNER);
    let finished = running.finish();

    finished.exits(0).prints("");
    assert_messages(world, &finished, &auth_url);
    assert_auth_url(&world.sandbox, &auth_url);
    assert_browser_pages(&auth_url, &trail);
    assert_sent(&world.sandbox, &auth_url);
    assert_stored(world);
}

#[track_caller]
fn assert_messages(world: &World, finished: &Finished, auth_url: &Url) {
    let path = world.codex_home().join("auth.json");
    let expected = format!(
        "Open this address to sign in with ChatGPT:\n\n{auth_url}\n\n\
         Or use login-cli login --device, which needs no connection back to this machine.\n\
         Waiting for the browser, up to 15 minutes. Ctrl-C cancels.\n\
         Signed in as Ada Lovelace <ada@example.com>, plan plus, organization Analytical Engines, \
         with a new API key, stored in {}\n",
        path.display()
    );
    assert_eq!(finished.stderr, expected);
}

#[track_caller]
fn assert_auth_url(sandbox: &Sandbox, auth_url: &Url) {
    let base = format!("{}/oauth/authorize?", sandbox.issuer_url());
    assert!(auth_url.as_str().starts_with(&base), "{base}");
    let (challenge, state) = (parameter(auth_url, "code_challenge"), parameter(auth_url, "state"));
    assert_eq!((challenge.len(), state.len()), (43, 43));
    let redirect_uri = format!("http://localhost:{}/auth/callback", redirect_port(auth_url));
    let expected = [
        ("response_type", "code"),
        ("client_id", "app_EMoamEEZ73f0CkXaXp7hrann"),
        ("redirect_uri", &redirect_uri),
        ("scope", "openid profile email offline_access"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("id_token_add_organizations", "true"),
        ("state", &state),
    ];
    assert_pairs(&pairs(auth_url), expected);
}

fn redirect_port(auth_url: &Url) -> u16 {
    Url::parse(&parameter(auth_url, "redirect_uri")).unwrap().port().unwrap()
}

// threats 27 54
#[track_caller]
fn assert_browser_pages(auth_url: &Url, trail: &Trail) {
    let [_page, _choice, callback, success] = trail.steps.as_slice() else { panic!("{trail:?}") };
    assert_eq!((callback.status, success.status), (302, 200));
    assert_policy(callback, &["location"]);
    assert_policy(success, &[]);
    let expected = format!(
        "http://localhost:{}/success?needs_setup=false&org_id=org-ada&project_id=proj_ada\
         &plan_type=plus&platform_url=https%3A%2F%2Fplatform.api.openai.org",
        redirect_port(auth_url)
    );
    assert_eq!(callback.header("location"), Some(expected.as_str()));
    assert_eq!(success.url.as_str(), expected);
    assert_names_ada(success);
}

#[track_caller]
fn assert_names_ada(success: &Step) {
    let page = success.text();
    let who = ["Ada Lovelace", "ada@example.com", "plus", "Analytical Engines"];
    for shown in ["You’re signed in"].into_iter().chain(who) {
        assert!(page.contains(shown), "no {shown} in {page}");
    }
    assert!(!page.contains("href"), "{page}");
}

#[track_caller]
fn assert_sent(sandbox: &Sandbox, auth_url: &Url) {
    let requests = sandbox.requests();
    let endpoints: Vec<&Endpoint> = requests.iter().map(|request| &request.endpoint).collect();
    assert_eq!(endpoints.len(), 5, "{endpoints:?}");
    let one = |at: &Endpoint| {
        let [one] = sandbox.requests_at(at).try_into().unwrap();
        one
    };
    assert_warm_up(&one(&Endpoint::Root));
    let (redeemed, exchanged) = (one(&Endpoint::TokenCode), one(&Endpoint::TokenExchange));
    assert_code_redeemed(&redeemed, sandbox, auth_url);
    assert_key_requested(&exchanged, sandbox);
    for request in [redeemed, exchanged] {
        assert_request(&request, "POST", "/oauth/token", None);
        assert_headers(&request, USER_AGENT, &["content-length", "content-type"]);
        assert_eq!(request.connection, one(&Endpoint::Root).connection, "a handshake was paid");
    }
}

#[track_caller]
fn assert_warm_up(request: &Recorded) {
    assert_request(request, "HEAD", "/", None);
    assert_headers(request, USER_AGENT, &[]);
    assert!(request.body.is_empty());
}

#[track_caller]
fn assert_code_redeemed(request: &Recorded, sandbox: &Sandbox, auth_url: &Url) {
    let redirect_uri = format!("http://localhost:{}/auth/callback", redirect_port(auth_url));
    let form = form(request);
    let (name, verifier) = form.last().unwrap();
    assert_eq!((name.as_str(), verifier.len()), ("code_verifier", 43));
    let expected = [
        ("grant_type", "authorization_code"),
        ("code", &sandbox.issued().codes[0]),
        ("redirect_uri", &redirect_uri),
        ("client_id", Client::SIGN_IN),
        ("code_verifier", verifier),
    ];
    assert_pairs(&form, expected);
}

#[track_caller]
fn assert_key_requested(request: &Recorded, sandbox: &Sandbox) {
    let form = form(request);
    let (_, name) = form.last().unwrap();
    assert_key_name(name);
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("client_id", Client::SIGN_IN),
        ("requested_token", "openai-api-key"),
        ("subject_token", &sandbox.issued().id_tokens[0]),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("name", name),
    ];
    assert_pairs(&form, expected);
}

/// `Codex CLI [auto-generated] (YYYY-MM-DD) [<12 hex digits>]`
#[track_caller]
fn assert_key_name(name: &str) {
    let rest = name.strip_prefix("Codex CLI [auto-generated] (").expect(name);
    let (date, rest) = rest.split_once(") [").expect(name);
    date.parse::<jiff::civil::Date>().expect(name);
    let digits = rest.strip_suffix(']').expect(name);
    let is_lower_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
    assert!(digits.len() == 12 && digits.chars().all(is_lower_hex), "{name}");
}

#[track_caller]
fn assert_stored(world: &World) {
    let stored = world.auth_json().expect("the credentials are stored");
    let last_refresh = last_refresh(&stored);
    let issued = world.sandbox.issued();
    let expected = format!(
        r#"{{
  "auth_mode": "chatgpt",
  "OPENAI_API_KEY": "{}",
  "tokens": {{
    "id_token": "{}",
    "access_token": "{}",
    "refresh_token": "{}",
    "account_id": "acct-ada"
  }},
  "last_refresh": "{last_refresh}"
}}"#,
        issued.api_keys[0], issued.id_tokens[0], issued.access_tokens[0], issued.refresh_tokens[0]
    );
    assert!(stored == expected, "auth.json is laid out differently");
    assert_recent(world, &last_refresh);
    #[cfg(unix)]
    assert_private(world);
}

fn last_refresh(stored: &str) -> String {
    let document: Value = serde_json::from_str(stored).unwrap();
    document["last_refresh"].as_str().unwrap().to_owned()
}

/// RFC 3339 in UTC, shortly before the file was written.
#[track_caller]
fn assert_recent(world: &World, time: &str) {
    assert!(time.ends_with('Z') && time.as_bytes()[10] == b'T', "{time}");
    let refreshed: jiff::Timestamp = time.parse().unwrap();
    let written = modified(&world.codex_home().join("auth.json"));
    let written = jiff::Timestamp::try_from(written).unwrap();
    let age = written.duration_since(refreshed).as_secs();
    assert!((-1..60).contains(&age), "{time} is {age} seconds before {written}");
}

// threats 164
#[cfg(unix)]
#[track_caller]
fn assert_private(world: &World) {
    use std::os::unix::fs::MetadataExt as _;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!(mode(&world.codex_home()), 0o700);
    for name in world.stored_names() {
        assert_eq!(mode(&world.codex_home().join(&name)), 0o600, "{name}");
    }
    let file = std::fs::metadata(world.codex_home().join("auth.json")).unwrap();
    assert_eq!(file.nlink(), 1);
}

/// Without the key, the browser gets no page and nothing is stored.
// threats 8
#[test]
fn browser_waits_for_the_credentials() {
    let world = World::failing(Endpoint::TokenExchange, Then::Hold);
    let running = world.login().start();
    let visit = running.start_visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenExchange, 1, TEST_TIMEOUT).unwrap();
    assert_eq!(world.auth_json(), None);
    assert!(!visit.is_over());
    world.sandbox.release();
    let trail = running.join_visit(visit);
    assert_eq!(trail.callback().unwrap().status, 302);
    running.finish().exits(0);
    assert_stored(&world);
}

/// The program still waits for the next request of the browser after this response.
// threats 8 24
#[test]
fn credentials_are_on_disk_before_the_callback_response() {
    let world = World::new();
    let running = world.login().start();
    running.auth_url();
    let person = world.sandbox.person(Account::OWNER).with_conduct(Conduct::StopsAfterCallback);
    let trail = running.visit_by(&person);
    assert_stored(&world);
    assert_eq!(trail.last().unwrap().status, 302);
    // The program ends although no browser requests the page.
    running.finish().exits(0);
}

// threats 8 27
#[test]
fn owner_without_setup_gets_the_setup_link() {
    let world = World::new();
    let running = world.login().start();
    let trail = running.visit(Account::NEW_OWNER);
    let finished = running.finish();
    finished.exits(0).says("Signed in as Grace Hopper <grace@example.com>, plan pro, ");
    finished.says(
        "Your organization is not set up yet: finish the setup at https://platform.openai.com.\n",
    );

    let success = trail.last().unwrap();
    let expected = "needs_setup=true&org_id=org-grace&project_id=proj_grace&plan_type=pro\
                    &platform_url=https%3A%2F%2Fplatform.api.openai.org";
    assert_eq!(success.url.query(), Some(expected));
    assert_policy(success, &[]);
    let link = format!(
        "https://platform.api.openai.org/org-setup?p=pro&amp;t={}&amp;with_org=org-grace\
         &amp;project_id=proj_grace",
        world.sandbox.issued().id_tokens[0]
    );
    let page = success.text();
    assert!(page.contains(&format!("href=\"{link}\"")), "no link");
    assert!(page.contains(&format!("http-equiv=\"refresh\" content=\"5; url={link}\"")));
}

/// A second request of the page, for example from the browser history, does not get the link.
// threats 22 65
#[test]
fn setup_link_is_served_once() {
    let world = World::new();
    let running = world.login().start();
    let port = running.port();
    let trail = running.visit(Account::NEW_OWNER);
    running.finish().exits(0);
    let id_token = &world.sandbox.issued().id_tokens[0];
    let pages = trail.steps.iter().filter(|step| step.text().contains(id_token.as_str()));
    assert_eq!(pages.count(), 1);
    let again = std::net::TcpStream::connect((std::net::Ipv4Addr::LOCALHOST, port));
    assert_eq!(again.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
}

// threats 193
#[test]
fn trace_log_of_sign_in_has_no_secret() {
    for (account, tls) in [(Account::OWNER, Tls::Off), (Account::NEW_OWNER, Tls::On)] {
        let world = World::with_scenario(Scenario { tls, ..Scenario::default() });
        let start = world.login().with_trace_log().arg("--verbose");
        let start = match tls {
            Tls::Off => start,
            _ => start.arg("--ca-file").arg(world.ca_file()),
        };
        start.signs_in(account).exits(0).says(" DEBUG ");
    }
}

#[test]
fn stored_tokens_belong_to_the_account() {
    let world = World::new();
    world.login().signs_in(Account::OWNER).exits(0);
    let stored: Value = serde_json::from_str(&world.auth_json().unwrap()).unwrap();
    let id_token = claims(stored["tokens"]["id_token"].as_str().unwrap());
    assert_eq!(id_token["email"], "ada@example.com");
    let access_token = claims(stored["tokens"]["access_token"].as_str().unwrap());
    assert_eq!(access_token["https://api.openai.com/auth"]["chatgpt_plan_type"], "plus");
}

// threats 52 63
#[test]
fn consecutive_sign_ins_use_the_same_port() {
    let world = World::new();
    let port = world.waiting_login().port();
    for _ in 0..5 {
        world.login().port(port).signs_in(Account::OWNER).exits(0);
    }
}

#[test]
fn slow_issuer_is_not_an_error() {
    let slow = Fault::new(Endpoint::Token, Then::Normal);
    let world = World::with([slow.after(std::time::Duration::from_millis(300))]);
    world.login().signs_in(Account::OWNER).exits(0);
}
