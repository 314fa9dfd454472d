//! `login-cli login --device`, like RFC 8628.

use std::time::{Duration, Instant};

use sandbox::{
    Account, Body, Conduct, Device, Endpoint, Fault, Lifetimes, Offered, On, Reply, Scenario, Then,
};
use serde_json::{Value, json};

use crate::support::{Finished, Running, Start, StoredSignIn, TEST_TIMEOUT, World, form};

const HOUR: i64 = 60 * 60;

/// The shortest allowed interval.
fn shortest_interval() -> Device {
    Device { interval: json!(1), ..Device::default() }
}

fn world_with(faults: impl IntoIterator<Item = Fault>) -> World {
    let faults = faults.into_iter().collect();
    World::with_scenario(Scenario { device: shortest_interval(), faults, ..Scenario::default() })
}

fn device_login(world: &World) -> Start<'_> {
    world.command("login").arg("--device")
}

/// Waits for the URL and the code on standard error.
#[track_caller]
fn shown_code(running: &Running<'_>) -> (String, String) {
    running.says("Ctrl-C cancels.");
    let said = running.said();
    let mut lines = said.lines().filter(|line| !line.is_empty());
    assert_eq!(
        lines.next(),
        Some("On any device, open this address, sign in, and type the code below it:")
    );
    let address = lines.next().unwrap();
    assert_eq!(lines.next(), Some("Type it only on that page, and share it with no one."));
    (address.to_owned(), lines.next().unwrap().trim().to_owned())
}

/// Enters the code on another device and chooses this account.
#[track_caller]
fn approve(world: &World, running: &Running<'_>, account: &str) {
    let (address, code) = shown_code(running);
    world.sandbox.person(account).connect_device_blocking(&address, &code).unwrap();
}

#[track_caller]
fn sign_in(world: &World, start: Start<'_>) -> Finished {
    let running = start.start();
    approve(world, &running, Account::OWNER);
    running.finish()
}

#[test]
fn code_typed_on_another_device_signs_in() {
    let world = world_with([]);
    let finished = sign_in(&world, device_login(&world));
    let (issuer, path) = (world.sandbox.issuer_url(), world.codex_home().join("auth.json"));
    finished.exits(0).prints("").says("Signed in as Ada Lovelace <ada@example.com>, plan plus");
    finished.says(&path.display().to_string()).says(&format!("\n{issuer}/codex/device\n"));
    finished.says("\nWaiting, up to 15 minutes. Ctrl-C cancels.\n");
    assert_sent(&world);
    let document = world.auth_document();
    assert_eq!(document["auth_mode"], "chatgpt");
    assert_eq!(document["tokens"]["account_id"], "acct-ada");
    assert!(document["OPENAI_API_KEY"].as_str().unwrap().starts_with("sk-"));
    world.command("token").run().exits(0);
}

/// All requests have the documented form. The code is exchanged like any other code.
#[track_caller]
fn assert_sent(world: &World) {
    let only = |at: &Endpoint| world.sandbox.requests_at(at).swap_remove(0);
    let client_id = "app_EMoamEEZ73f0CkXaXp7hrann";
    assert_eq!(only(&Endpoint::DeviceUserCode).json(), Some(json!({ "client_id": client_id })));
    let poll = only(&Endpoint::DeviceToken).json().unwrap();
    let names: Vec<_> = poll.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["device_auth_id", "user_code"]);
    let exchange = form(&only(&Endpoint::Token));
    let field = |name| exchange.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str());
    let redirect_uri = format!("{}/deviceauth/callback", world.sandbox.issuer_url());
    assert_eq!(field("grant_type"), Some("authorization_code"));
    assert_eq!(field("redirect_uri"), Some(redirect_uri.as_str()));
    assert_eq!(field("client_id"), Some(client_id));
    assert!(field("code").is_some() && field("code_verifier").is_some());
    assert_eq!(world.count(&Endpoint::Authorize), 0, "there is no browser here");
}

#[test]
fn device_sign_in_needs_no_port_and_no_api_key() {
    let world = world_with([]);
    let finished = sign_in(&world, device_login(&world).arg("--no-api-key"));
    finished.exits(0);
    assert_eq!(world.auth_document()["OPENAI_API_KEY"], Value::Null);
    assert_eq!(world.count(&Endpoint::Token), 1);
    for option in [&["--port", "1455"][..], &["--with-api-key"]] {
        let world = world_with([]);
        device_login(&world).args(option).run().exits(2).says("cannot be used with");
        assert_eq!(world.sandbox.connections(), 0);
    }
}

/// The interval can be a number or a string. The default is five seconds.
#[test]
fn polling_uses_the_interval_of_the_issuer() {
    let cases = [(json!(1), 1.0..4.5), (json!("2"), 2.0..4.5), (Value::Null, 4.9..30.0)];
    for (interval, expected) in cases {
        let device = Device { interval: interval.clone(), ..Device::default() };
        let world = World::with_scenario(Scenario { device, ..Scenario::default() });
        let running = device_login(&world).start();
        shown_code(&running);
        let since = Instant::now();
        world.sandbox.wait_for_requests_blocking(&Endpoint::DeviceToken, 1, TEST_TIMEOUT).unwrap();
        let waited = since.elapsed().as_secs_f64();
        // The clock of the program starts slightly earlier than the one of the test.
        assert!(waited > expected.start - 0.5, "{interval}: {waited}");
        assert!(waited < expected.end + 10.0, "{interval}: {waited}");
        running.kill();
    }
}

/// The times between the polls, measured by the sandbox.
fn gaps(world: &World, polls: usize) -> Vec<Duration> {
    let mut last = None;
    let mut gaps = Vec::new();
    for number in 1..=polls {
        world
            .sandbox
            .wait_for_requests_blocking(&Endpoint::DeviceToken, number, TEST_TIMEOUT)
            .unwrap();
        let now = Instant::now();
        gaps.extend(last.map(|last| now - last));
        last = Some(now);
    }
    gaps
}

#[test]
fn slow_down_increases_the_interval_permanently() {
    let slow_down = Then::json(400, json!({ "error": "slow_down" }));
    let world = world_with([Fault::new(Endpoint::DeviceToken, slow_down).on(On::First(1))]);
    let running = device_login(&world).start();
    let gaps = gaps(&world, 3);
    // Six seconds, measured by a test that can be late. The interval of the issuer is one second.
    assert!(gaps.iter().all(|gap| *gap > Duration::from_secs(4)), "{gaps:?}");
    approve(&world, &running, Account::OWNER);
    running.finish().exits(0);
}

#[test]
fn busy_or_failing_issuer_is_polled_again() {
    let headers = vec![("retry-after".to_owned(), "1".to_owned())];
    let busy = Then::Respond(Reply { status: 429, headers, body: Body::Json(json!({})) });
    for then in [busy, Then::text(503, "text/html", "<h1>Busy</h1>"), Then::Reset] {
        let world = world_with([Fault::new(Endpoint::DeviceToken, then).on(On::First(1))]);
        let finished = sign_in(&world, device_login(&world));
        finished.exits(0);
        assert_eq!(world.count(&Endpoint::DeviceToken), 2);
    }
}

#[test]
fn device_code_request_is_retried_after_503() {
    let busy = Then::json(503, json!({ "error": { "code": "busy", "message": "Later." } }));
    let world = world_with([Fault::new(Endpoint::DeviceUserCode, busy).on(On::First(1))]);
    let running = device_login(&world).start();
    running.says("warning: the issuer refused: HTTP 503, busy: Later.; trying again\n");
    running.says("type the code");
    running.kill();
}

/// Nothing is stored, and the old file is unchanged.
#[track_caller]
fn assert_fails(world: &World, running: Running<'_>, what: &str, hint: &str) {
    let finished = running.finish();
    finished.exits(1).prints("").fails_with(what, hint);
    assert_eq!(world.auth_json().as_deref(), Some("{}"));
    assert_eq!(world.count(&Endpoint::Token), 0);
}

#[test]
fn denial_on_the_other_device_ends_the_sign_in() {
    let world = world_with([]);
    world.store("{}");
    let running = device_login(&world).start();
    let (address, code) = shown_code(&running);
    let person = world.sandbox.person(Account::OWNER).with_conduct(Conduct::Denies);
    person.connect_device_blocking(&address, &code).unwrap();
    let hint = "nothing was changed; run the command again to try once more";
    assert_fails(&world, running, "the sign-in was denied on the other device", hint);
}

#[test]
fn unused_code_expires() {
    let what = "the device code was not used in time";
    let hint = "run the command again for a new code";
    let world = world_with([]);
    world.store("{}");
    let running = device_login(&world).args(["--timeout", "2s"]).start();
    running.says("up to 2 seconds.");
    assert_fails(&world, running, what, hint);

    let user_code = Duration::ZERO;
    let lifetimes = Lifetimes { user_code, ..Lifetimes::default() };
    let world = World::with_scenario(Scenario {
        device: shortest_interval(),
        lifetimes,
        ..Scenario::default()
    });
    world.store("{}");
    assert_fails(&world, device_login(&world).start(), what, hint);
}

/// The requested pause overflows every clock.
#[test]
fn huge_interval_ends_at_the_expiry() {
    let headers = vec![("retry-after".to_owned(), u64::MAX.to_string())];
    let busy = Then::Respond(Reply { status: 429, headers, body: Body::Json(json!({})) });
    let later = Fault::new(Endpoint::DeviceToken, busy);
    for (interval, faults) in [(json!("1e19"), vec![]), (json!(1), vec![later])] {
        let device = Device { interval, ..Device::default() };
        let world = World::with_scenario(Scenario { device, faults, ..Scenario::default() });
        let finished = device_login(&world).args(["--timeout", "3s"]).run();
        finished.exits(1).says("error: the device code was not used in time\n");
    }
}

#[test]
fn issuer_without_device_codes_is_reported() {
    let device = Device { offered: Offered::No, ..Device::default() };
    let world = World::with_scenario(Scenario { device, ..Scenario::default() });
    world.store("{}");
    assert_fails(
        &world,
        device_login(&world).start(),
        "cannot sign in by device code: sign-in by device code is not enabled",
        "enable device codes in the security settings of your account, at https://chatgpt.com, or ask \
         the administrator of your workspace to enable them; to sign in with a browser that you open \
         yourself: login-cli login --no-browser",
    );
}

/// Escape sequences and long text are never shown as a code.
// threats 192
#[test]
fn device_code_that_cannot_be_typed_is_refused() {
    for odd in ["\u{1b}[31mABCD", "", "ABCD\u{202e}EFGH", &"A".repeat(10_000)] {
        let answer = json!({ "device_auth_id": "id", "user_code": odd, "interval": 1 });
        let world = world_with([Fault::new(Endpoint::DeviceUserCode, Then::json(200, answer))]);
        let finished = device_login(&world).run();
        finished.exits(1).prints("").says("error: cannot sign in by device code: ");
    }
}

#[test]
fn replaced_sign_in_is_revoked() {
    let world = world_with([]);
    let stored = StoredSignIn::minted(&world, Account::NEW_OWNER, HOUR).stored(&world);
    sign_in(&world, device_login(&world)).exits(0);
    let revoked = world.sandbox.requests_at(&Endpoint::Revoke);
    let token = |request: &sandbox::Recorded| request.json().unwrap()["token"].clone();
    assert_eq!(revoked.iter().map(token).collect::<Vec<_>>(), [stored.refresh_token.as_str()]);
}

// threats 51
#[test]
fn device_sign_in_can_be_interrupted() {
    let world = world_with([]);
    world.store("{}");
    let running = device_login(&world).start();
    shown_code(&running);
    running.signal(rustix::process::Signal::INT);
    running.finish().exits(130).says("Cancelled.\n");
    assert_eq!(world.auth_json().as_deref(), Some("{}"));
}
