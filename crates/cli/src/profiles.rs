//! Which of the profiles beside each other is meant, and what holds its credentials.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use auth_store::{AuthStore, HelperStore, Location};
use credential_helper::{Helper, InvalidName};
use login::stored::{OtherStore, OtherStores};
use sha2::{Digest as _, Sha256};
use terminal_ui::Terminal;

use crate::args::{ProfileName, SharedArgs, StoreKind, differs_in_case, shell_word};
use crate::environment;
use crate::error::CliError;
use crate::patience::Patience;
use crate::signals;

/// The profiles of one folder, `$CODEX_HOME`, and the one that is meant.
#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    codex_home: PathBuf,
    holder: Holder,
    pub(crate) selected: ProfileName,
}

/// What holds the credentials.
#[derive(Clone, Debug)]
enum Holder {
    File,
    Helper(Helper, Patience),
    #[cfg(feature = "keyring")]
    Keyring(Patience),
}

/// The folder of the profiles that have a name.
const PROFILES: &str = "profiles";

impl Profiles {
    /// As the flags say, else the environment, else the default.
    pub(crate) fn chosen(args: &SharedArgs) -> Result<Self, CliError> {
        let codex_home = environment::codex_home(args.codex_home.as_deref());
        let store = args.store.clone().map_or_else(environment::store, |kind| Ok(Some(kind)));
        let profile = args.profile.clone().map_or_else(environment::profile, |name| Ok(Some(name)));
        let profiles = Self {
            codex_home: codex_home?,
            holder: holder(store?, environment::terminal(args.color))?,
            selected: profile?.unwrap_or_default(),
        };
        let name = if args.profile.is_some() { "--profile" } else { "LOGIN_CLI_PROFILE" };
        match profiles.other_case() {
            Some(other) => Err(CliError::Variable { name, problem: differs_in_case(&other) }),
            None => Ok(profiles),
        }
    }

    /// A profile that differs in upper and lower case alone. Windows and macOS would take the one for
    /// the other; where both are there already, each is itself.
    fn other_case(&self) -> Option<String> {
        let name = self.selected.as_str();
        if self.selected.is_default() {
            return None;
        }
        let entries = fs::read_dir(self.codex_home.join(PROFILES)).ok()?;
        let there = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().into_string().ok();
        let alike = entries.filter_map(there).filter(|other| other.eq_ignore_ascii_case(name));
        let alike: Vec<String> = alike.collect();
        if alike.iter().any(|other| other == name) { None } else { alike.into_iter().next() }
    }

    /// The profile that is meant, if it has no folder yet.
    pub(crate) fn new_profile(self) -> Option<NewProfile> {
        let is_new = !self.selected.is_default() && !self.folder_of(&self.selected).exists();
        is_new.then_some(NewProfile(self))
    }

    /// Where the credentials of the one that is meant are kept.
    pub(crate) fn store(&self) -> AuthStore {
        self.store_of(&self.selected)
    }

    pub(crate) fn store_of(&self, profile: &ProfileName) -> AuthStore {
        let store = AuthStore::new(self.folder_of(profile));
        let entry = || entry(&self.codex_home, profile);
        match &self.holder {
            Holder::File => store,
            Holder::Helper(helper, patience) => {
                let vault = HelperStore::new(helper.clone(), entry());
                store.with_external_store(patience.announced(vault, helper.program()))
            }
            #[cfg(feature = "keyring")]
            Holder::Keyring(patience) => {
                let vault = auth_store::KeyringStore::new(entry()).with_deadline(patience.deadline);
                let vault = if patience.has_person() { vault.at_terminal() } else { vault };
                store.with_external_store(patience.announced(vault, "the keyring"))
            }
        }
    }

    /// All that there are, the default one first, the others by name.
    ///
    /// # Errors
    ///
    /// The folder of the profiles cannot be read.
    pub(crate) fn names(&self) -> io::Result<Vec<ProfileName>> {
        let entries = match fs::read_dir(self.codex_home.join(PROFILES)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            entries => Some(entries?),
        };
        let name = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
        let mut named: Vec<ProfileName> = entries.into_iter().flatten().filter_map(name).collect();
        named.retain(|name| !name.is_default());
        named.sort_by(|a, b| a.as_str().cmp(b.as_str()));
        named.insert(0, ProfileName::default());
        Ok(named)
    }

    /// Where sign-ins may be stored beside that of `profile`: in the other profiles, in files where
    /// another store is in use, and in the other folders that are usual here. What another helper or
    /// keyring holds is not known.
    pub(crate) fn other_stores(&self, profile: &ProfileName) -> OtherStores {
        let (profiles, profile) = (self.clone(), profile.clone());
        OtherStores::new(move || {
            let mut others = profiles.profile_stores();
            others.retain(|(other, _)| *other != Some(profile.clone()));
            others.into_iter().map(|(_, other)| other).chain(profiles.stores_elsewhere()).collect()
        })
    }

    /// Those of them that are not of this store.
    pub(crate) fn other_stores_elsewhere(&self) -> OtherStores {
        let profiles = self.clone();
        OtherStores::new(move || profiles.stores_elsewhere())
    }

    fn stores_elsewhere(&self) -> Vec<OtherStore> {
        let usual = [environment::default_codex_home(), environment::codex_home(None).ok()];
        let mut homes: Vec<PathBuf> = usual.into_iter().flatten().collect();
        homes.push(self.codex_home.clone());
        homes.sort();
        homes.dedup();
        homes.retain(|home| *home != self.codex_home || !matches!(self.holder, Holder::File));
        let in_files = |codex_home| {
            let selected = ProfileName::default();
            Self { codex_home, holder: Holder::File, selected }.profile_stores()
        };
        let named = |(_, other): (_, OtherStore)| OtherStore {
            name: other.store.location().to_string(),
            ..other
        };
        homes.into_iter().flat_map(in_files).map(named).collect()
    }

    /// The store of each profile. Profiles that cannot be listed are one that cannot be read.
    fn profile_stores(&self) -> Vec<(Option<ProfileName>, OtherStore)> {
        let of_profile = |profile: ProfileName| {
            let name = format!("profile {}", profile.as_str());
            let store = self.store_of(&profile);
            (Some(profile), OtherStore { name, store })
        };
        match self.names() {
            Ok(profiles) => profiles.into_iter().map(of_profile).collect(),
            Err(_) => {
                let folder = self.codex_home.join(PROFILES);
                let name = format!("a profile in {}", folder.display());
                let unlisted = OtherStore { name, store: AuthStore::new(folder) };
                vec![of_profile(ProfileName::default()), (None, unlisted)]
            }
        }
    }

    fn folder_of(&self, profile: &ProfileName) -> PathBuf {
        match profile.is_default() {
            true => self.codex_home.clone(),
            false => self.codex_home.join(PROFILES).join(profile.as_str()),
        }
    }
}

/// A profile whose folder was not there when the program began.
pub(crate) struct NewProfile(Profiles);

impl NewProfile {
    /// Leaves no trace of it, unless somebody is signed in there after all.
    pub(crate) fn forget(self) {
        if self.0.store().remove_unused() {
            // Other profiles keep theirs.
            let _ = fs::remove_dir(self.0.codex_home.join(PROFILES));
        }
    }
}

/// Where credentials are, as a person would write it: `~` is their home folder.
pub(crate) fn shown(location: &Location) -> String {
    let home = environment::home().filter(|_| cfg!(unix));
    let short = home.and_then(|home| below_home(location, &home));
    short.unwrap_or_else(|| location.to_string())
}

/// Only where a shell takes it back: in quotes, `~` is a folder of that name.
fn below_home(location: &Location, home: &Path) -> Option<String> {
    let Location::File(path) = location else { return None };
    let rest = path.strip_prefix(home).ok()?.to_str()?;
    let is_plain = !home.as_os_str().is_empty() && shell_word(rest) == rest;
    is_plain.then(|| format!("~/{rest}"))
}

fn holder(kind: Option<StoreKind>, terminal: Terminal) -> Result<Holder, CliError> {
    let wrong =
        |problem: InvalidName| CliError::Variable { name: "--store", problem: problem.to_string() };
    match kind {
        None | Some(StoreKind::File) => Ok(Holder::File),
        Some(StoreKind::Helper(name)) => {
            let patience = Patience::chosen(terminal)?;
            let helper = Helper::new(&name, environment::path()).map_err(wrong)?;
            signals::watch();
            let helper = helper.with_deadline(patience.deadline);
            let helper = helper.cancelled_by(signals::cancels_helpers);
            let helper = if patience.has_person() { helper.at_terminal() } else { helper };
            Ok(Holder::Helper(helper, patience))
        }
        #[cfg(feature = "keyring")]
        Some(StoreKind::Keyring) => Ok(Holder::Keyring(Patience::chosen(terminal)?)),
    }
}

/// The name of an entry in a vault. It is the same on every machine where the folder is the usual
/// one, so that a vault can be shared; another folder has entries of its own.
fn entry(codex_home: &Path, profile: &ProfileName) -> String {
    let name = format!("https://auth.openai.com/login-cli/{}", profile.as_str());
    if environment::default_codex_home().as_deref() == Some(codex_home) {
        return name;
    }
    let digest = Sha256::digest(codex_home.as_os_str().as_encoded_bytes());
    let short: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{name}/{short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_at_home_is_short_where_it_can_be_copied() {
        let shown =
            |path: &str, home: &str| below_home(&Location::File(path.into()), Path::new(home));
        let codex = "/home/ada/.codex/auth.json";
        assert_eq!(shown(codex, "/home/ada").as_deref(), Some("~/.codex/auth.json"));
        assert_eq!(shown(codex, "/home/ada/").as_deref(), Some("~/.codex/auth.json"));
        assert_eq!(shown("/home/ada/my codex/auth.json", "/home/ada"), None);
        assert_eq!(shown(codex, "/home/a"), None);
        assert_eq!(shown(codex, ""), None);
        assert_eq!(
            below_home(&Location::External("/home/ada/x".into()), Path::new("/home/ada")),
            None
        );
    }
}
