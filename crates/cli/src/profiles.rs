//! The profiles, and the store of each.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
#[cfg(feature = "postgres")]
use std::sync::Arc;

use auth_store::{AuthStore, HelperStore, Location};
use credential_helper::{Helper, InvalidName};
use login::stored::OtherStore;
#[cfg(feature = "postgres")]
use postgres_store::{AuthDatabase, AuthRow};
use sha2::{Digest as _, Sha256};
use terminal_ui::Terminal;

use crate::args::{ProfileName, SharedArgs, StoreKind, case_conflict_message, shell_word};
use crate::environment;
use crate::error::CliError;
use crate::signals;
use crate::store_timeout::StoreTimeout;

/// The profiles in one folder, `$CODEX_HOME`, and the selected one.
#[derive(Clone, Debug)]
pub(crate) struct Profiles {
    codex_home: PathBuf,
    store: Store,
    pub(crate) selected: ProfileName,
}

/// What holds the credentials.
#[derive(Clone, Debug)]
enum Store {
    File,
    Helper(Helper, StoreTimeout),
    #[cfg(feature = "keyring")]
    Keyring(StoreTimeout),
    #[cfg(feature = "postgres")]
    Postgres(Arc<AuthDatabase>),
}

/// The folder of the profiles that have a name.
const PROFILES: &str = "profiles";

impl Profiles {
    /// From the options, otherwise the environment, otherwise the defaults.
    pub(crate) fn chosen(args: &SharedArgs) -> Result<Self, CliError> {
        let codex_home = environment::codex_home(args.codex_home.as_deref());
        let kind = args.store.clone().map_or_else(environment::store, |kind| Ok(Some(kind)));
        let profile = args.profile.clone().map_or_else(environment::profile, |name| Ok(Some(name)));
        let (codex_home, kind) = (codex_home?, kind?);
        let profiles = Self {
            store: store(kind, &codex_home, environment::terminal(args.color))?,
            codex_home,
            selected: profile?.unwrap_or_default(),
        };
        let name = if args.profile.is_some() { "--profile" } else { "LOGIN_CLI_PROFILE" };
        match profiles.other_case() {
            Some(other) => Err(CliError::Variable { name, problem: case_conflict_message(&other) }),
            None => Ok(profiles),
        }
    }

    /// A profile whose name differs only in upper and lower case, which Windows and macOS cannot tell
    /// apart; `None` if the selected profile exists too.
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

    /// Whether the selected profile has no folder yet.
    pub(crate) fn is_new(&self) -> bool {
        !self.selected.is_default() && !self.folder_of(&self.selected).exists()
    }

    /// Removes the folder of the selected profile, unless it has a sign-in.
    pub(crate) fn remove_unused(&self) {
        if self.store().remove_unused() {
            // This fails if there are other profiles.
            let _ = fs::remove_dir(self.codex_home.join(PROFILES));
        }
    }

    /// The store of the selected profile.
    pub(crate) fn store(&self) -> AuthStore {
        self.store_of(&self.selected)
    }

    pub(crate) fn store_of(&self, profile: &ProfileName) -> AuthStore {
        let store = AuthStore::new(self.folder_of(profile));
        let entry = || entry(&self.codex_home, profile);
        match &self.store {
            Store::File => store,
            Store::Helper(helper, timeout) => {
                let external = HelperStore::new(helper.clone(), entry());
                store.with_external_store(timeout.with_notice(external, helper.program()))
            }
            #[cfg(feature = "keyring")]
            Store::Keyring(timeout) => {
                let external = auth_store::KeyringStore::new(entry()).with_deadline(timeout.limit);
                let external = if timeout.has_user() { external.allow_prompt() } else { external };
                store.with_external_store(timeout.with_notice(external, "the keyring"))
            }
            #[cfg(feature = "postgres")]
            Store::Postgres(server) => {
                let row = AuthRow::new(server.clone(), profile.as_str());
                store.with_external_store(Arc::new(row))
            }
        }
    }

    /// The same for another profile than that of the command: the database may have no row for it.
    pub(crate) fn store_if_present(&self, profile: &ProfileName) -> AuthStore {
        #[cfg(feature = "postgres")]
        if let Store::Postgres(server) = &self.store {
            let row = AuthRow::that_may_be_missing(server.clone(), profile.as_str());
            return AuthStore::new(self.folder_of(profile)).with_external_store(Arc::new(row));
        }
        self.store_of(profile)
    }

    /// The database of `--store`.
    ///
    /// # Errors
    ///
    /// It names another store.
    #[cfg(feature = "postgres")]
    pub(crate) fn server(&self) -> Result<&Arc<AuthDatabase>, CliError> {
        match &self.store {
            Store::Postgres(server) => Ok(server),
            _ => Err(CliError::Usage(
                "this command needs a database: --store postgres://USER@HOST/DATABASE".to_owned(),
            )),
        }
    }

    /// The `auth.json` of a profile, whatever the store is.
    #[cfg(feature = "postgres")]
    pub(crate) fn file_of(&self, profile: &ProfileName) -> AuthStore {
        AuthStore::new(self.folder_of(profile))
    }

    /// The names of all profiles, in order: the default one and those with a folder, or the rows of a database.
    ///
    /// # Errors
    ///
    /// They cannot be listed.
    pub(crate) fn names(&self) -> Result<Vec<ProfileName>, CliError> {
        #[cfg(feature = "postgres")]
        if let Store::Postgres(server) = &self.store {
            return Ok(crate::postgres::rows(server)?);
        }
        self.names_of_folders().map_err(CliError::Profiles)
    }

    /// The default profile, and those with a folder on this machine.
    pub(crate) fn names_of_folders(&self) -> io::Result<Vec<ProfileName>> {
        let entries = match fs::read_dir(self.codex_home.join(PROFILES)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            entries => Some(entries?),
        };
        let name = |entry: io::Result<fs::DirEntry>| entry.ok()?.file_name().to_str()?.parse().ok();
        let named = entries.into_iter().flatten().filter_map(name);
        let names: BTreeSet<ProfileName> = named.chain([ProfileName::default()]).collect();
        Ok(names.into_iter().collect())
    }

    /// The stores that may have other sign-ins than that of `profile`: those of the other profiles, the
    /// files if a helper or keyring is in use, and the default folders. The contents of other helpers and
    /// keyrings are unknown.
    pub(crate) fn other_stores(
        &self,
        profile: &ProfileName,
    ) -> impl Fn() -> Vec<OtherStore> + Send + Sync + use<> {
        let (profiles, profile) = (self.clone(), profile.clone());
        move || {
            let mut others = profiles.profile_stores(Some(&profile));
            others.extend(profiles.stores_in_other_homes());
            others
        }
    }

    /// The ones outside this folder or helper.
    pub(crate) fn other_homes(&self) -> impl Fn() -> Vec<OtherStore> + Send + Sync + use<> {
        let profiles = self.clone();
        move || profiles.stores_in_other_homes()
    }

    fn stores_in_other_homes(&self) -> Vec<OtherStore> {
        let usual = [environment::default_codex_home(), environment::codex_home(None).ok()];
        let mut homes: Vec<PathBuf> = usual.into_iter().flatten().collect();
        homes.push(self.codex_home.clone());
        homes.sort();
        homes.dedup();
        homes.retain(|home| *home != self.codex_home || !matches!(self.store, Store::File));
        let in_files = |codex_home| {
            let selected = ProfileName::default();
            Self { codex_home, store: Store::File, selected }.profile_stores(None)
        };
        let named =
            |other: OtherStore| OtherStore { name: other.store.location().to_string(), ..other };
        homes.into_iter().flat_map(in_files).map(named).collect()
    }

    /// The stores of the profiles. If the profiles cannot be listed, one unreadable store stands for them.
    fn profile_stores(&self, except: Option<&ProfileName>) -> Vec<OtherStore> {
        let names = self.names();
        let unlisted = names.is_err().then(|| self.unlisted());
        let names = names.unwrap_or_else(|_| vec![ProfileName::default()]);
        let of_profile = |profile: &ProfileName| {
            let name = format!("profile {}", profile.as_str());
            OtherStore { name, store: self.store_if_present(profile) }
        };
        let others = names.iter().filter(|name| Some(*name) != except);
        others.map(of_profile).chain(unlisted).collect()
    }

    /// A store that cannot be read, for the profiles that cannot be listed.
    fn unlisted(&self) -> OtherStore {
        let folder = self.codex_home.join(PROFILES);
        #[cfg(feature = "postgres")]
        if let Store::Postgres(server) = &self.store {
            // No row has this name.
            let row = AuthRow::new(server.clone(), "");
            let store = AuthStore::new(folder).with_external_store(Arc::new(row));
            return OtherStore { name: "a row of the database".to_owned(), store };
        }
        let name = format!("a profile in {}", folder.display());
        OtherStore { name, store: AuthStore::new(folder) }
    }

    fn folder_of(&self, profile: &ProfileName) -> PathBuf {
        match profile.is_default() {
            true => self.codex_home.clone(),
            false => self.codex_home.join(PROFILES).join(profile.as_str()),
        }
    }
}

/// A location as people write it, with `~` for the home folder.
pub(crate) fn display_location(location: &Location) -> String {
    let home = environment::home().filter(|_| cfg!(unix));
    let short = home.and_then(|home| below_home(location, &home));
    short.unwrap_or_else(|| location.to_string())
}

/// Only if a shell needs no quotes for it: in quotes, `~` is a folder of that name.
fn below_home(location: &Location, home: &Path) -> Option<String> {
    let Location::File(path) = location else { return None };
    let rest = path.strip_prefix(home).ok()?.to_str()?;
    let is_plain = !home.as_os_str().is_empty() && shell_word(rest) == rest;
    is_plain.then(|| format!("~/{rest}"))
}

#[cfg_attr(
    not(feature = "postgres"),
    expect(unused_variables, reason = "the cache of a database can be in the folder")
)]
fn store(
    kind: Option<StoreKind>,
    codex_home: &Path,
    terminal: Terminal,
) -> Result<Store, CliError> {
    let wrong =
        |problem: InvalidName| CliError::Variable { name: "--store", problem: problem.to_string() };
    match kind {
        None | Some(StoreKind::File) => Ok(Store::File),
        Some(StoreKind::Helper(name)) => {
            let timeout = StoreTimeout::new(terminal)?;
            let helper = Helper::new(&name, environment::path()).map_err(wrong)?;
            signals::watch();
            let helper = helper.with_deadline(timeout.limit);
            let helper = helper.cancelled_by(signals::cancels_helpers);
            let helper = if timeout.has_user() { helper.allow_prompt() } else { helper };
            Ok(Store::Helper(helper, timeout))
        }
        #[cfg(feature = "keyring")]
        Some(StoreKind::Keyring) => Ok(Store::Keyring(StoreTimeout::new(terminal)?)),
        #[cfg(feature = "postgres")]
        Some(StoreKind::Postgres(url)) => {
            Ok(Store::Postgres(Arc::new(crate::postgres::database(url, codex_home, terminal)?)))
        }
    }
}

/// The name of an entry in a helper or keyring. For the default folder, it is the same on every machine,
/// so that a helper can be shared; each other folder has its own entries.
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
    fn path_below_home_is_short_if_a_shell_takes_it() {
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
