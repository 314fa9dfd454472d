//! A link that alternates with a file during writes.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::common::{Home, read, sign_in, update_with_backup, write};

const TURNS: usize = 100_000;

/// The checked file is the written one.
// threats 160
#[test]
fn alternating_link_never_redirects_a_save() {
    let home = Home::holding("{}");
    let victim = home.around().join("victim");
    write(&victim, "theirs, and no document\n");
    let (file, link) = (home.auth_json(), home.file("link"));
    let (is_over, tried) = (AtomicBool::new(false), AtomicUsize::new(0));
    let saved = thread::scope(|scope| {
        let saves = scope.spawn(|| {
            let now = "2026-11-21T18:48:46Z".parse().unwrap();
            let save = || {
                let change =
                    |document: &mut auth_store::AuthDocument| document.set_sign_in(&sign_in("1"));
                update_with_backup(&home.store(), now, change).is_ok()
            };
            let mut saved = 0;
            while !is_over.load(Ordering::Relaxed) {
                saved += usize::from(save());
                tried.fetch_add(1, Ordering::Relaxed);
            }
            saved
        });
        for turn in 0..TURNS {
            // Two whole saves, so that not all of them meet the link.
            if turn % (TURNS / 10) == 0 && !file.is_symlink() {
                let before = tried.load(Ordering::Relaxed);
                while tried.load(Ordering::Relaxed) < before + 2 && !saves.is_finished() {
                    thread::yield_now();
                }
            }
            // A save puts a file in the place of the link as well.
            let exists = fs::symlink_metadata(&link).is_ok_and(|link| link.is_symlink());
            if !exists && !home.auth_json().is_symlink() {
                let _ = fs::remove_file(&link);
                symlink(&victim, &link).unwrap();
            }
            let _ = renameat_with(CWD, &link, CWD, &file, RenameFlags::EXCHANGE);
        }
        is_over.store(true, Ordering::Relaxed);
        saves.join().unwrap()
    });
    assert_eq!(read(&victim), "theirs, and no document\n");
    assert!(saved > 0, "no save has worked");
}
