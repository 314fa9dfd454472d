use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use clap::builder::{OsStringValueParser, PossibleValuesParser, TypedValueParser};
use credential_helper::Helper;
use oauth_callback_server::RedirectHost;

use crate::environment;

/// A time as people write it: `10s`, `15m`, `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    let time: jiff::SignedDuration =
        text.parse().map_err(|_| "it is written like 10s or 15m".to_owned())?;
    match Duration::try_from(time) {
        Ok(time) if !time.is_zero() && time <= LONGEST => Ok(time),
        _ => Err("it has to be longer than nothing, and at most a day".to_owned()),
    }
}

/// What the redirect URI calls this machine.
pub(super) fn redirect_host() -> impl TypedValueParser<Value = RedirectHost> {
    let hosts = [RedirectHost::Localhost, RedirectHost::Ipv4];
    PossibleValuesParser::new(hosts.map(RedirectHost::as_str)).map(move |chosen| {
        hosts.into_iter().find(|host| host.as_str() == chosen).unwrap_or_default()
    })
}

/// A path that no shell has to read any more.
pub(super) fn path() -> impl TypedValueParser<Value = PathBuf> {
    OsStringValueParser::new().try_map(environment::path_for_us)
}

/// An id that stands in a list with commas.
pub(super) fn workspace(id: &str) -> Result<String, String> {
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_graphic() && c != ',') {
        return Err(
            "it is one id, without spaces and commas; give the option again for another".to_owned()
        );
    }
    Ok(id.to_owned())
}

/// One `scope-token` ([RFC 6749 §3.3](https://www.rfc-editor.org/rfc/rfc6749#section-3.3)).
pub(super) fn scope(text: &str) -> Result<String, String> {
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\') {
        return Err("it is one scope, without spaces; give the option again for another".to_owned());
    }
    Ok(text.to_owned())
}

/// A name that can be seen in a list.
pub(super) fn name(text: &str) -> Result<String, String> {
    const LONGEST: usize = 100;
    if text.is_empty() || printable::excerpt(text, LONGEST) != text {
        return Err(format!("it is one line of 1 to {LONGEST} visible characters"));
    }
    Ok(text.to_owned())
}

/// A name that a shell would take for a variable, and that is not the key's.
pub(super) fn variable(name: &str) -> Result<String, String> {
    if name == "OPENAI_API_KEY" {
        return Err("that variable holds the API key".to_owned());
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.starts_with(|c: char| !c.is_ascii_digit()) && name.chars().all(fits) {
        return Ok(name.to_owned());
    }
    Err("it is a-z, A-Z, 0-9 and _, and begins with no digit".to_owned())
}

/// A text as a shell takes it for one word.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-~+:@%".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// A profile: the name of a folder, and of an entry in a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProfileName(String);

/// The profile that needs no name.
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

impl FromStr for ProfileName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        const LONGEST: usize = 64;
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
        if !(begins_well && name.len() <= LONGEST && name.chars().all(fits)) {
            return Err(format!(
                "it is 1 to {LONGEST} of a-z, A-Z, 0-9, '.', '_' and '-', and begins with none of the last three"
            ));
        }
        // A folder moves between systems, and what one of them cannot tell apart is one sign-in there.
        if name.ends_with('.') {
            return Err("it ends with a dot, which Windows drops".to_owned());
        }
        if is_device(name) {
            return Err("Windows has a device of that name".to_owned());
        }
        if name != DEFAULT && name.eq_ignore_ascii_case(DEFAULT) {
            return Err(differs_in_case(DEFAULT));
        }
        Ok(Self(name.to_owned()))
    }
}

/// Why a name cannot stand beside this one.
pub(crate) fn differs_in_case(from: &str) -> String {
    format!("it differs from the profile {from} only in upper and lower case")
}

/// What no file of Windows may be called, in any case and with any ending
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

/// What holds the credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreKind {
    File,
    /// The program `docker-credential-NAME`.
    Helper(String),
    /// The one of the system.
    #[cfg(feature = "keyring")]
    Keyring,
}

impl fmt::Display for StoreKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("file"),
            Self::Helper(name) => write!(f, "helper:{name}"),
            #[cfg(feature = "keyring")]
            Self::Keyring => f.write_str("keyring"),
        }
    }
}

impl FromStr for StoreKind {
    type Err = String;

    fn from_str(kind: &str) -> Result<Self, String> {
        match kind.split_once(':') {
            None if kind == "file" => Ok(Self::File),
            None if kind == "keyring" => keyring(),
            Some(("helper", name)) => {
                Helper::new(name, []).map_err(|error| error.to_string())?;
                Ok(Self::Helper(name.to_owned()))
            }
            _ => Err(format!("it is {KINDS}helper:NAME for the program docker-credential-NAME")),
        }
    }
}

/// What this build has beside a helper.
#[cfg(feature = "keyring")]
const KINDS: &str = "file, keyring, or ";

/// What this build has beside a helper.
#[cfg(not(feature = "keyring"))]
const KINDS: &str = "file or ";

#[cfg(feature = "keyring")]
fn keyring() -> Result<StoreKind, String> {
    Ok(StoreKind::Keyring)
}

#[cfg(not(feature = "keyring"))]
fn keyring() -> Result<StoreKind, String> {
    Err("this build has no keyring: use helper:secretservice or helper:osxkeychain, or build \
         with --features keyring"
        .to_owned())
}

/// A shell that completes command lines.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(alias = "pwsh")]
    Powershell,
    Elvish,
}
