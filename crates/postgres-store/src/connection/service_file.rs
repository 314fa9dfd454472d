//! The [service file](https://www.postgresql.org/docs/current/libpq-pgservice.html) of libpq.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::error::InvalidParameters;
use super::home::home;

/// The parameters of a service, from the file of the user or that of the system.
pub(super) fn find(
    service: &str,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, InvalidParameters> {
    let name = if cfg!(windows) { "postgresql/.pg_service.conf" } else { ".pg_service.conf" };
    let of_user = variable("PGSERVICEFILE").map(Into::into);
    let of_user = of_user.or_else(|| home(variable).map(|home| home.join(name)));
    let of_system =
        variable("PGSYSCONFDIR").map(|folder| Path::new(&folder).join("pg_service.conf"));
    for path in of_user.into_iter().chain(of_system) {
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            other => other.map_err(|source| InvalidParameters::Io { path, source })?,
        };
        if let Some(parameters) = parse(service, &text)? {
            return Ok(parameters);
        }
    }
    Err(InvalidParameters::NoService { name: service.to_owned() })
}

/// The parameters of a service; `None` if the text does not have it.
fn parse(service: &str, text: &str) -> Result<Option<Vec<(String, String)>>, InvalidParameters> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let header = format!("[{service}]");
    let mut lines = lines.skip_while(|line| *line != header);
    if lines.next().is_none() {
        return Ok(None);
    }
    let mut parameters = Vec::new();
    for line in lines.take_while(|line| !line.starts_with('[')) {
        let (name, value) =
            line.split_once('=').ok_or_else(|| InvalidParameters::value(service))?;
        if name.trim() == "password" {
            return Err(InvalidParameters::PasswordInUrl);
        }
        parameters.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    Ok(Some(parameters))
}
