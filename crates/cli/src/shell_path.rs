//! A path with something that only a shell replaces.
//!
//! Shells replace `~` and `$HOME`, but not everywhere: `'~/x'` in quotes, a line of an env file, a systemd
//! unit and a Dockerfile keep them. As a path, they name a folder called `~` in the current folder, which
//! may be a repository. The same places keep quotes.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The path, unless it starts with something that only a shell replaces or removes.
///
/// # Errors
///
/// What it starts with, and the probable path, as a sentence. `variable` looks up a variable; `HOME` is
/// always one if there is a home folder.
pub(crate) fn check(
    path: OsString,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, String> {
    let sign = match path.as_encoded_bytes().first() {
        Some(b'~') => '~',
        Some(b'$') => '$',
        Some(&quote @ (b'"' | b'\'')) => return Err(quoted(&path, quote.into())),
        _ => return Ok(path.into()),
    };
    let advice = match meant(Path::new(&path), variable) {
        Some(meant) => format!("did you mean {}?", meant.display()),
        None => "use an absolute path".to_owned(),
    };
    Err(format!("it starts with {sign}, which only a shell expands; {advice}"))
}

fn quoted(path: &OsStr, quote: char) -> String {
    let inside = path.to_str().map(|path| path.trim_matches(quote)).filter(|path| !path.is_empty());
    let advice = inside.map(|path| format!("; did you mean {path}?")).unwrap_or_default();
    format!("it starts with {quote}, which only a shell removes{advice}")
}

/// The path after a shell has replaced the variable.
fn meant(path: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let mut parts = path.components();
    let first = name(parts.next()?.as_os_str())?;
    let value = variable(first).filter(|value| !value.is_empty())?;
    let meant: PathBuf = Path::new(&value).components().chain(parts).collect();
    meant.is_absolute().then_some(meant)
}

/// The variable in the first part of a path.
fn name(part: &OsStr) -> Option<&str> {
    let part = part.to_str()?;
    if part == "~" {
        return Some("HOME");
    }
    let name = part.strip_prefix('$')?;
    let in_braces = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
    Some(in_braces.unwrap_or(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_refused(path: &str, advice: &str) {
        let variable = |name: &str| match name {
            "HOME" => Some("/home/ada".into()),
            "DATA" => Some("/srv/data/".into()),
            "RELATIVE" => Some("data".into()),
            "EMPTY" => Some(OsString::new()),
            _ => None,
        };
        let sign = &path[..1];
        let problem = format!("it starts with {sign}, which only a shell expands; {advice}");
        assert_eq!(check(path.into(), variable), Err(problem), "{path}");
    }

    #[test]
    fn unexpanded_path_is_refused_with_the_probable_path() {
        assert_refused("~", "did you mean /home/ada?");
        assert_refused("~/x", "did you mean /home/ada/x?");
        assert_refused("$HOME/x/y", "did you mean /home/ada/x/y?");
        assert_refused("${DATA}/codex/", "did you mean /srv/data/codex?");
        for unknown in ["~bob/x", "$NOTHING/x", "$EMPTY/x", "$RELATIVE/x", "$HOMEx/y", "${DATA/x"] {
            assert_refused(unknown, "use an absolute path");
        }
    }

    #[test]
    fn quoted_path_is_refused() {
        let problem = |path: &str| check(path.into(), |_| None).unwrap_err();
        assert_eq!(
            problem("\"/srv/x\""),
            "it starts with \", which only a shell removes; did you mean /srv/x?"
        );
        assert_eq!(
            problem("'/srv/x'"),
            "it starts with ', which only a shell removes; did you mean /srv/x?"
        );
        assert_eq!(problem("\""), "it starts with \", which only a shell removes");
    }

    #[test]
    fn any_other_path_is_unchanged() {
        for path in ["/x", "x", "./~/x", "./$x", "a~/x", "/~/$x", "C:\\Users\\ada~1", "%HOME%", ""]
        {
            assert_eq!(check(path.into(), |_| None), Ok(path.into()));
        }
    }
}
