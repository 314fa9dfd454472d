//! The one place that reads the environment and the clock; everything else is handed values.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use diagnostics::{Host, Sudo};
use http_client::{CaCertificates, Proxy};
use jiff::Timestamp;
use terminal_ui::{Capabilities, Terminal};
use tracing::Level;

use crate::args::{Color, ProfileName, StoreKind, duration};
use crate::error::CliError;
use crate::shell_path;

/// A variable that is set to something. An empty one counts as not set, as shells leave them.
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A variable as text; one that is not Unicode is none of those that this program reads as text.
fn text(name: &str) -> Option<String> {
    variable(name)?.into_string().ok()
}

/// The folder of `auth.json`: as asked for, else `CODEX_HOME`, else `~/.codex`.
///
/// # Errors
///
/// There is not even a home, or the variable was meant for a shell.
pub(crate) fn codex_home(asked_for: Option<&Path>) -> Result<PathBuf, CliError> {
    const NAME: &str = "CODEX_HOME";
    let folder = match (asked_for, variable(NAME)) {
        (Some(folder), _) => folder.to_owned(),
        (None, Some(folder)) => {
            path_for_us(folder).map_err(|problem| CliError::Variable { name: NAME, problem })?
        }
        (None, None) => {
            let home = home().ok_or(CliError::NoHome)?.into_os_string();
            let home = shell_path::check(home, |_| None);
            home.map_err(|problem| CliError::Variable { name: "HOME", problem })?.join(".codex")
        }
    };
    // A relative folder stays what it was when the program started, and `DIR/` is `DIR`.
    let folder = std::path::absolute(folder).map_err(|_| CliError::NoHome)?;
    Ok(folder.components().collect())
}

/// A path as somebody wrote it.
///
/// # Errors
///
/// It was meant for a shell, in words for a person.
pub(crate) fn path_for_us(path: OsString) -> Result<PathBuf, String> {
    shell_path::check(path, |name| match name {
        "HOME" => home().map(Into::into),
        _ => variable(name),
    })
}

/// The folder of `auth.json` where nobody has chosen one.
pub(crate) fn default_codex_home() -> Option<PathBuf> {
    std::path::absolute(home()?.join(".codex")).ok()
}

/// The profile that the environment names.
pub(crate) fn profile() -> Result<Option<ProfileName>, CliError> {
    parsed("LOGIN_CLI_PROFILE")
}

/// What the environment has hold the credentials.
pub(crate) fn store() -> Result<Option<StoreKind>, CliError> {
    parsed("LOGIN_CLI_STORE")
}

/// How long what holds the credentials may take.
pub(crate) fn helper_timeout() -> Result<Option<Duration>, CliError> {
    parsed_by("LOGIN_CLI_HELPER_TIMEOUT", duration)
}

/// Where programs are found.
pub(crate) fn path() -> Vec<PathBuf> {
    variable("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// `PATH` without the current folder, where it has that, as `.` or as an empty entry: what lies in a
/// repository is not what a person has installed.
pub(crate) fn path_without_current_folder() -> Option<OsString> {
    let (absolute, relative): (Vec<_>, Vec<_>) =
        path().into_iter().partition(|folder| folder.is_absolute());
    if relative.is_empty() {
        return None;
    }
    Some(std::env::join_paths(absolute).unwrap_or_default())
}

/// The program that `BROWSER` names first, if none of those that it names exists.
pub(crate) fn missing_browser() -> Option<String> {
    let browser = text("BROWSER")?;
    diagnostics::missing_browser(&browser, &path()).map(|first| printable::excerpt(first, 200))
}

/// The file that this program was started from, if that is still known.
pub(crate) fn this_program() -> std::io::Result<PathBuf> {
    std::env::current_exe()
}

/// A variable that takes what an option takes.
fn parsed<T: FromStr<Err = String>>(name: &'static str) -> Result<Option<T>, CliError> {
    parsed_by(name, str::parse)
}

fn parsed_by<T>(
    name: &'static str,
    parse: fn(&str) -> Result<T, String>,
) -> Result<Option<T>, CliError> {
    let Some(value) = variable(name) else { return Ok(None) };
    let parsed = value.to_str().ok_or_else(|| "it is not UTF-8".to_owned()).and_then(parse);
    parsed.map(Some).map_err(|problem| CliError::Variable { name, problem })
}

/// The person's home folder. On Unix it is what `HOME` says: without it, the user database would
/// still name one, and a service without a home would find credentials in a place that nobody chose.
#[cfg(unix)]
pub(crate) fn home() -> Option<PathBuf> {
    variable("HOME").map(Into::into)
}

/// The person's home folder.
#[cfg(not(unix))]
pub(crate) fn home() -> Option<PathBuf> {
    std::env::home_dir()
}

/// Who has become root through sudo, without choosing where the credentials are kept.
pub(crate) fn sudo(codex_home: Option<&Path>) -> Option<Sudo> {
    let is_chosen = codex_home.is_some() || variable("CODEX_HOME").is_some();
    if is_chosen {
        return None;
    }
    Sudo::detect(&variable, &default_codex_home()?, &home()?)
}

/// The certificate authorities that are trusted beside the system's.
pub(crate) fn extra_ca_certificates() -> Option<CaCertificates> {
    const NAME: &str = "CODEX_CA_CERTIFICATE";
    variable(NAME).map(|path| CaCertificates::file(NAME, path))
}

const CERT_FILE: &str = "SSL_CERT_FILE";
const CERT_DIR: &str = "SSL_CERT_DIR";

/// The certificate authorities that take the place of the system's, in the variables that OpenSSL
/// made common: a file, and a list of folders.
pub(crate) fn system_ca_certificates() -> Vec<CaCertificates> {
    let file = variable(CERT_FILE).map(|path| CaCertificates::file(CERT_FILE, path));
    let folders = variable(CERT_DIR).map(|list| std::env::split_paths(&list).collect::<Vec<_>>());
    let named = |folders: Vec<PathBuf>| folders.into_iter().filter(|it| !it.as_os_str().is_empty());
    let folders = folders.map(named).into_iter().flatten();
    let folders = folders.map(|path| CaCertificates::folder(CERT_DIR, path));
    let all: Vec<_> = file.into_iter().chain(folders).collect();
    if all.is_empty() { no_file().into_iter().collect() } else { all }
}

/// The file that `SSL_CERT_FILE` names where it is set and empty.
///
/// Where the system's authorities are files, the library that reads them asks this variable as well,
/// and to it an empty one is not unset: it would read no file, and trust nobody.
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
fn no_file() -> Option<CaCertificates> {
    let are_files = cfg!(all(unix, not(target_os = "macos")));
    let path = std::env::var_os(CERT_FILE).filter(|path| are_files && path.is_empty())?;
    Some(CaCertificates::file(CERT_FILE, path))
}

/// The proxy for `https`, lower case first, as curl reads it. `HTTP_PROXY` is never read: every
/// server that is not this machine is asked by `https`.
pub(crate) fn proxy() -> Option<Proxy> {
    const NAMES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let (name, url) = NAMES.iter().find_map(|name| Some((*name, variable(name)?)))?;
    let no_proxy = variable("no_proxy").or_else(|| variable("NO_PROXY"));
    let no_proxy = no_proxy.map(|list| list.to_string_lossy().into_owned());
    Some(Proxy::new(name, &url_of(url), no_proxy.as_deref()))
}

/// One that is not Unicode is no URL, wherever in it that is, and neither is an empty text: what has
/// been set is refused by its name, and not passed over.
fn url_of(value: OsString) -> String {
    value.into_string().unwrap_or_default()
}

/// How much to log, where `LOGIN_CLI_LOG` says so.
///
/// # Errors
///
/// That it says something else, in words for a person.
pub(crate) fn log_level() -> Result<Option<Level>, String> {
    const NAME: &str = "LOGIN_CLI_LOG";
    let Some(value) = variable(NAME) else { return Ok(None) };
    let level = level(&value.to_string_lossy());
    level.map(Some).ok_or_else(|| format!("{NAME} is none of error, warn, info and debug"))
}

/// What other programs call `trace` is all that there is, which is `debug` here.
fn level(name: &str) -> Option<Level> {
    let name = name.trim().to_ascii_lowercase();
    Some(match name.as_str() {
        "error" => Level::ERROR,
        "warn" => Level::WARN,
        "info" => Level::INFO,
        "debug" | "trace" => Level::DEBUG,
        _ => return None,
    })
}

/// The person's terminal, on standard error.
pub(crate) fn terminal(color: Color) -> Terminal {
    Terminal::new(capabilities(color))
}

/// What it can do, as far as variables say it: `NO_COLOR`, `CLICOLOR_FORCE`, `TERM`, the locale, and
/// those by which some terminals are known.
fn capabilities(color: Color) -> Capabilities {
    let stderr = AutoStream::new(std::io::stderr(), color.choice());
    let terminal = text("TERM");
    let utf8 = speaks_utf8();
    Capabilities {
        colors: stderr.current_choice() != ColorChoice::Never,
        cursor: cfg!(windows) || terminal.as_deref().is_some_and(|kind| kind != "dumb"),
        hyperlinks: supports_hyperlinks::on(supports_hyperlinks::Stream::Stderr),
        utf8,
        // The console of Linux has few signs.
        symbols: utf8 && terminal.as_deref() != Some("linux"),
    }
}

/// Whether the terminal takes UTF-8, by the first of the variables that count (POSIX, Base
/// Definitions, 8.2). Where none is set, the systems differ.
fn speaks_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name));
    let Some(locale) = locale else { return cfg!(any(target_os = "macos", windows)) };
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Now, for whoever needs it later.
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Where this program runs.
pub(crate) fn host() -> Host {
    Host::detect(&variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_one_of_four_names() {
        assert_eq!(level("warn"), Some(Level::WARN));
        assert_eq!(level(" DEBUG"), Some(Level::DEBUG));
        assert_eq!(level("trace"), Some(Level::DEBUG));
        for other in ["", "verbose", "1", "debug,hyper=trace", "off", "\u{fffd}"] {
            assert_eq!(level(other), None, "{other:?}");
        }
    }
}
