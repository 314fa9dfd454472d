//! Limits and obstacles between the use of a refresh token and the save of its successor.

use std::fs;

use sandbox::{Endpoint, Then};

use crate::support::{TEST_TIMEOUT, World};

const HOUR: i64 = 60 * 60;

/// The save needs no new descriptor after the response.
// threats 215
#[test]
fn refresh_response_is_stored_without_new_descriptors() {
    for command in ["token", "refresh"] {
        let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
        world.signed_in(-HOUR);
        let running = world.command(command).start();
        world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
        running.exhaust_descriptors();
        world.sandbox.release();
        running.finish().exits(0);
        let issued = world.sandbox.issued().refresh_tokens.pop().unwrap();
        assert!(world.auth_json().unwrap().contains(&issued), "the new token is not stored");
    }
}

/// `refresh` reports it before the request, `login` before the browser opens.
// threats 215
#[test]
fn folder_at_temporary_path_fails_before_the_request() {
    let world = World::new();
    let stored = world.signed_in(-HOUR);
    let in_the_way = world.codex_home().join("auth.json.login-cli.tmp");
    fs::create_dir(&in_the_way).unwrap();
    let error = format!("{} is a folder\n", in_the_way.display());
    for start in [world.command("token"), world.command("refresh"), world.login()] {
        start.run().exits(1).prints("").says(&error).says("hint: remove it, or choose");
    }
    assert_eq!(world.sandbox.requests().len(), 0);
    assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    fs::remove_dir(in_the_way).unwrap();
    world.command("refresh").run().exits(0);
}

/// The system refuses the rename. The new tokens stay in the temporary file, and the next command
/// finishes the save.
// threats 215
#[cfg(target_os = "linux")]
#[test]
fn failed_rename_is_finished_by_the_next_command() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(bound) = crate::support::without_root_privileges("a folder that becomes read-only")
    else {
        return;
    };
    let world = World::failing(Endpoint::TokenRefresh, Then::Hold);
    world.signed_in(-HOUR);
    let allow = |mode| {
        fs::set_permissions(world.codex_home(), fs::Permissions::from_mode(mode)).unwrap();
    };
    let running = world.command("refresh").under(bound.iter().copied()).start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
    allow(0o500);
    world.sandbox.release();
    let kept = world.codex_home().join("auth.json.login-cli.tmp");
    let file = world.codex_home().join("auth.json");
    let said =
        format!("cannot replace {}; the new content is in {}", file.display(), kept.display());
    let finished = running.finish();
    finished
        .exits(1)
        .prints("")
        .says(&said)
        .says("nothing is lost")
        .says_nothing_of("sign in again");

    world.command("token").under(bound.iter().copied()).run().exits(1).says(&said);
    allow(0o700);
    let token = world.sandbox.issued().access_tokens.pop().unwrap();
    world.command("token").run().exits(0).prints(&format!("{token}\n"));
    assert!(!kept.exists());
    assert_eq!(world.sandbox.requests_at(&Endpoint::TokenRefresh).len(), 1);
}
