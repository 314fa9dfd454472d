use std::path::Path;

use crate::host::Environment;
use crate::user_name::is_user_name;

/// The program runs as root because another user started it with `sudo(8)`. The credentials then belong to root, which
/// is rarely intended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sudo {
    /// The name of that user, if it is valid.
    pub user: Option<String>,
    /// Whether the folder of the credentials exists and belongs to another user. New files in it get its owner.
    pub is_folder_foreign: bool,
    /// Whether the home folder belongs to another user.
    pub is_home_foreign: bool,
}

impl Sudo {
    /// Detects sudo by its variables, and checks the owners of the folder of the credentials and of the home folder.
    /// `None` unless the program runs as root, and another user called sudo.
    #[must_use]
    pub fn detect(variable: &Environment<'_>, folder: &Path, home: &Path) -> Option<Self> {
        if !is_root() {
            return None;
        }
        // A name that is not Unicode is invalid, but shows that sudo was called.
        let text = |name| variable(name).map(|it| it.to_string_lossy().into_owned());
        let (user, uid) = (text("SUDO_USER"), text("SUDO_UID"));
        Self::new(user.as_deref(), uid.as_deref(), [folder, home].map(owner))
    }

    fn new(user: Option<&str>, uid: Option<&str>, owners: [Option<u32>; 2]) -> Option<Self> {
        let is_by_root = uid.map_or(user == Some("root"), |uid| uid == "0");
        let is_sudo = user.is_some() || uid.is_some();
        let is_foreign = |owner: Option<u32>| owner.is_some_and(|uid| uid != 0);
        let [is_folder_foreign, is_home_foreign] = owners.map(is_foreign);
        let user = user.filter(|name| is_user_name(name)).map(str::to_owned);
        (is_sudo && !is_by_root).then_some(Self { user, is_folder_foreign, is_home_foreign })
    }
}

#[cfg(unix)]
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// This system has no root user.
#[cfg(not(unix))]
fn is_root() -> bool {
    false
}

#[cfg(unix)]
fn owner(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    Some(path.metadata().ok()?.uid())
}

/// This system has no numeric owners.
#[cfg(not(unix))]
fn owner(_path: &Path) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: Option<u32> = Some(0);
    const ADA: Option<u32> = Some(1000);

    #[track_caller]
    fn assert_sudo(user: Option<&str>, uid: Option<&str>, owners: [Option<u32>; 2], name: &str) {
        let [is_folder_foreign, is_home_foreign] = owners.map(|owner| owner == ADA);
        let user_name = (!name.is_empty()).then(|| name.to_owned());
        let expected = Sudo { user: user_name, is_folder_foreign, is_home_foreign };
        assert_eq!(Sudo::new(user, uid, owners), Some(expected));
    }

    // threats 188
    #[test]
    fn user_of_sudo_is_detected() {
        let (ada, uid) = (Some("ada"), Some("1000"));
        assert_sudo(ada, uid, [None, ROOT], "ada");
        assert_sudo(ada, None, [None, None], "ada");
        assert_sudo(None, uid, [None, ROOT], "");
        assert_sudo(Some("\u{1b}[2J; id"), uid, [None, ROOT], "");
        assert_sudo(ada, uid, [None, ADA], "ada");
        assert_sudo(ada, uid, [ADA, ADA], "ada");
    }

    // threats 188
    #[test]
    fn root_without_sudo_is_not_detected() {
        for owner in [ROOT, ADA] {
            assert_eq!(Sudo::new(None, None, [owner; 2]), None);
            assert_eq!(Sudo::new(Some("root"), Some("0"), [owner; 2]), None);
            assert_eq!(Sudo::new(Some("root"), None, [owner; 2]), None);
        }
    }
}
