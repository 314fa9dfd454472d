use std::collections::BTreeMap;

use super::error::InvalidParameters;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// The parts of a URL by their keyword. Unlike other URLs, it can have several hosts with a port each.
pub(super) fn parse(url: &str) -> Result<BTreeMap<String, String>, InvalidParameters> {
    let rest = SCHEMES.iter().find_map(|scheme| url.strip_prefix(scheme));
    let rest = rest.ok_or(InvalidParameters::NotAnAddress)?;
    // As for libpq, the user ends at the first @ that no slash precedes.
    let (user, rest) = match rest.split_once('@') {
        Some((user, rest)) if !user.contains('/') => (user, rest),
        _ => ("", rest),
    };
    if user.contains(':') {
        return Err(InvalidParameters::PasswordInUrl);
    }
    if rest.contains('@') || user.contains('?') {
        return Err(InvalidParameters::UnescapedAt);
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = rest.split_once('/').unwrap_or((rest, ""));
    let mut found = hosts_and_ports(hosts)?;
    found.push(("user".to_owned(), percent_decode("user", user)?));
    found.push(("dbname".to_owned(), percent_decode("dbname", database)?));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = percent_decode("the address", name)?;
        if name == "password" {
            return Err(InvalidParameters::PasswordInUrl);
        }
        let value = percent_decode(&name, value)?;
        found.push((name, value));
    }
    // An empty part is one that is missing. A later part overrides an earlier one.
    Ok(found.into_iter().filter(|(_, value)| !value.is_empty()).collect())
}

fn hosts_and_ports(hosts: &str) -> Result<Vec<(String, String)>, InvalidParameters> {
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in hosts.split(',') {
        let (name, port) = match host.strip_prefix('[').map(|host| host.split_once(']')) {
            Some(None) => return Err(InvalidParameters::value("host")),
            Some(Some((name, ""))) => (name, ""),
            Some(Some((name, port))) => {
                (name, port.strip_prefix(':').ok_or_else(|| InvalidParameters::value("host"))?)
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        names.push(percent_decode("host", name)?);
        ports.push(percent_decode("port", port)?);
    }
    let has_port = ports.iter().any(|port| !port.is_empty());
    let ports = if has_port { ports.join(",") } else { String::new() };
    Ok(vec![("host".to_owned(), names.join(",")), ("port".to_owned(), ports)])
}

fn percent_decode(name: &str, text: &str) -> Result<String, InvalidParameters> {
    urlencoding::decode(text).map(Into::into).map_err(|_| InvalidParameters::value(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_parts(url: &str, expected: &[(&str, &str)]) {
        let parts = parse(url).unwrap();
        let parts: Vec<_> = parts.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(parts, expected, "{url}");
    }

    /// The examples of
    /// <https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS>.
    #[test]
    fn url_has_the_parts_that_libpq_finds() {
        assert_parts("postgresql://", &[]);
        assert_parts("postgresql://localhost", &[("host", "localhost")]);
        assert_parts("postgresql://localhost:5433", &[("host", "localhost"), ("port", "5433")]);
        assert_parts("postgres://ci@db/ops", &[("dbname", "ops"), ("host", "db"), ("user", "ci")]);
        let parts =
            [("dbname", "a"), ("host", "one,two"), ("port", "123,"), ("sslmode", "disable")];
        assert_parts("postgresql://one:123,two/a?sslmode=disable", &parts);
        assert_parts("postgresql://[2001:db8::1]:5", &[("host", "2001:db8::1"), ("port", "5")]);
        assert_parts("postgresql://%2Fvar%2Frun/a", &[("dbname", "a"), ("host", "/var/run")]);
        assert_parts(
            "postgresql:///a?host=/run&port=7",
            &[("dbname", "a"), ("host", "/run"), ("port", "7")],
        );
        assert_parts("postgres://a%40b@db", &[("host", "db"), ("user", "a@b")]);
    }

    #[test]
    fn password_in_a_url_is_refused() {
        for url in
            ["postgres://ci:secret@db/ops", "postgres://ci:@db", "postgres://db?password=secret"]
        {
            let error = parse(url).unwrap_err();
            assert!(matches!(error, InvalidParameters::PasswordInUrl), "{url}");
            assert!(!format!("{error:?} {error}").contains("secret"));
        }
    }

    #[test]
    fn no_part_of_a_password_is_in_an_error() {
        for url in [
            "postgres://ci:pa?ss@db",
            "postgres://ci:pa/ss@db",
            "postgres://ci:pa@ss@db",
            "postgres://ci:12/pa?ss@db",
            "postgres://ci:12?pa=1&ss@db/ops",
            "postgres://ci:pa#ss@db",
            "postgres://ci?ss=1@db",
            "postgres://ci@db?pa=ss@db",
        ] {
            let error = parse(url).unwrap_err();
            let is_safe =
                matches!(error, InvalidParameters::PasswordInUrl | InvalidParameters::UnescapedAt);
            assert!(is_safe, "{url}: {error:?}");
        }
    }

    #[test]
    fn url_of_another_kind_is_refused() {
        for url in ["", "mysql://db", "host=db", "postgres:db"] {
            assert!(matches!(parse(url).unwrap_err(), InvalidParameters::NotAnAddress), "{url}");
        }
        for url in ["postgres://[::1", "postgres://[::1]5", "postgres://%ff/"] {
            assert!(
                matches!(parse(url).unwrap_err(), InvalidParameters::InvalidValue { .. }),
                "{url}"
            );
        }
    }
}
