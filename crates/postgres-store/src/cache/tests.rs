use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use credentials::AccessToken;
use jiff::Timestamp;

use super::{CacheError, CachedToken, TokenCache};

const URL: &str = "postgres://ci@db.test/ops";

fn now() -> Timestamp {
    "2026-11-28T12:00:00Z".parse().unwrap()
}

fn token(version: i64) -> CachedToken {
    CachedToken {
        version,
        checked_at: now(),
        access_token: AccessToken::new(format!("access-{version}")).unwrap(),
        expires_at: Some("2026-11-28T13:00:00Z".parse().unwrap()),
        issued_at: Some(now()),
        last_refresh: Some(now()),
    }
}

fn cache(folder: &Path) -> TokenCache {
    TokenCache::new(folder.join("cache"), URL, "team-a")
}

fn filled(folder: &Path) -> TokenCache {
    let cache = cache(folder);
    cache.remember(7, Some(&token(7))).unwrap();
    cache
}

/// The version of the token and the highest one.
#[track_caller]
fn assert_cached(cache: &TokenCache, token: Option<i64>, highest: i64) {
    let cached = cache.load().unwrap();
    assert_eq!(cached.token.map(|it| it.version), token);
    assert_eq!(cached.highest_version, highest);
}

#[track_caller]
fn assert_refused(cache: &TokenCache, because: &str) {
    let found = |result: Result<(), CacheError>| {
        let found = matches!(&result, Err(CacheError::Refused { fault, .. }) if *fault == because);
        assert!(found, "{result:?}");
    };
    found(cache.load().map(drop));
    found(cache.remember(8, Some(&token(8))).map(drop));
}

/// A token that was signed out is not used because the disk is full. A folder has the name of the new file.
#[test]
fn cache_that_cannot_be_replaced_has_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    fs::create_dir(cache.path().with_extension("new")).unwrap();
    cache.remember(8, None).unwrap_err();
    assert_cached(&cache, None, 8);
}

#[test]
fn cached_token_is_read_again_and_is_private() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(folder.path());
    assert_cached(&cache, None, 0);
    assert!(!folder.path().join("cache").exists(), "reading creates nothing");
    cache.remember(7, Some(&token(7))).unwrap();
    let read = cache.load().unwrap().token.unwrap();
    assert_eq!(read.access_token.expose(), "access-7");
    assert_eq!((read.checked_at, read.expires_at), (now(), token(7).expires_at));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.path().join("cache")), 0o700);
    for entry in fs::read_dir(folder.path().join("cache")).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
    assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 2, "no temporary file");
}

#[test]
fn older_version_changes_nothing_and_a_newer_one_counts() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    cache.remember(6, Some(&token(6))).unwrap();
    assert_cached(&cache, Some(7), 7);
    cache.remember(8, Some(&token(8))).unwrap();
    assert_cached(&cache, Some(8), 8);
    // A logout.
    cache.remember(9, None).unwrap();
    assert_cached(&cache, None, 9);
}

#[test]
fn store_that_returns_an_older_version_went_back() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    let cached = cache.load().unwrap();
    for version in [7, 8] {
        cache.check_version(&cached, version).unwrap();
    }
    for version in [6, 0, -1] {
        let result = cache.check_version(&cached, version);
        let found = matches!(result, Err(CacheError::WentBack { stored, seen: 7, .. }) if stored == version);
        assert!(found, "{result:?}");
    }
}

#[test]
fn file_of_another_store_or_row_is_an_empty_cache() {
    let folder = tempfile::tempdir().unwrap();
    let filled = filled(folder.path());
    for (url, name) in [
        (URL, "team-b"),
        ("postgres://ci@db2.test/ops", "team-a"),
        ("postgres://ci@db.test/op", "steam-a"),
    ] {
        let other = TokenCache::new(folder.path().join("cache"), url, name);
        assert_cached(&other, None, 0);
        fs::copy(filled.path(), other.path()).unwrap();
        assert_cached(&other, None, 0);
    }
}

#[test]
fn damaged_file_is_an_empty_cache_and_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    let whole = fs::read(cache.path()).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::File::options().write(true).open(cache.path()).unwrap().set_len(length as u64).unwrap();
        assert_cached(&cache, None, 0);
        cache.remember(7, Some(&token(7))).unwrap();
        assert_cached(&cache, Some(7), 7);
    }
}

#[test]
fn file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    fs::set_permissions(cache.path(), fs::Permissions::from_mode(0o640)).unwrap();
    assert_refused(&cache, "other users can read it");
}

#[test]
fn linked_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    fs::hard_link(cache.path(), folder.path().join("other")).unwrap();
    assert_refused(&cache, "it has another name, too (a hard link)");
    fs::remove_file(cache.path()).unwrap();
    symlink(folder.path().join("other"), cache.path()).unwrap();
    assert_refused(&cache, "it is a link");
    fs::remove_file(cache.path()).unwrap();
    fs::create_dir(cache.path()).unwrap();
    assert_refused(&cache, "it is not a regular file");
}

#[test]
fn linked_lock_file_is_refused_and_its_target_is_not_created() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    let (lock, target) = (cache.path().with_extension("lock"), folder.path().join("target"));
    fs::remove_file(&lock).unwrap();
    symlink(&target, &lock).unwrap();
    let error = cache.remember(8, Some(&token(8))).unwrap_err();
    assert!(matches!(error, CacheError::Refused { fault: "it is a link", .. }), "{error:?}");
    assert!(!target.exists());
}

#[test]
fn folder_that_others_can_change_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    let inner = folder.path().join("cache");
    fs::set_permissions(&inner, fs::Permissions::from_mode(0o770)).unwrap();
    assert_refused(&cache, "other users can write to it");
    fs::rename(&inner, folder.path().join("moved")).unwrap();
    symlink("moved", &inner).unwrap();
    assert_refused(&cache, "it is not a folder");
}

#[test]
fn named_pipe_is_refused_and_does_not_block() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    fs::remove_file(cache.path()).unwrap();
    let kind = rustix::fs::FileType::Fifo;
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, cache.path(), kind, mode, 0).unwrap();
    assert_refused(&cache, "it is not a regular file");
}

#[test]
fn process_that_finds_another_one_writing_does_not_wait() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    let lock = fs::File::open(cache.path().with_extension("lock")).unwrap();
    lock.lock().unwrap();
    assert!(!cache.remember(8, Some(&token(8))).unwrap());
    assert_cached(&cache, Some(7), 7);
    drop(lock);
    assert!(cache.remember(8, Some(&token(8))).unwrap());
    assert_cached(&cache, Some(8), 8);
}

/// It has an access token.
#[test]
fn file_of_a_killed_process_does_not_stay() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    let names = || {
        let entries = fs::read_dir(folder.path().join("cache")).unwrap();
        entries.map(|it| it.unwrap().file_name()).collect::<Vec<_>>()
    };
    let (before, left) = (names(), cache.path().with_extension("new"));
    fs::copy(cache.path(), &left).unwrap();
    cache.remember(8, Some(&token(8))).unwrap();
    assert_cached(&cache, Some(8), 8);
    assert_eq!(names(), before);
    // Not through a link.
    symlink(folder.path().join("target"), &left).unwrap();
    cache.remember(9, Some(&token(9))).unwrap();
    assert!(!folder.path().join("target").exists());
    assert_cached(&cache, Some(9), 9);
}

#[test]
fn folders_above_are_created_and_private() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("home");
    let cache = TokenCache::new(home.join("cache"), URL, "team-a");
    cache.remember(7, Some(&token(7))).unwrap();
    assert_cached(&cache, Some(7), 7);
    assert_eq!(fs::metadata(home).unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn no_error_and_no_debug_text_has_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let cache = filled(folder.path());
    let text = format!("{:?} {cache:?}", cache.load().unwrap());
    assert!(text.contains("[redacted]") && !text.contains("access-7"), "{text}");
    let file = fs::read_to_string(cache.path()).unwrap();
    assert!(file.contains("access-7") && !file.contains("refresh_token"), "{file}");
}
