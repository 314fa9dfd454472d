//! A file that is a mount of its own, as in containers: a rename cannot replace it.
//!
//! Each test runs again in a namespace where it may mount without privileges. If the machine does not
//! allow that, the test is reported as skipped.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::common::{AFTER_A_SAVE, Home, left_out, read, sign_in, write};
use auth_store::{AuthStore, Error, FileError, Warning};
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

/// A home folder whose `auth.json` is mounted from another file, which is returned as well.
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
fn mount_is_written_in_place() {
    may_mount("mount::mount_is_written_in_place", || {
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

/// The person sees why a link to the file or a copy of it is not updated.
// threats 162
#[test]
fn mount_has_a_warning() {
    may_mount("mount::mount_has_a_warning", || {
        let (home, _) = home_with_mount("{}");
        save(&home.store(), "1").unwrap();
        let document = home.store().load().unwrap().unwrap();
        assert_eq!(home.store().warnings(&document).unwrap(), [Warning::Mounted]);
    });
}

/// Only the rename is impossible; all steps before it are checked.
// threats 162 175
#[test]
fn commit_to_a_mount_fails_if_another_program_changed_it() {
    may_mount("mount::commit_to_a_mount_fails_if_another_program_changed_it", || {
        let (home, outside) = home_with_mount("{}");
        let mut locked = home.store().lock().unwrap();
        let mut document = locked.load().unwrap().unwrap();
        write(&outside, r#"{"theirs":1}"#);
        document.set_sign_in(&sign_in("1"));
        let error = locked.commit(&document).unwrap_err();
        assert!(matches!(error, Error::File(FileError::Changed { .. })), "{error:?}");
        assert_eq!(read(&outside), r#"{"theirs":1}"#);
        assert_eq!(home.names(), AFTER_A_SAVE);
    });
}

/// A crash left the backup of an older file; an attacker placed a link.
// threats 162 166
#[test]
fn old_backup_is_replaced_and_a_link_is_not_followed() {
    may_mount("mount::old_backup_is_replaced_and_a_link_is_not_followed", || {
        let (home, _) = home_with_mount("{}");
        let victim = home.around().join("victim");
        write(&victim, "theirs");
        write(home.file("auth.json.login-cli.bak"), "an older secret");
        write(home.file("auth.json.bak"), "a copy of theirs");
        save(&home.store(), "1").unwrap();
        assert_eq!(read(home.file("auth.json.bak")), "a copy of theirs");
        fs::remove_file(home.file("auth.json.bak")).unwrap();
        assert_eq!(home.names(), AFTER_A_SAVE);
        std::os::unix::fs::symlink(&victim, home.file("auth.json.login-cli.bak")).unwrap();
        save(&home.store(), "2").unwrap();
        assert_eq!(read(&victim), "theirs");
        assert_eq!(home.names(), AFTER_A_SAVE);
    });
}

/// The disk has no space for the new document: the file is extended before its content changes.
// threats 153 162
#[test]
fn full_mount_keeps_the_old_document() {
    may_mount("mount::full_mount_keeps_the_old_document", || {
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
        assert!(matches!(error, Error::File(FileError::NotWritable { .. })), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("xxxx"), "{error:?}");
        let mut locked = home.store().lock().unwrap();
        locked.load().unwrap();
        let error = locked.reserve().unwrap_err();
        assert!(matches!(error, Error::File(FileError::NotWritable { .. })), "{error:?}");
        drop(locked);
        assert_eq!(read(&outside), old);
        assert_eq!(home.names(), AFTER_A_SAVE);
        save(&home.store(), "2").unwrap();
        assert_eq!(home.names(), AFTER_A_SAVE);
    });
}

/// The disk is full after the reservation.
// threats 162 215
#[test]
fn reserve_takes_room_for_a_mount() {
    may_mount("mount::reserve_takes_room_for_a_mount", || {
        for old in [r#"{"x": 1}"#.to_owned(), format!("{{\"x\": \"{}\"}}\n", "x".repeat(300_000))] {
            let home = Home::holding("");
            let small = home.around().join("small");
            fs::create_dir(&small).unwrap();
            mount(&["-t", "tmpfs", "-o", "size=1m", "none"], &small);
            let outside = small.join("auth.json");
            write(&outside, &old);
            mount(&["--bind", outside.to_str().unwrap()], &home.auth_json());

            let mut locked = home.store().lock().unwrap();
            for _ in 0..2 {
                locked.load().unwrap();
                locked.reserve().unwrap();
                let taken = fs::metadata(&outside).unwrap().blocks() * 512;
                assert!(taken > old.len() as u64 + 64 * 1024, "{taken}");
                assert_eq!(read(&outside), old);
            }
            drop(locked);
            assert_eq!(read(&outside), old);

            let mut locked = home.store().lock().unwrap();
            let mut document = locked.load().unwrap().unwrap();
            locked.reserve().unwrap();
            fill(&small.join("filler"));
            document.set_sign_in(&sign_in(&"1".repeat(10_000)));
            locked.commit(&document).unwrap();
            drop(locked);
            assert!(read(&outside).ends_with('}') && read(&outside).starts_with("{\n  \"x\": "));
            assert!(home.store().load().unwrap().unwrap().is_signed_in());
            assert_eq!(home.names(), AFTER_A_SAVE);
        }
    });
}

fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    while std::io::Write::write_all(&mut file, &[0; 4096]).is_ok() {}
}

/// Each reader sees one document.
// threats 162 225
#[test]
fn readers_of_a_mount_see_complete_documents() {
    may_mount("mount::readers_of_a_mount_see_complete_documents", || {
        let (home, _) = home_with_mount("{}");
        let marks = ["1".repeat(30_000), "2".repeat(100), "3".repeat(20_000)];
        save(&home.store(), &marks[0]).unwrap();
        let is_done = AtomicBool::new(false);
        let reads = std::thread::scope(|scope| {
            let reader = || {
                let mut reads = 0;
                while !is_done.load(Ordering::Acquire) {
                    let document = home.store().load().unwrap().unwrap();
                    let mark = document.account_id().unwrap().to_owned();
                    assert!(marks.contains(&mark), "{}", mark.len());
                    let token = document.access_token().unwrap();
                    assert_eq!(token.expose().strip_prefix("access-"), Some(mark.as_str()));
                    reads += 1;
                }
                reads
            };
            let readers = [scope.spawn(reader), scope.spawn(reader)];
            for mark in marks.iter().cycle().take(90) {
                save(&home.store(), mark).unwrap();
            }
            is_done.store(true, Ordering::Release);
            readers.map(|reader| reader.join().unwrap())
        });
        assert!(reads.iter().all(|&reads| reads > 20), "{reads:?}");
    });
}

/// A writer is in the middle of its write: the start of the file is new, the rest is old.
// threats 225
#[test]
fn reader_waits_for_the_end_of_a_write() {
    may_mount("mount::reader_waits_for_the_end_of_a_write", || {
        let (home, outside) = home_with_mount("{}");
        save(&home.store(), "1").unwrap();
        let old = read(&outside);
        save(&home.store(), "2").unwrap();
        let new = read(&outside);
        let _locked = home.store().lock().unwrap();
        for _ in 0..20 {
            write(home.file("auth.json.login-cli.bak"), &old);
            write(&outside, format!("{}{}", &new[..100], &old[100..]));
            let begins = Barrier::new(2);
            std::thread::scope(|scope| {
                let reader = scope.spawn(|| {
                    begins.wait();
                    home.store().load().unwrap().unwrap()
                });
                begins.wait();
                write(&outside, &new);
                fs::remove_file(home.file("auth.json.login-cli.bak")).unwrap();
                assert_eq!(reader.join().unwrap().account_id(), Some("2"));
            });
        }
    });
}

/// A killed writer left its backup.
// threats 225
#[test]
fn leftover_backup_delays_no_reader() {
    may_mount("mount::leftover_backup_delays_no_reader", || {
        let (home, _) = home_with_mount(r#"{"OPENAI_API_KEY":"sk-1"}"#);
        drop(home.store().lock().unwrap());
        write(home.file("auth.json.login-cli.bak"), "{}");
        let begun = std::time::Instant::now();
        assert!(home.store().load().unwrap().unwrap().is_signed_in());
        assert!(begun.elapsed() < std::time::Duration::from_millis(500));
    });
}

// threats 158 162
#[test]
fn check_finds_a_read_only_mount() {
    may_mount("mount::check_finds_a_read_only_mount", || {
        let (home, outside) = home_with_mount("{}");
        mount(&["-o", "remount,bind,ro"], &home.auth_json());
        let document = home.store().load().unwrap().unwrap();
        let warnings = home.store().warnings(&document).unwrap();
        assert!(warnings.contains(&Warning::NotWritable), "{warnings:?}");
        let error = home.store().check_writable().unwrap_err();
        assert!(matches!(error, Error::File(FileError::NotWritable { .. })), "{error:?}");
        let error = save(&home.store(), "1").unwrap_err();
        assert!(matches!(error, Error::File(FileError::NotWritable { .. })), "{error:?}");
        assert_eq!(read(&outside), "{}");
        assert_eq!(home.names(), AFTER_A_SAVE);
    });
}

/// A write starts with a backup of that name.
// threats 162
#[test]
fn check_finds_a_folder_with_the_backup_name() {
    may_mount("mount::check_finds_a_folder_with_the_backup_name", || {
        let (home, _) = home_with_mount("{}");
        fs::create_dir(home.file("auth.json.login-cli.bak")).unwrap();
        let error = home.store().check_writable().unwrap_err();
        assert!(matches!(error, Error::File(FileError::NotAFile { .. })), "{error:?}");
    });
}

/// A mount cannot be removed either: it becomes a document without a sign-in.
// threats 162 179
#[test]
fn remove_empties_a_mount() {
    may_mount("mount::remove_empties_a_mount", || {
        let (home, outside) = home_with_mount(r#"{"OPENAI_API_KEY":"sk-1"}"#);
        assert!(home.store().lock().unwrap().remove().unwrap());
        assert_eq!(read(&outside), "{}");
        assert!(!home.store().load().unwrap().unwrap().is_signed_in());
        assert!(!home.file("auth.json.login-cli.bak").exists());
    });
}
