//! A file that is a mount of its own, as containers make them: nothing can be renamed over it.
//!
//! Each test runs once more in a namespace in which it may mount, which takes no privileges. Where the
//! machine does not allow it all the same, the test says so and shows nothing.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{AFTER_A_SAVE, Home, left_out, names, read, sign_in, write};
use auth_store::{AuthStore, Error, Oddity};
use credentials::AccessToken;

/// Set in a run that may mount.
const MARK: &str = "AUTH_STORE_TEST_MAY_MOUNT";

/// Runs the test of this full name where it may mount.
#[track_caller]
fn may_mount(name: &str, test: fn()) {
    if is_inside() {
        return test();
    }
    let mount = ["/bin/sh", "-c", "mount -t tmpfs none /tmp"].map(str::to_owned);
    if !inside(&mount).is_ok_and(|(succeeds, _)| succeeds) {
        return left_out(&format!("{name}: a namespace in which it may mount is not allowed"));
    }
    let this = std::env::current_exe().unwrap().into_os_string().into_string().unwrap();
    let again = [this, "--exact".to_owned(), name.to_owned(), "--nocapture".to_owned()];
    let (succeeds, output) = inside(&again).unwrap();
    assert!(succeeds, "{output}");
    assert!(output.contains("1 passed"), "there is no test of the name {name}: {output}");
}

#[expect(clippy::disallowed_methods, reason = "it tells two runs of one test apart")]
fn is_inside() -> bool {
    std::env::var_os(MARK).is_some()
}

fn inside(line: &[String]) -> std::io::Result<(bool, String)> {
    let mut unshare = Command::new("unshare");
    let output = unshare.arg("-Urm").args(line).env(MARK, "1").stdin(Stdio::null()).output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[track_caller]
fn mount(arguments: &[&str], at: &Path) {
    let status = Command::new("mount").args(arguments).arg(at).status().unwrap();
    assert!(status.success(), "mount {arguments:?}");
}

/// A home folder whose `auth.json` is mounted from a file elsewhere, which is returned as well.
fn home_with_mount(content: &str) -> (Home, std::path::PathBuf) {
    let home = Home::holding("");
    let outside = home.around().join("secret-volume.json");
    write(&outside, content);
    mount(&["--bind", outside.to_str().unwrap()], &home.auth_json());
    (home, outside)
}

fn save(store: &AuthStore, mark: &str) -> Result<(), Error> {
    store.update(|document| document.set_sign_in(&sign_in(mark)))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

// threats 162
#[test]
fn a_mounted_file_is_written_in_its_place() {
    may_mount("mount::a_mounted_file_is_written_in_its_place", || {
        // The new document is longer than this one, and shorter than that.
        for old in [r#"{"x": 1}"#.to_owned(), format!(r#"{{"x": 1{}}}"#, " ".repeat(9000))] {
            let (home, outside) = home_with_mount(&old);
            let inode = fs::metadata(home.auth_json()).unwrap().ino();
            fs::set_permissions(&outside, fs::Permissions::from_mode(0o644)).unwrap();
            home.store().check_writable().unwrap();
            assert_eq!(read(&outside), old);
            save(&home.store(), "1").unwrap();

            assert_eq!(fs::metadata(home.auth_json()).unwrap().ino(), inode);
            assert_eq!(mode(&outside), 0o600);
            assert_eq!(home.store().load().unwrap().unwrap().account_id(), Some("1"));
            let text = read(&outside);
            assert!(text.starts_with("{\n  \"x\": 1,\n") && text.ends_with('}'), "{text}");
            assert_eq!(home.names(), AFTER_A_SAVE);
        }
    });
}

/// A person sees why no link or copy of the file keeps in step.
// threats 162
#[test]
fn a_mounted_file_is_odd() {
    may_mount("mount::a_mounted_file_is_odd", || {
        let (home, _) = home_with_mount("{}");
        save(&home.store(), "1").unwrap();
        let document = home.store().load().unwrap().unwrap();
        assert_eq!(home.store().oddities(&document).unwrap(), [Oddity::Mounted]);
    });
}

/// What is in the way of a rename is in the way of nothing that comes before it.
// threats 162 175
#[test]
fn what_another_program_wrote_into_a_mounted_file_stays() {
    may_mount("mount::what_another_program_wrote_into_a_mounted_file_stays", || {
        let (home, outside) = home_with_mount("{}");
        let mut locked = home.store().lock().unwrap();
        let mut document = locked.load().unwrap().unwrap();
        write(&outside, r#"{"theirs":1}"#);
        document.set_sign_in(&sign_in("1"));
        let error = locked.commit(&document).unwrap_err();
        assert!(matches!(error, Error::Changed { .. }), "{error:?}");
        assert_eq!(read(&outside), r#"{"theirs":1}"#);
        assert_eq!(home.names(), AFTER_A_SAVE);
    });
}

/// A crash has left the copy of an older file, and a planted one leads elsewhere.
// threats 162 166
#[test]
fn an_older_copy_is_replaced_and_a_planted_one_is_not_followed() {
    may_mount("mount::an_older_copy_is_replaced_and_a_planted_one_is_not_followed", || {
        let (home, _) = home_with_mount("{}");
        let victim = home.around().join("victim");
        write(&victim, "theirs");
        write(home.file("auth.json.bak"), "an older secret");
        save(&home.store(), "1").unwrap();
        assert_eq!(home.names(), AFTER_A_SAVE);
        std::os::unix::fs::symlink(&victim, home.file("auth.json.bak")).unwrap();
        save(&home.store(), "2").unwrap();
        assert_eq!(read(&victim), "theirs");
        assert_eq!(home.names(), AFTER_A_SAVE);
    });
}

/// The disk of the mounted file takes the old document and not the new one.
// threats 153 162
#[test]
fn a_write_that_ends_halfway_leaves_a_copy_of_what_was_there() {
    may_mount("mount::a_write_that_ends_halfway_leaves_a_copy_of_what_was_there", || {
        let home = Home::holding("");
        let small = home.around().join("small");
        fs::create_dir(&small).unwrap();
        mount(&["-t", "tmpfs", "-o", "size=8k", "none"], &small);
        let (outside, old) = (small.join("auth.json"), r#"{"OPENAI_API_KEY":"sk-old"}"#);
        write(&outside, old);
        mount(&["--bind", outside.to_str().unwrap()], &home.auth_json());

        let mut large = sign_in("1");
        large.access_token = AccessToken::new("x".repeat(20_000)).unwrap();
        let outcome = home.store().update(|document| document.set_sign_in(&large));
        let error = outcome.unwrap_err();
        let Error::HalfWritten { path, copy, .. } = &error else { panic!("{error:?}") };
        assert_eq!((path, copy), (&home.auth_json(), &home.file("auth.json.bak")));
        assert_eq!(read(copy), old);
        assert_eq!(mode(copy), 0o600);
        assert_eq!(names(&home.path()).len(), AFTER_A_SAVE.len() + 1);
        assert!(!format!("{error:?} {error}").contains("xxxx"), "{error:?}");

        // As the hint says: the copy goes back, and everything is as it was.
        write(home.auth_json(), old);
        save(&home.store(), "2").unwrap();
        assert_eq!(home.names(), AFTER_A_SAVE);
    });
}

// threats 158 162
#[test]
fn a_mount_that_cannot_be_written_is_found_by_the_check() {
    may_mount("mount::a_mount_that_cannot_be_written_is_found_by_the_check", || {
        let (home, outside) = home_with_mount("{}");
        mount(&["-o", "remount,bind,ro"], &home.auth_json());
        let error = home.store().check_writable().unwrap_err();
        assert!(matches!(error, Error::NotWritable { .. }), "{error:?}");
        let error = save(&home.store(), "1").unwrap_err();
        assert!(matches!(error, Error::NotWritable { .. }), "{error:?}");
        assert_eq!(read(&outside), "{}");
        assert_eq!(home.names(), AFTER_A_SAVE);
    });
}

/// Nor can a mount be unlinked: what is left of it is a document in which nobody is signed in.
// threats 162 179
#[test]
fn a_mounted_file_becomes_an_empty_document() {
    may_mount("mount::a_mounted_file_becomes_an_empty_document", || {
        let (home, outside) = home_with_mount(r#"{"OPENAI_API_KEY":"sk-1"}"#);
        assert!(home.store().lock().unwrap().remove().unwrap());
        assert_eq!(read(&outside), "{}");
        assert!(!home.store().load().unwrap().unwrap().is_signed_in());
        assert!(!home.file("auth.json.bak").exists());
    });
}
