//! The [password file](https://www.postgresql.org/docs/current/libpq-pgpass.html) of libpq.

use std::fmt;
use std::path::Path;

use zeroize::Zeroizing;

use super::error::InvalidParameters;
use super::private_file;

/// A password for the database.
///
/// No `Display` and no `Serialize`, because both can leak it into a log.
#[derive(Clone)]
pub(super) struct Password(Zeroizing<String>);

impl Password {
    pub(super) fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([redacted])")
    }
}

/// The password of the first line that fits host, port, database and user. A socket is `localhost`.
pub(super) fn find(path: &Path, wanted: [&str; 4]) -> Result<Option<Password>, InvalidParameters> {
    let text = private_file::read(path)?;
    Ok(text.lines().find_map(|line| match_line(line, wanted)))
}

fn match_line(line: &str, wanted: [&str; 4]) -> Option<Password> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line;
    for value in wanted {
        let (field, others) = next_field(rest);
        if *field != "*" && *field != value {
            return None;
        }
        rest = others?;
    }
    Some(Password(next_field(rest).0)).filter(|password| !password.0.is_empty())
}

/// The text up to the next colon, and what follows it. `\:` and `\\` stand for a colon and a backslash.
fn next_field(line: &str) -> (Zeroizing<String>, Option<&str>) {
    let mut field = Zeroizing::new(String::with_capacity(line.len()));
    let mut characters = line.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            ':' => return (field, line.get(index + 1..)),
            '\\' => field.extend(characters.next().map(|(_, escaped)| escaped)),
            other => field.push(other),
        }
    }
    (field, None)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    use std::fs::OpenOptions;
    use std::io::Write as _;
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};

    #[track_caller]
    fn assert_password(line: &str, expected: Option<&str>) {
        let password = match_line(line, ["db", "5432", "ops", "ci"]);
        assert_eq!(password.as_ref().map(Password::expose), expected, "{line}");
    }

    #[test]
    fn password_is_from_the_matching_line() {
        assert_password("db:5432:ops:ci:secret", Some("secret"));
        assert_password("*:*:*:*:secret", Some("secret"));
        assert_password("*:*:*:ci:with\\:colon\\\\", Some("with:colon\\"));
        assert_password("*:*:*:ci:a:b", Some("a"));
        for line in ["", "db:5432:ops:ci", "db:5432:ops:ci:", "db:5433:ops:ci:a", "#*:*:*:*:a"] {
            assert_password(line, None);
        }
    }

    #[test]
    fn password_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".pgpass");
        let mut options = OpenOptions::new();
        let mut file = options.mode(0o600).create(true).write(true).open(&path).unwrap();
        file.write_all(b"other:*:*:*:1\ndb:*:*:*:2\n*:*:*:*:3\n").unwrap();
        let wanted = ["db", "5432", "ops", "ci"];
        assert_eq!(find(&path, wanted).unwrap().unwrap().expose(), "2");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = find(&path, wanted).unwrap_err();
        assert!(matches!(error, InvalidParameters::Exposed { mode: 0o644, .. }), "{error:?}");
    }

    #[test]
    fn debug_text_hides_the_password() {
        assert_eq!(format!("{:?}", Password::new("secret".to_owned())), "Password([redacted])");
    }
}
