use std::collections::BTreeMap;

use super::{InvalidParameters, url};

/// The connection parameters of libpq, by their
/// [keyword](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(BTreeMap<String, String>);

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
    ("PGSERVICE", "service"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGUSER", "user"),
];

impl Parameters {
    /// Parses a [connection URI](https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS):
    /// `postgres://user@host:port/dbname?sslmode=verify-full`. Each part may be missing.
    ///
    /// # Errors
    ///
    /// [`InvalidParameters`].
    pub fn from_url(url: &str) -> Result<Self, InvalidParameters> {
        url::parse(url).map(Self)
    }

    /// Adds what is not there yet, from the variables that libpq reads. `variable` looks one up.
    #[must_use]
    pub fn or_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> Self {
        for (name, keyword) in VARIABLES {
            if let Some(value) = variable(name).filter(|value| !value.is_empty()) {
                self.0.entry((*keyword).to_owned()).or_insert(value);
            }
        }
        self
    }

    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, keyword: &str) -> Option<&str> {
        self.0.get(keyword).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_overrides_a_variable() {
        let variable = |name: &str| match name {
            "PGUSER" => Some("other".to_owned()),
            "PGDATABASE" => Some("ops".to_owned()),
            "PGHOST" => Some(String::new()),
            _ => None,
        };
        let parameters = Parameters::from_url("postgres://ci@").unwrap().or_variables(variable);
        assert_eq!(parameters.value("user"), Some("ci"));
        assert_eq!(parameters.value("dbname"), Some("ops"));
        assert_eq!(parameters.value("host"), None);
    }
}
