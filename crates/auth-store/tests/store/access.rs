//! A folder with a default access control list, acl(5), that opens new files to others.

use std::fs;
use std::path::Path;

use crate::common::{AFTER_A_SAVE, Home, left_out, read, sign_in, update_with_backup, write};
use rustix::fs::{XattrFlags, getxattr, setxattr};
use rustix::io::Errno;

/// The kernel's format: a version, then tag, permissions and id of each entry.
const VERSION: u32 = 2;
const USER_OBJ: u16 = 0x01;
const USER: u16 = 0x02;
const GROUP_OBJ: u16 = 0x04;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;
const NOBODY_IN_PARTICULAR: u32 = u32::MAX;

/// A list with read and write permission for every user, and for one user by id.
fn open_to_all() -> Vec<u8> {
    let entries = [
        (USER_OBJ, 7_u16, NOBODY_IN_PARTICULAR),
        (USER, 6, 65534),
        (GROUP_OBJ, 7, NOBODY_IN_PARTICULAR),
        (MASK, 7, NOBODY_IN_PARTICULAR),
        (OTHER, 6, NOBODY_IN_PARTICULAR),
    ];
    let mut list = VERSION.to_le_bytes().to_vec();
    for (tag, permissions, id) in entries {
        list.extend(tag.to_le_bytes());
        list.extend(permissions.to_le_bytes());
        list.extend(id.to_le_bytes());
    }
    list
}

/// The effective permissions of everybody but the owner: the mask limits all named users and groups.
fn granted_to_others(path: &Path) -> u16 {
    let mut list = [0; 256];
    let length = match getxattr(path, "system.posix_acl_access", &mut list[..]) {
        Ok(length) => length,
        // Without a list of its own a file has its mode.
        Err(Errno::NODATA) => return u16::try_from(mode(path) & 0o77).unwrap(),
        Err(error) => panic!("{error}"),
    };
    let word = |at: &[u8]| u16::from_le_bytes([at[0], at[1]]);
    let entries = list[4..length].chunks_exact(8).map(|entry| (word(entry), word(&entry[2..])));
    let bounds = entries.filter(|(tag, _)| [MASK, OTHER].contains(tag));
    bounds.fold(0, |all, (_, permissions)| all | permissions)
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).unwrap().mode() & 0o7777
}

/// A home folder with such a list, if the file system supports it.
fn home_open_to_all(content: &str) -> Option<Home> {
    let home = Home::holding(content);
    let set =
        setxattr(home.path(), "system.posix_acl_default", &open_to_all(), XattrFlags::empty());
    if let Err(error) = set {
        left_out(&format!("a default access control list: {error}"));
        return None;
    }
    write(home.file("theirs"), "");
    assert_ne!(granted_to_others(&home.file("theirs")), 0, "the list is in force");
    fs::remove_file(home.file("theirs")).unwrap();
    Some(home)
}

// threats 178
#[test]
fn default_acl_does_not_open_new_files() {
    let Some(home) = home_open_to_all("{}") else { return };
    home.store().check_writable().unwrap();
    for mark in ["1", "2"] {
        home.store().update(|document| document.set_sign_in(&sign_in(mark))).unwrap();
        for name in AFTER_A_SAVE {
            assert_eq!(granted_to_others(&home.file(name)), 0, "{name}");
            assert_eq!(mode(&home.file(name)), 0o600, "{name}");
        }
    }
}

// threats 168 178
#[test]
fn default_acl_does_not_open_the_backup() {
    let Some(home) = home_open_to_all("{\"canary\"") else { return };
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let ((), copy) = update_with_backup(&home.store(), now, |_| ()).unwrap();
    let copy = copy.unwrap();
    assert_eq!(granted_to_others(&copy), 0);
    assert_eq!(read(copy), "{\"canary\"");
}
