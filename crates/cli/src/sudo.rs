//! Running as root by way of sudo: the credentials are root's then, which is seldom meant.

use crate::surroundings::is_user_name;

/// Somebody else than root has become root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sudo {
    /// Who it was, if that looks like the name of a user.
    person: Option<String>,
    /// Whether the folder of the credentials is there and not root's: a file in it is its owner's.
    foreign_folder: bool,
    /// Whether the home folder is still not root's.
    foreign_home: bool,
}

impl Sudo {
    /// From what sudo(8) says of who called it, and the owners of the folder of the credentials and of
    /// the home folder, if they are there. `None` when root has called it, or nobody.
    pub(crate) fn new(
        name: Option<&str>,
        uid: Option<&str>,
        owners: [Option<u32>; 2],
    ) -> Option<Self> {
        let is_root = uid.map_or(name == Some("root"), |uid| uid == "0");
        let called = name.is_some() || uid.is_some();
        let [foreign_folder, foreign_home] = owners.map(|owner| owner.is_some_and(|uid| uid != 0));
        (called && !is_root).then(|| Self {
            person: name.filter(|name| is_user_name(name)).map(str::to_owned),
            foreign_folder,
            foreign_home,
        })
    }

    /// What the person has to know who signs in nevertheless.
    pub(crate) fn warning(&self, location: &str) -> String {
        let place = match &self.person {
            _ if self.foreign_folder => {
                format!("{location}, and belong to the owner of that folder")
            }
            _ if self.foreign_home => format!("{location}, and belong to root there"),
            Some(person) => format!("{location}, not to {person}'s"),
            None => format!("{location}, not to your own"),
        };
        format!(
            "running as root through sudo: the credentials go to {place}; run it without sudo to \
             sign in as yourself"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn warns(name: Option<&str>, uid: Option<&str>, owner: Option<u32>, place: Option<&str>) {
        let warning = Sudo::new(name, uid, [None, owner]).map(|sudo| sudo.warning("PLACE"));
        let expected = place.map(|place| {
            format!(
                "running as root through sudo: the credentials go to PLACE, {place}; run it without \
                 sudo to sign in as yourself"
            )
        });
        assert_eq!(warning, expected, "{name:?} {uid:?} {owner:?}");
    }

    // threats 188
    #[test]
    fn somebody_who_became_root_is_warned() {
        let (ada, uid) = (Some("ada"), Some("1000"));
        warns(ada, uid, Some(0), Some("not to ada's"));
        warns(ada, None, None, Some("not to ada's"));
        warns(None, uid, Some(0), Some("not to your own"));
        warns(Some("\u{1b}[2J; id"), uid, Some(0), Some("not to your own"));
        warns(ada, uid, Some(1000), Some("and belong to root there"));
        let sudo = Sudo::new(ada, uid, [Some(1000), Some(1000)]).unwrap();
        assert!(sudo.warning("PLACE").contains("PLACE, and belong to the owner of that folder; "));
    }

    // threats 188
    #[test]
    fn root_itself_is_not_warned() {
        warns(None, None, Some(0), None);
        warns(None, None, Some(1000), None);
        warns(Some("root"), Some("0"), Some(0), None);
        warns(Some("root"), None, Some(0), None);
    }
}
