use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use auth_store::Location;

use crate::host::Environment;

/// Why Codex CLI does not use the `auth.json` that this program writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodexObstacle {
    /// `config.toml` in the same folder selects another store.
    Config {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
    },
    /// This variable is set. Codex CLI prefers it to the file.
    Variable(&'static str),
}

/// The reasons for credentials in `location`; empty if Codex CLI uses the file. Credentials outside a file are not for
/// Codex CLI, so there are no reasons either.
#[must_use]
pub fn codex_obstacles(location: &Location, variable: &Environment<'_>) -> Vec<CodexObstacle> {
    let Location::File(path) = location else { return Vec::new() };
    let config = path.parent().map(|folder| folder.join("config.toml"));
    let value = config.as_deref().and_then(credentials_store).filter(|kind| is_elsewhere(kind));
    let config = value.map(|value| CodexObstacle::Config { setting: CREDENTIALS_STORE, value });
    let set = VARIABLES.into_iter().filter(|name| variable(name).is_some());
    config.into_iter().chain(set.map(CodexObstacle::Variable)).collect()
}

const VARIABLES: [&str; 3] =
    ["CODEX_ACCESS_TOKEN", "OPENAI_FEDERATION_RULE_ID", "OPENAI_IDENTITY_TOKEN_FILE"];

const CREDENTIALS_STORE: &str = "cli_auth_credentials_store";

/// `auto` means the keyring if it works, or else this file: that is uncertain, so it is not reported.
fn is_elsewhere(kind: &str) -> bool {
    matches!(kind, "keyring" | "ephemeral")
}

fn credentials_store(config: &Path) -> Option<String> {
    /// More than a `config.toml` has before its first table.
    const MAX_BYTES: u64 = 256 * 1024;
    if !fs::metadata(config).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    File::open(config).ok()?.take(MAX_BYTES).read_to_end(&mut bytes).ok()?;
    top_level_string(&String::from_utf8_lossy(&bytes), CREDENTIALS_STORE).map(str::to_owned)
}

/// The value of a top-level key of a [TOML](https://toml.io/en/v1.0.0) document: a string on one line, before the first
/// table. A TOML parser costs 100 KB, and one setting does not need it. Other lines are skipped.
fn top_level_string<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut inside: Option<&str> = None;
    for line in text.trim_start_matches('\u{feff}').lines().map(str::trim) {
        match inside {
            Some(delimiter) if line.contains(delimiter) => inside = None,
            Some(_) => {}
            None if line.starts_with('[') => return None,
            None => {
                if let Some(value) = value_of(line, key) {
                    return value;
                }
                inside = opened(line);
            }
        }
    }
    None
}

/// The value after `key =`, if this line has the key: `Some(None)` unless it is a string without escapes.
fn value_of<'a>(line: &'a str, key: &str) -> Option<Option<&'a str>> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let bare = ['"', '\''].iter().find_map(|quote| name.strip_prefix(*quote)?.strip_suffix(*quote));
    if bare.unwrap_or(name) != key {
        return None;
    }
    let value = value.trim_start();
    let quote = value.chars().next().filter(|first| matches!(first, '"' | '\''));
    Some(quote.and_then(|quote| value.get(1..)?.split_once(quote)).map(|(text, _)| text))
}

/// The delimiter of a multi-line string that begins in this line and does not end in it.
fn opened(line: &str) -> Option<&'static str> {
    let delimiters = ["\"\"\"", "'''"];
    let first = delimiters.into_iter().filter_map(|it| Some((line.find(it)?, it))).min();
    let (_, delimiter) = first.filter(|_| !line.starts_with('#'))?;
    (line.matches(delimiter).count() % 2 == 1).then_some(delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_store(text: &str, store: Option<&str>) {
        assert_eq!(top_level_string(text, CREDENTIALS_STORE), store, "{text}");
    }

    #[test]
    fn top_level_setting_is_read() {
        for text in [
            "cli_auth_credentials_store = \"keyring\"",
            "cli_auth_credentials_store='keyring'",
            "\u{feff}cli_auth_credentials_store\t=\t\"keyring\"\r\n",
            "  \"cli_auth_credentials_store\" = \"keyring\" # of the system",
            "model = \"x\"\n# a comment\n\ncli_auth_credentials_store = \"keyring\"\n[a]\n",
            "a = \"\"\"\ncli_auth_credentials_store = \"file\"\n\"\"\"\n\
             cli_auth_credentials_store = \"keyring\"",
            "a = '''one line'''\ncli_auth_credentials_store = \"keyring\"",
            "# '''\ncli_auth_credentials_store = \"keyring\"",
            "notify = [\n  \"a\",\n]\ncli_auth_credentials_store = \"keyring\"",
        ] {
            assert_store(text, Some("keyring"));
        }
    }

    #[test]
    fn other_lines_are_skipped() {
        for text in [
            "",
            "# cli_auth_credentials_store = \"keyring\"",
            "my_cli_auth_credentials_store = \"keyring\"",
            "[profiles.x]\ncli_auth_credentials_store = \"keyring\"",
            "[[a]]\ncli_auth_credentials_store = \"keyring\"",
            "a = \"\"\"\ncli_auth_credentials_store = \"keyring\"",
            "cli_auth_credentials_store",
            "cli_auth_credentials_store = 7",
            "cli_auth_credentials_store = \"keyring",
            "cli_auth_credentials_store =",
        ] {
            assert_store(text, None);
        }
        assert!(["auto", "file", "", "Keyring"].iter().all(|kind| !is_elsewhere(kind)));
    }
}
