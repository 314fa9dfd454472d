//! The parameters of a connection, from a URL and from the variables that `psql` reads.

use std::error::Error;

use postgres_store::Parameters;

fn main() -> Result<(), Box<dyn Error>> {
    // A program passes what it finds in its environment.
    let variable =
        |name: &str| (name == "PGSSLROOTCERT").then(|| "/etc/ssl/database.pem".to_owned());

    let parameters = Parameters::resolve("postgres://ci@db.example/ops", variable)?;

    assert_eq!(parameters.value("user"), Some("ci"));
    assert_eq!(parameters.value("sslrootcert"), Some("/etc/ssl/database.pem"));
    Ok(())
}
