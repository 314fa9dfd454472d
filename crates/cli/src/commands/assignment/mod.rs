use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::args::EnvFormat;

/// One line for each variable. A variable without a value is removed from the environment.
///
/// Names are those of shell variables. Values are visible ASCII, as all keys and tokens are, so a line
/// has no line break.
///
/// # Errors
///
/// A `.env` file cannot have this value.
pub(super) fn assignments<'v>(
    format: EnvFormat,
    variables: impl Iterator<Item = (&'v str, Option<&'v str>)>,
) -> Result<Zeroizing<String>, String> {
    // A text that grows leaves copies of its content in memory.
    let mut lines = Zeroizing::new(String::with_capacity(64 * 1024));
    for (name, value) in variables {
        let separator = if lines.is_empty() { "" } else { "\n" };
        let quoted = value.map(|value| quote(format, name, value)).transpose()?;
        let quoted = quoted.as_ref().map(|it| it.as_str());
        let _ = match (format, quoted) {
            (EnvFormat::Sh, Some(it)) => write!(lines, "{separator}export {name}={it}"),
            (EnvFormat::Sh, None) => write!(lines, "{separator}unset {name}"),
            (EnvFormat::Fish, Some(it)) => write!(lines, "{separator}set -gx {name} {it}"),
            (EnvFormat::Fish, None) => write!(lines, "{separator}set -eg {name}"),
            (EnvFormat::Powershell, Some(it)) => write!(lines, "{separator}$env:{name} = {it}"),
            (EnvFormat::Powershell, None) => write!(lines, "{separator}$env:{name} = $null"),
            (EnvFormat::Dotenv, Some(it)) => write!(lines, "{separator}{name}={it}"),
            (EnvFormat::Dotenv | EnvFormat::Json, _) => Ok(()),
        };
    }
    Ok(lines)
}

/// The value as one word of this language.
fn quote(format: EnvFormat, name: &str, value: &str) -> Result<Zeroizing<String>, String> {
    let escapes: &[(char, &str)] = match format {
        EnvFormat::Dotenv => return dotenv(name, value),
        EnvFormat::Json => &[],
        // POSIX.1-2024, Shell Command Language, 2.2.2 Single-Quotes.
        EnvFormat::Sh => &[('\'', "'\\''")],
        // fish, Quotes: only these two characters are escaped between single quotes.
        EnvFormat::Fish => &[('\'', "\\'"), ('\\', "\\\\")],
        // PowerShell, about_Quoting_Rules.
        EnvFormat::Powershell => &[('\'', "''")],
    };
    // At most four characters for one, and the quotes.
    let mut quoted = Zeroizing::new(String::with_capacity(4 * value.len() + 2));
    quoted.push('\'');
    for c in value.chars() {
        match escapes.iter().find(|(escaped, _)| *escaped == c) {
            Some((_, escape)) => quoted.push_str(escape),
            None => quoted.push(c),
        }
    }
    quoted.push('\'');
    Ok(quoted)
}

/// `.env` files have no standard. Without quotes, every reader agrees on the characters of base64url
/// and of real keys (`docker --env-file` removes no quotes). Single quotes protect most others. What is
/// an escape or a reference for one reader and a character for another is refused.
fn dotenv(name: &str, value: &str) -> Result<Zeroizing<String>, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-~+/=".contains(c);
    if value.chars().all(is_plain) {
        return Ok(Zeroizing::new(value.to_owned()));
    }
    if value.contains(['\'', '\\', '$']) {
        return Err(format!(
            "--format dotenv: the value of {name} has a quote, a backslash or a dollar sign, which programs read \
             differently in a .env file: use --format json"
        ));
    }
    Ok(Zeroizing::new(format!("'{value}'")))
}

#[cfg(test)]
mod tests;
