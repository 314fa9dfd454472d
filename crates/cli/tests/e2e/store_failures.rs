//! Stores that cannot be written.

use std::fs;

use sandbox::{Account, Endpoint, Then};

use crate::support::{Finished, Start, TEST_TIMEOUT, World, write};

/// The command fails before it prints a URL or sends a request.
#[track_caller]
fn assert_fails_first(world: &World, codex_home: &std::path::Path) -> Finished {
    assert_command_fails_first(world, world.login().with_trace_log().env("CODEX_HOME", codex_home))
}

#[track_caller]
fn assert_command_fails_first(world: &World, start: Start<'_>) -> Finished {
    let finished = start.run();
    finished.exits(1).prints("").says_nothing_of("/oauth/authorize");
    assert!(finished.error_lines().starts_with("error: "), "{}", finished.stderr);
    assert!(finished.error_lines().contains("\nhint: "), "{}", finished.stderr);
    assert!(world.sandbox.requests().is_empty());
    finished
}

// threats 153 157
#[test]
fn file_instead_of_folder_fails_before_the_browser_opens() {
    let world = World::new();
    let file = world.path("file");
    write(&file, "text");
    let path = file.display().to_string();
    assert_fails_first(&world, &file).says(&format!("error: cannot write {path}"));
    assert_fails_first(&world, &file.join("below/it")).says(&format!("error: cannot write {path}"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "text");
}

/// /proc accepts no files, even from root.
// threats 158
#[cfg(target_os = "linux")]
#[test]
fn read_only_file_system_fails_before_the_browser_opens() {
    for path in ["/proc/codex", "/sys/codex"] {
        assert_fails_first(&World::new(), path.as_ref()).says("error: cannot write /");
    }
}

// threats 157
#[cfg(target_os = "linux")]
#[test]
fn folder_without_write_permission_fails_before_the_browser_opens() {
    use std::os::unix::fs::PermissionsExt as _;
    let Some(bound) = crate::support::without_root_privileges("a read-only folder") else { return };
    let world = World::new();
    let folder = world.path("read only");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o500)).unwrap();
    for codex_home in [folder.join("below"), folder] {
        let start = world.login().with_trace_log().env("CODEX_HOME", codex_home);
        let start = start.under(bound.iter().copied());
        assert_command_fails_first(&world, start).says("error: cannot write ");
    }
}

// threats 161
#[test]
fn folder_instead_of_file_fails_before_the_browser_opens() {
    let world = World::new();
    fs::create_dir_all(world.codex_home().join("auth.json/inside")).unwrap();
    let finished = assert_fails_first(&world, &world.codex_home());
    finished.says("auth.json is a folder\n");
    assert!(world.codex_home().join("auth.json/inside").is_dir());
}

// threats 160 161
#[cfg(unix)]
#[test]
fn pipe_or_dangling_link_fails_before_the_browser_opens() {
    let world = World::new();
    let file = world.codex_home().join("auth.json");
    fs::create_dir_all(world.codex_home()).unwrap();
    for end in ["no/where", "auth.json", "/proc/self/fd/1"] {
        std::os::unix::fs::symlink(end, &file).unwrap();
        assert_fails_first(&world, &world.codex_home()).says("auth.json is a broken symbolic link");
        fs::remove_file(&file).unwrap();
    }
    assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
    assert_fails_first(&world, &world.codex_home()).says("auth.json is not a regular file");
}

// threats 160
#[cfg(unix)]
#[test]
fn empty_file_and_link_to_missing_file_are_filled() {
    for is_linked in [false, true] {
        let world = World::new();
        let (file, target) = (world.codex_home().join("auth.json"), world.path("home/kept.json"));
        if is_linked {
            fs::create_dir_all(world.codex_home()).unwrap();
            std::os::unix::fs::symlink(&target, &file).unwrap();
        } else {
            world.store("");
        }
        for command in ["status", "token", "refresh"] {
            world.command(command).run().exits(3).says("not signed in");
        }
        world.command("exec").args(["--", "/bin/true"]).run().exits(3);
        world.login().signs_in(Account::OWNER).exits(0);
        world.command("status").run().exits(0);
        world.command("logout").run().exits(0);
        assert!(!target.exists());
        assert_eq!(file.is_symlink(), is_linked);
        world.command("status").run().exits(3);
    }
}

/// The target of a link can be another file, so the user must move it.
// threats 160 221
#[cfg(unix)]
#[test]
fn unreadable_file_behind_a_link_is_not_replaced() {
    let world = World::new();
    let (file, target) = (world.codex_home().join("auth.json"), world.path("home/kept.json"));
    fs::create_dir_all(world.codex_home()).unwrap();
    write(&target, "{\n  // theirs\n}");
    std::os::unix::fs::symlink(&target, &file).unwrap();
    let hint = "correct that line, or move the file away, and sign in again with login-cli login";
    let place = format!("{}, line 2, column 3: JSON has no comments", target.display());
    for finished in [assert_fails_first(&world, &world.codex_home()), world.command("status").run()]
    {
        finished.exits(1).fails_with(&place, hint);
    }
    assert_eq!(fs::read_to_string(&target).unwrap(), "{\n  // theirs\n}");

    fs::remove_file(&target).unwrap();
    world.login().signs_in(Account::OWNER).exits(0);
    assert_eq!(fs::read_link(&file).unwrap(), target);
}

/// Dotfile managers use links.
// threats 159
#[cfg(unix)]
#[test]
fn link_to_own_file_is_followed_and_kept() {
    let world = World::new();
    let (file, target) = (world.codex_home().join("auth.json"), world.path("home/kept.json"));
    fs::create_dir_all(world.codex_home()).unwrap();
    write(&target, "{}");
    std::os::unix::fs::symlink(&target, &file).unwrap();
    world.login().signs_in(Account::OWNER).exits(0);
    assert_eq!(fs::read_link(&file).unwrap(), target);
    assert!(fs::read_to_string(&target).unwrap().contains("\"auth_mode\": \"chatgpt\""));
}

// threats 176
#[test]
fn folder_with_any_name_is_created() {
    for name in ["with space/and $(id)/é", "trailing/", "deeper/and/deeper"] {
        let world = World::new();
        let folder = world.path(name);
        world.login().env("CODEX_HOME", &folder).signs_in(Account::OWNER).exits(0);
        assert!(folder.join("auth.json").is_file(), "{name}");
    }
}

// threats 176
#[test]
fn relative_folder_is_created_in_the_current_folder() {
    let world = World::new();
    world.login().env("CODEX_HOME", "here/codex").signs_in(Account::OWNER).exits(0);
    assert!(world.path("work/here/codex/auth.json").is_file());
}

// threats 176
#[cfg(target_os = "linux")]
#[test]
fn non_unicode_folder_is_created() {
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::new();
    let folder = world.path("home").join(std::ffi::OsStr::from_bytes(b"\xff x"));
    world.login().env("CODEX_HOME", &folder).signs_in(Account::OWNER).exits(0);
    assert!(folder.join("auth.json").is_file());
}

/// A failure after the sign-in is also shown in the browser.
// threats 153
#[test]
fn store_failure_after_the_sign_in_is_shown_in_the_browser() {
    let world = World::failing(Endpoint::TokenExchange, Then::Hold);
    let running = world.login().with_trace_log().start();
    let visit = running.start_visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenExchange, 1, TEST_TIMEOUT).unwrap();
    if world.codex_home().exists() {
        fs::remove_dir_all(world.codex_home()).unwrap();
    }
    write(&world.codex_home(), "a file");
    world.sandbox.release();
    let trail = running.join_visit(visit);
    assert_eq!(trail.last().unwrap().status, 500);
    let finished = running.finish();
    finished.exits(1).prints("").says("error: the API key \"Codex CLI [auto-generated] (");
    finished.says("\" was created, but could not be stored: cannot write ");
    finished.says("hint: delete that key at https://platform.openai.com/api-keys, because it was ");
}

// threats 153
#[test]
fn store_failure_without_a_key_names_no_key() {
    let world = World::failing(Endpoint::TokenCode, Then::Hold);
    let running = world.login().arg("--no-api-key").start();
    let visit = running.start_visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::TokenCode, 1, TEST_TIMEOUT).unwrap();
    if world.codex_home().exists() {
        fs::remove_dir_all(world.codex_home()).unwrap();
    }
    write(&world.codex_home(), "a file");
    world.sandbox.release();
    running.join_visit(visit);
    running.finish().exits(1).prints("").says("error: cannot write ");
}

/// Holds the lock, like a program that refreshes.
fn hold_lock(world: &World) -> fs::File {
    world.store("{}");
    let lock = fs::File::create(world.codex_home().join("auth.lock")).unwrap();
    lock.lock().unwrap();
    lock
}

// threats 122 216
#[test]
fn sign_in_waits_for_the_lock_of_another_program() {
    let world = World::new();
    let lock = hold_lock(&world);
    let running = world.login().start();
    let visit = running.start_visit(Account::OWNER);
    running.says("Another program is using the stored sign-in; waiting for it");
    assert_eq!(world.count(&Endpoint::Token), 0, "the code is sent only after the lock is taken");
    // The server still responds: another state is refused.
    assert_eq!(running.ask("GET /auth/callback?state=other HTTP/1.1").status, 400);
    assert_eq!(world.auth_json().as_deref(), Some("{}"));
    drop(lock);
    let trail = running.join_visit(visit);
    assert_eq!(trail.last().unwrap().status, 200);
    running.finish().exits(0);
    assert_ne!(world.auth_json().as_deref(), Some("{}"));
}

// threats 51
#[cfg(unix)]
#[test]
fn waiting_for_the_lock_can_be_interrupted() {
    let world = World::new();
    let _lock = hold_lock(&world);
    let running = world.login().start();
    let visit = running.start_visit(Account::OWNER);
    running.says("Another program is using the stored sign-in; waiting for it");
    running.signal(rustix::process::Signal::INT);
    running.finish().exits(130).says_nothing_of("hint: ");
    visit.give_up();
    assert_eq!(world.count(&Endpoint::Token), 0);
    assert_eq!(world.auth_json().as_deref(), Some("{}"));
}
