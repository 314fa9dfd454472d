//! The only module that reads the environment and the clock; everything else gets values.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use diagnostics::{Host, Sudo};
use http_client::{CaCertificates, Proxy};
use terminal_ui::{Capabilities, Terminal};
use tracing::Level;

use crate::args::{ProfileName, StoreKind, color_choice, duration};
use crate::error::CliError;
use crate::shell_path;

#[cfg(feature = "postgres")]
mod postgres;
mod system;

#[cfg(feature = "postgres")]
pub(crate) use postgres::{host_name, runtime_folder, store_key_file};
pub(crate) use system::{home, now, path_for_us, variable};

/// A variable as text, if it is Unicode.
pub(crate) fn text(name: &str) -> Option<String> {
    variable(name)?.into_string().ok()
}

/// The folder of `auth.json`: the option, otherwise `CODEX_HOME`, otherwise `~/.codex`.
///
/// # Errors
///
/// There is no home folder, or the variable has something that only a shell replaces.
pub(crate) fn codex_home(option: Option<&Path>) -> Result<PathBuf, CliError> {
    const NAME: &str = "CODEX_HOME";
    let folder = match (option, variable(NAME)) {
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
    // A relative folder is one of the current folder at the start. `DIR/` is `DIR`.
    let folder = std::path::absolute(folder).map_err(|_| CliError::NoHome)?;
    Ok(folder.components().collect())
}

/// The default folder of `auth.json`.
pub(crate) fn default_codex_home() -> Option<PathBuf> {
    std::path::absolute(home()?.join(".codex")).ok()
}

/// The profile that the environment names.
pub(crate) fn profile() -> Result<Option<ProfileName>, CliError> {
    parsed("LOGIN_CLI_PROFILE")
}

/// The credential store that the environment names.
pub(crate) fn store() -> Result<Option<StoreKind>, CliError> {
    parsed("LOGIN_CLI_STORE")
}

/// The time limit of a credential helper or keyring.
pub(crate) fn helper_timeout() -> Result<Option<Duration>, CliError> {
    parsed_by("LOGIN_CLI_HELPER_TIMEOUT", duration)
}

/// The folders of programs.
pub(crate) fn path() -> Vec<PathBuf> {
    variable("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// `PATH` without relative folders, if it has any, such as `.` or an empty entry: a program in a
/// repository is not one that the user has installed.
pub(crate) fn path_without_current_folder() -> Option<OsString> {
    let (absolute, relative): (Vec<_>, Vec<_>) =
        path().into_iter().partition(|folder| folder.is_absolute());
    if relative.is_empty() {
        return None;
    }
    Some(std::env::join_paths(absolute).unwrap_or_default())
}

/// The first program in `BROWSER`, if none of its programs exists.
pub(crate) fn missing_browser() -> Option<String> {
    let browser = text("BROWSER")?;
    diagnostics::missing_browser(&browser, &path()).map(|first| printable::excerpt(first, 200))
}

/// The value of a variable that accepts what an option accepts, if it is set.
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

/// The user behind sudo, unless the folder of the credentials is chosen.
pub(crate) fn sudo(codex_home: Option<&Path>) -> Option<Sudo> {
    let is_chosen = codex_home.is_some() || variable("CODEX_HOME").is_some();
    if is_chosen {
        return None;
    }
    Sudo::detect(&variable, &default_codex_home()?, &home()?)
}

/// The extra CA certificates.
pub(crate) fn extra_ca_certificates() -> Option<CaCertificates> {
    const NAME: &str = "CODEX_CA_CERTIFICATE";
    variable(NAME).map(|path| CaCertificates::file(NAME, path))
}

const CERT_FILE: &str = "SSL_CERT_FILE";
const CERT_DIR: &str = "SSL_CERT_DIR";

/// The CA certificates that replace the system's, in the variables of OpenSSL: a file, and a list of
/// folders.
pub(crate) fn system_ca_certificates() -> Vec<CaCertificates> {
    let file = variable(CERT_FILE).map(|path| CaCertificates::file(CERT_FILE, path));
    let folders = variable(CERT_DIR).map(|list| std::env::split_paths(&list).collect::<Vec<_>>());
    let named = |folders: Vec<PathBuf>| folders.into_iter().filter(|it| !it.as_os_str().is_empty());
    let folders = folders.map(named).into_iter().flatten();
    let folders = folders.map(|path| CaCertificates::folder(CERT_DIR, path));
    let all: Vec<_> = file.into_iter().chain(folders).collect();
    if all.is_empty() { no_file().into_iter().collect() } else { all }
}

/// The file in `SSL_CERT_FILE`, if the variable is set and empty.
///
/// On systems with certificate files, the library that reads them also reads this variable. It does not
/// treat an empty variable as unset, and would trust no certificate.
#[expect(clippy::disallowed_methods, reason = "this is the module that reads the environment")]
fn no_file() -> Option<CaCertificates> {
    let are_files = cfg!(all(unix, not(target_os = "macos")));
    let path = std::env::var_os(CERT_FILE).filter(|path| are_files && path.is_empty())?;
    Some(CaCertificates::file(CERT_FILE, path))
}

/// The proxy for `https`, lower case first, as in curl. `HTTP_PROXY` is not read: only a server on this
/// machine can use `http`.
pub(crate) fn proxy() -> Option<Proxy> {
    const NAMES: [&str; 4] = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
    let (name, url) = NAMES.iter().find_map(|name| Some((*name, variable(name)?)))?;
    let no_proxy = variable("no_proxy").or_else(|| variable("NO_PROXY"));
    let no_proxy = no_proxy.map(|list| list.to_string_lossy().into_owned());
    // Of a text that is not Unicode, an error names the variable, as for any other that is no URL.
    Some(Proxy::new(name, &url.into_string().unwrap_or_default(), no_proxy.as_deref()))
}

/// The log level in `LOGIN_CLI_LOG`.
///
/// # Errors
///
/// The variable has another value, as a sentence.
pub(crate) fn log_level() -> Result<Option<Level>, String> {
    const NAME: &str = "LOGIN_CLI_LOG";
    let Some(value) = variable(NAME) else { return Ok(None) };
    // This program has no finer messages than `debug`.
    match value.to_string_lossy().trim().parse::<Level>() {
        Ok(level) => Ok(Some(level.min(Level::DEBUG))),
        Err(_) => Err(format!("{NAME} is not error, warn, info or debug")),
    }
}

/// The terminal on standard error.
pub(crate) fn terminal(color: clap::ColorChoice) -> Terminal {
    Terminal::new(capabilities(color))
}

/// Its capabilities, from `NO_COLOR`, `CLICOLOR_FORCE`, `TERM`, the locale, and the variables of some
/// terminals.
fn capabilities(color: clap::ColorChoice) -> Capabilities {
    let stderr = AutoStream::new(std::io::stderr(), color_choice(color));
    let terminal = text("TERM");
    let utf8 = speaks_utf8();
    Capabilities {
        colors: stderr.current_choice() != ColorChoice::Never,
        cursor: cfg!(windows) || terminal.as_deref().is_some_and(|kind| kind != "dumb"),
        hyperlinks: supports_hyperlinks::on(supports_hyperlinks::Stream::Stderr),
        utf8,
        // The Linux console has few symbols.
        symbols: utf8 && terminal.as_deref() != Some("linux"),
    }
}

/// Whether the locale is UTF-8, from the first variable that is set (POSIX, Base Definitions, 8.2). The
/// default depends on the system.
fn speaks_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| variable(name));
    let Some(locale) = locale else { return cfg!(any(target_os = "macos", windows)) };
    let locale = locale.to_string_lossy().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

/// Where this program runs.
pub(crate) fn host() -> Host {
    Host::detect(&variable)
}
