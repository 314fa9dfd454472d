use std::cmp::Ordering;
use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;
use credential_helper::Helper;
use oauth_callback_server::RedirectHost;

use crate::environment::path_for_us;

/// A time such as `10s`, `15m` or `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    let time: jiff::SignedDuration =
        text.parse().map_err(|_| "write it like 10s or 15m".to_owned())?;
    let time = Duration::try_from(time).ok().filter(|it| !it.is_zero() && *it <= LONGEST);
    time.ok_or_else(|| "it must be longer than zero and at most one day".to_owned())
}

/// The host of the redirect URI.
pub(super) fn redirect_host() -> impl TypedValueParser<Value = RedirectHost> {
    let hosts = [RedirectHost::Localhost, RedirectHost::Ipv4];
    PossibleValuesParser::new(hosts.map(RedirectHost::as_str)).map(move |chosen| {
        hosts.into_iter().find(|host| host.as_str() == chosen).unwrap_or(RedirectHost::Localhost)
    })
}

/// A path without anything that only a shell replaces.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(path_for_us)
}

/// The text, if it is not empty and each character is allowed.
fn checked(text: &str, is_allowed: fn(char) -> bool, rule: &str) -> Result<String, String> {
    let is_valid = !text.is_empty() && text.chars().all(is_allowed);
    if is_valid { Ok(text.to_owned()) } else { Err(rule.to_owned()) }
}

/// An id that becomes part of a list with commas.
pub(super) fn workspace(id: &str) -> Result<String, String> {
    let rule = "it must be one id, without spaces and commas; repeat the option for another";
    checked(id, |c| c.is_ascii_graphic() && c != ',', rule)
}

/// One `scope-token` ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
pub(super) fn scope(text: &str) -> Result<String, String> {
    let rule = "it must be one scope, without spaces; repeat the option for another";
    checked(text, |c| c.is_ascii_graphic() && c != '"' && c != '\\', rule)
}

/// A name that is visible in a list.
pub(super) fn name(text: &str) -> Result<String, String> {
    const LONGEST: usize = 100;
    if text.is_empty() || printable::excerpt(text, LONGEST) != text {
        return Err(format!("it must be one line of 1 to {LONGEST} visible characters"));
    }
    Ok(text.to_owned())
}

/// The name of a shell variable.
pub(super) fn variable(name: &str) -> Result<String, String> {
    let rule = "it must consist of a-z, A-Z, 0-9 and _, and not start with a digit";
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    checked(name, is_allowed, rule).and_then(|name| match name.as_bytes() {
        [b'0'..=b'9', ..] => Err(rule.to_owned()),
        _ => Ok(name),
    })
}

/// A text as one word for a shell.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-~+:@%".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// The name of a profile, of its folder, and of its entry in a credential helper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProfileName(String);

/// The profile of a command without `--profile`.
const DEFAULT: &str = "default";

impl ProfileName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_default(&self) -> bool {
        self.0 == DEFAULT
    }
}

impl Default for ProfileName {
    fn default() -> Self {
        Self(DEFAULT.to_owned())
    }
}

/// The default profile, then the others by their names.
impl Ord for ProfileName {
    fn cmp(&self, other: &Self) -> Ordering {
        (!self.is_default(), &self.0).cmp(&(!other.is_default(), &other.0))
    }
}

impl PartialOrd for ProfileName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for ProfileName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        const LONGEST: usize = 64;
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !(starts_well && name.len() <= LONGEST && name.chars().all(is_allowed)) {
            return Err(format!(
                "it must consist of 1 to {LONGEST} of a-z, A-Z, 0-9, '.', '_' and '-', and start with a letter or digit"
            ));
        }
        // A folder moves between systems. Two names that one system cannot tell apart share a sign-in there.
        if name.ends_with('.') {
            return Err("it must not end with a dot, which Windows removes".to_owned());
        }
        if is_device(name) {
            return Err("it is the name of a device on Windows".to_owned());
        }
        if name != DEFAULT && name.eq_ignore_ascii_case(DEFAULT) {
            return Err(case_conflict_message(DEFAULT));
        }
        Ok(Self(name.to_owned()))
    }
}

/// Why a name cannot exist beside this one.
pub(crate) fn case_conflict_message(from: &str) -> String {
    format!("it differs from the profile {from} only in upper and lower case")
}

/// The names that no file may have on Windows, in any case and with any extension
/// ([Naming Files](https://learn.microsoft.com/windows/win32/fileio/naming-a-file)).
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let is_numbered = |device| {
        stem.strip_prefix(device)
            .is_some_and(|number: &str| matches!(number.as_bytes(), [b'0'..=b'9']))
    };
    ["aux", "con", "nul", "prn"].contains(&stem.as_str())
        || is_numbered("com")
        || is_numbered("lpt")
}

/// The credential store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    File,
    /// The program `docker-credential-NAME`.
    Helper(String),
    /// The keyring of the system.
    #[cfg(feature = "keyring")]
    Keyring,
    /// The address of a database, without a password.
    #[cfg(feature = "postgres")]
    Postgres(String),
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Helper(name) => write!(f, "helper:{name}"),
            #[cfg(feature = "keyring")]
            Self::Keyring => f.write_str("keyring"),
            #[cfg(feature = "postgres")]
            Self::Postgres(url) => f.write_str(url),
        }
    }
}

impl FromStr for StoreKind {
    type Err = String;

    fn from_str(kind: &str) -> Result<Self, String> {
        if let Some(name) = kind.strip_prefix("helper:") {
            Helper::new(name, []).map_err(|error| error.to_string())?;
            return Ok(Self::Helper(name.to_owned()));
        }
        if is_database(kind) {
            return database(kind);
        }
        match kind {
            "file" => Ok(Self::File),
            #[cfg(feature = "keyring")]
            "keyring" => Ok(Self::Keyring),
            #[cfg(not(feature = "keyring"))]
            "keyring" => Err("this build has no keyring: use helper:secretservice or \
                              helper:osxkeychain, or build with --features keyring"
                .to_owned()),
            _ => Err(format!("it must be {}", store_kinds())),
        }
    }
}

/// The values of `--store`.
pub(super) fn store_kinds() -> String {
    let keyring = if cfg!(feature = "keyring") { ", keyring" } else { "" };
    let postgres = if cfg!(feature = "postgres") { ", postgres://USER@HOST/DATABASE" } else { "" };
    format!("file{keyring}{postgres}, or helper:NAME for docker-credential-NAME")
}

fn is_database(kind: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| kind.starts_with(scheme))
}

#[cfg(feature = "postgres")]
fn database(url: &str) -> Result<StoreKind, String> {
    use postgres_store::{InvalidParameters, Parameters};

    match Parameters::resolve(url, |_| None) {
        // The environment names the file.
        Ok(_) | Err(InvalidParameters::NoService { .. }) => Ok(StoreKind::Postgres(url.to_owned())),
        Err(InvalidParameters::PasswordInUrl) => Err("the address has a password, which other \
             users can see: put it into a file, and name that with PGPASSFILE"
            .to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(not(feature = "postgres"))]
fn database(_: &str) -> Result<StoreKind, String> {
    Err("this build has no PostgreSQL: build with --features postgres".to_owned())
}

/// Parses `--store`. An error does not repeat the address of a database, which may have a password.
#[derive(Clone)]
pub(super) struct StoreKindParser;

impl TypedValueParser for StoreKindParser {
    type Value = StoreKind;

    fn parse_ref(
        &self,
        command: &clap::Command,
        option: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<StoreKind, clap::Error> {
        let parse = str::parse::<StoreKind>;
        if !value.to_string_lossy().contains("://") {
            return parse.parse_ref(command, option, value);
        }
        let kind = value.to_str().ok_or_else(|| "it is not UTF-8".to_owned()).and_then(parse);
        kind.map_err(|problem| {
            let message = format!("invalid value for --store: {problem}");
            command.clone().error(ErrorKind::ValueValidation, message)
        })
    }
}

/// A shell with completions.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(alias = "pwsh")]
    Powershell,
    Elvish,
}
