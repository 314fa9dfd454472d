use std::collections::BTreeMap;

use super::error::InvalidParameters;
use super::home::home;
use super::{service_file, url};

/// The connection parameters of libpq, by their
/// [keyword](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

/// Everything that is read. Other keywords of libpq restrict a connection, such as `sslcrl`, or change it.
pub(super) const SUPPORTED: &[&str] = &[
    "application_name",
    "channel_binding",
    "connect_timeout",
    "dbname",
    "host",
    "hostaddr",
    "passfile",
    "port",
    "ssl_min_protocol_version",
    "sslcert",
    "sslkey",
    "sslmode",
    "sslrootcert",
    "target_session_attrs",
    "user",
];

/// The variables that libpq reads, and their keyword.
const VARIABLES: &[(&str, &str)] = &[
    ("PGAPPNAME", "application_name"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGDATABASE", "dbname"),
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPASSFILE", "passfile"),
    ("PGPORT", "port"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGUSER", "user"),
];

/// The variables of libpq that restrict a connection in a way that this crate does not have, and the values that restrict
/// nothing.
const RESTRICTIONS: &[(&str, &[&str])] = &[
    ("PGGSSENCMODE", &["disable", "prefer"]),
    ("PGREQUIREAUTH", &[]),
    ("PGREQUIREPEER", &[]),
    ("PGREQUIRESSL", &["0"]),
    ("PGSSLCERTMODE", &["allow"]),
    ("PGSSLCRL", &[]),
    ("PGSSLCRLDIR", &[]),
    ("PGSSLMAXPROTOCOLVERSION", &["TLSv1.3"]),
];

impl Parameters {
    /// The parameters of a [connection
    /// URI](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS),
    /// `postgres://user@host:port/dbname?sslmode=verify-full`. Each part may be missing: then a service file has it, a
    /// variable, or there is a default, in this order, as for every other program. `variable` looks up a variable.
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`].
    pub fn resolve(
        url: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, InvalidParameters> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let mut parameters = url::parse(url)?;
        let is_known = |name: &&String| SUPPORTED.contains(&name.as_str()) || *name == "service";
        // At once, because a program may repeat an address that it has accepted, and `sslpassword` is a secret.
        if let Some(name) = parameters.keys().find(|name| !is_known(name)) {
            return Err(InvalidParameters::Unsupported { name: name.to_owned() });
        }
        let service = parameters.remove("service").or_else(|| variable("PGSERVICE"));
        if let Some(service) = service {
            add(&mut parameters, service_file::find(&service, &variable)?);
        }
        for (name, harmless) in RESTRICTIONS {
            if variable(name).is_some_and(|value| !harmless.contains(&value.as_str())) {
                return Err(InvalidParameters::Unsupported { name: (*name).to_owned() });
            }
        }
        for (name, keyword) in VARIABLES {
            add(&mut parameters, variable(name).map(|value| ((*keyword).to_owned(), value)));
        }
        let user = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(variable);
        add(&mut parameters, user.map(|user| ("user".to_owned(), user)));
        add(&mut parameters, default_files(&variable));
        Ok(Self(parameters))
    }

    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, keyword: &str) -> Option<&str> {
        self.0.get(keyword).map(String::as_str)
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&str, InvalidParameters> {
        self.value(name).ok_or(InvalidParameters::Missing { name })
    }

    pub(super) fn keywords(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// What is there already stays.
fn add(
    parameters: &mut BTreeMap<String, String>,
    others: impl IntoIterator<Item = (String, String)>,
) {
    for (keyword, value) in others {
        parameters.entry(keyword).or_insert(value);
    }
}

/// The files that libpq uses if they exist.
fn default_files(variable: &impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let Some(home) = home(variable) else { return Vec::new() };
    let (dot, password_file) = if cfg!(windows) {
        ("postgresql", "postgresql/pgpass.conf")
    } else {
        (".postgresql", ".pgpass")
    };
    let files = [
        ("passfile", home.join(password_file)),
        ("sslrootcert", home.join(dot).join("root.crt")),
        ("sslcert", home.join(dot).join("postgresql.crt")),
        ("sslkey", home.join(dot).join("postgresql.key")),
        // Not supported, and then refused.
        ("sslcrl", home.join(dot).join("root.crl")),
    ];
    let existing = files.into_iter().filter(|(_, path)| path.is_file());
    existing.map(|(keyword, path)| (keyword.to_owned(), path.display().to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fs::File;
    use std::io::Write as _;

    #[track_caller]
    fn assert_parameters(url: &str, variables: &[(&str, &str)], expected: &[(&str, &str)]) {
        let variable = |name: &str| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let parameters = Parameters::resolve(url, variable).unwrap();
        let found: Vec<_> = parameters.0.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn url_overrides_a_service_file_which_overrides_a_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("services");
        let text = b"# ours\n[other]\nuser=a\n\n[ops]\nuser=b\ndbname = c\n[last]\nport=1\n";
        File::create(&path).unwrap().write_all(text).unwrap();
        let path = path.to_str().unwrap();
        let variables = [
            ("PGSERVICEFILE", path),
            ("PGUSER", "d"),
            ("PGDATABASE", "e"),
            ("PGPORT", "9"),
            ("USER", "f"),
        ];
        let of = |user, database| [("dbname", database), ("port", "9"), ("user", user)];
        assert_parameters("postgres://?service=ops", &variables, &of("b", "c"));
        assert_parameters("postgres://me@?service=ops", &variables, &of("me", "c"));
        assert_parameters("postgres://", &variables, &of("d", "e"));
        assert_parameters("postgres://", &[("PGUSER", ""), ("USER", "f")], &[("user", "f")]);
        let with_service: Vec<_> = variables.into_iter().chain([("PGSERVICE", "ops")]).collect();
        assert_parameters("postgres://", &with_service, &of("b", "c"));
    }

    #[test]
    fn variable_that_restricts_a_connection_is_not_ignored() {
        for (name, harmless) in RESTRICTIONS {
            let resolve = |value: &str| {
                Parameters::resolve("postgres://ci@db", |it| {
                    (it == *name).then(|| value.to_owned())
                })
            };
            for value in harmless.iter().chain(&[""]) {
                assert!(resolve(value).is_ok(), "{name}={value}");
            }
            let error = resolve("require").unwrap_err().to_string();
            assert_eq!(error, format!("the parameter {name} is not supported"));
        }
    }

    #[test]
    fn files_in_the_home_folder_are_used_if_they_exist() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        assert_parameters("postgres://", &[("HOME", home)], &[]);
        let file = folder.path().join(".pgpass");
        File::create(&file).unwrap();
        assert_parameters(
            "postgres://",
            &[("HOME", home)],
            &[("passfile", file.to_str().unwrap())],
        );
        let other = [("HOME", home), ("PGPASSFILE", "/other")];
        assert_parameters("postgres://", &other, &[("passfile", "/other")]);
    }

    #[test]
    fn service_that_is_missing_or_has_a_password_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("services");
        File::create(&path).unwrap().write_all(b"[ops]\npassword=secret\n").unwrap();
        let resolve = |url: &str| {
            let file = path.display().to_string();
            Parameters::resolve(url, |name| (name == "PGSERVICEFILE").then(|| file.clone()))
        };
        let error = resolve("postgres://?service=ops").unwrap_err();
        assert!(matches!(error, InvalidParameters::PasswordInUrl), "{error:?}");
        let error = resolve("postgres://?service=opt").unwrap_err();
        assert!(matches!(error, InvalidParameters::NoService { .. }), "{error:?}");
    }
}
