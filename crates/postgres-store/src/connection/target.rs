use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{ChannelBinding, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::InvalidParameters;
use super::parameters::{Parameters, SUPPORTED};
use super::password::{self, Password};
use super::tls;

/// One of the hosts of the parameters.
pub(crate) struct Target {
    pub(crate) config: Config,
    /// `None` if nothing leaves this machine.
    pub(crate) tls: Option<MakeRustlsConnect>,
}

const DEFAULT_PORT: u16 = 5432;

/// Where Debian, Fedora and others have the socket. Windows has none.
const DEFAULT_HOST: &str = if cfg!(unix) { "/var/run/postgresql" } else { "localhost" };

/// How long connection, TLS and login take at most, for each host.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The hosts, in the order in which they are tried. Without a password that the caller has, the password file has it.
pub(crate) fn targets(
    parameters: &Parameters,
    password: Option<String>,
) -> Result<Vec<Target>, InvalidParameters> {
    if let Some(name) = parameters.keywords().find(|name| !SUPPORTED.contains(name)) {
        return Err(InvalidParameters::Unsupported { name: name.to_owned() });
    }
    let password = password.map(Password::new);
    let common = common(parameters)?;
    let hosts = hosts(parameters)?;
    let modes =
        hosts.iter().map(|host| host.ssl_mode(parameters)).collect::<Result<Vec<_>, _>>()?;
    let tls = modes.contains(&SslMode::Require).then(|| tls::connector(parameters)).transpose()?;
    let targets = hosts.into_iter().map(|host| {
        let mut config = common.clone();
        host.add_to(&mut config, parameters)?;
        if let Some(password) = host.password(parameters, password.clone())? {
            config.password(password.expose());
        }
        let tls = tls.clone().filter(|_| config.get_ssl_mode() == SslMode::Require);
        Ok(Target { config, tls })
    });
    targets.collect()
}

/// The hosts, their ports and the name of the database, in a fixed order.
pub(crate) fn identity(parameters: &Parameters) -> Result<String, InvalidParameters> {
    let name = database_name(parameters)?;
    let line = |Host { name: host, address, port }| {
        let address = address.map(|it: IpAddr| it.to_string()).unwrap_or_default();
        format!("{host} {address} {port} {name}")
    };
    let mut lines: Vec<String> = hosts(parameters)?.into_iter().map(line).collect();
    lines.sort_unstable();
    Ok(lines.join("\n"))
}

fn database_name(parameters: &Parameters) -> Result<&str, InvalidParameters> {
    parameters.value("dbname").map_or_else(|| parameters.required("user"), Ok)
}

fn common(parameters: &Parameters) -> Result<Config, InvalidParameters> {
    let mut config = Config::new();
    config.user(parameters.required("user")?).dbname(database_name(parameters)?);
    config.application_name(parameters.value("application_name").unwrap_or("login-cli"));
    let timeout = match parameters.value("connect_timeout") {
        None => CONNECT_TIMEOUT,
        Some(seconds) => parse("connect_timeout", seconds).map(Duration::from_secs)?,
    };
    config.connect_timeout(if timeout.is_zero() { CONNECT_TIMEOUT } else { timeout });
    config.channel_binding(match parameters.value("channel_binding") {
        None | Some("prefer") => ChannelBinding::Prefer,
        Some("require") => ChannelBinding::Require,
        Some("disable") => ChannelBinding::Disable,
        Some(_) => return Err(InvalidParameters::value("channel_binding")),
    });
    // Every host that can be used can be written to: a standby is not the store.
    config.target_session_attrs(match parameters.value("target_session_attrs") {
        None | Some("any" | "read-write" | "primary") => TargetSessionAttrs::ReadWrite,
        Some(_) => return Err(InvalidParameters::value("target_session_attrs")),
    });
    Ok(config)
}

struct Host {
    name: String,
    address: Option<IpAddr>,
    port: u16,
}

/// The lists of hosts, addresses and ports. One port is for all of them.
fn hosts(parameters: &Parameters) -> Result<Vec<Host>, InvalidParameters> {
    let list = |keyword| parameters.value(keyword).into_iter().flat_map(|list| list.split(','));
    let addresses: Vec<&str> = list("hostaddr").collect();
    let mut names: Vec<&str> = list("host").collect();
    if names.is_empty() {
        names = if addresses.is_empty() { vec![DEFAULT_HOST] } else { addresses.clone() };
    }
    let ports: Vec<&str> = list("port").collect();
    for (keyword, other) in [("hostaddr", &addresses), ("port", &ports)] {
        if !other.is_empty() && other.len() != names.len() && (keyword, other.len()) != ("port", 1)
        {
            return Err(InvalidParameters::value(keyword));
        }
    }
    let hosts = names.iter().enumerate().map(|(index, name)| {
        let address = addresses.get(index).filter(|it| !it.is_empty());
        let port = ports.get(index).or(ports.first()).filter(|it| !it.is_empty());
        Ok(Host {
            name: if name.is_empty() { DEFAULT_HOST } else { name }.to_owned(),
            address: address.map(|it| parse("hostaddr", it)).transpose()?,
            port: port.map_or(Ok(DEFAULT_PORT), |it| parse("port", it))?,
        })
    });
    hosts.collect()
}

impl Host {
    /// With an address, a connection is made to that address, whatever the name is.
    fn is_socket(&self) -> bool {
        self.address.is_none() && self.name.starts_with('/')
    }

    /// Whether nothing leaves this machine. `localhost` is loopback, see RFC 6761 §6.3.
    fn is_local(&self) -> bool {
        let name = || self.name.parse::<IpAddr>().ok();
        self.is_socket()
            || match self.address.or_else(name) {
                Some(address) => address.is_loopback(),
                None => self.name == "localhost",
            }
    }

    /// The address of `localhost`, whatever a resolver says.
    fn loopback(&self) -> Option<IpAddr> {
        (self.name == "localhost").then_some(Ipv4Addr::LOCALHOST.into())
    }

    /// Every mode with TLS verifies the certificate and the name: the weaker ones only encrypt.
    fn ssl_mode(&self, parameters: &Parameters) -> Result<SslMode, InvalidParameters> {
        if self.is_socket() {
            return Ok(SslMode::Disable);
        }
        match parameters.value("sslmode") {
            None | Some("allow" | "prefer") if self.is_local() => Ok(SslMode::Disable),
            Some("disable") if self.is_local() => Ok(SslMode::Disable),
            Some("disable") => Err(InvalidParameters::Plain { host: self.name.clone() }),
            None | Some("allow" | "prefer" | "require" | "verify-ca" | "verify-full") => {
                Ok(SslMode::Require)
            }
            Some(_) => Err(InvalidParameters::value("sslmode")),
        }
    }

    fn add_to(
        &self,
        config: &mut Config,
        parameters: &Parameters,
    ) -> Result<(), InvalidParameters> {
        config.host(&self.name).port(self.port).ssl_mode(self.ssl_mode(parameters)?);
        if let Some(address) = self.address.or(self.loopback()) {
            config.hostaddr(address);
        }
        Ok(())
    }

    fn password(
        &self,
        parameters: &Parameters,
        given: Option<Password>,
    ) -> Result<Option<Password>, InvalidParameters> {
        let Some(path) = parameters.value("passfile").filter(|_| given.is_none()) else {
            return Ok(given);
        };
        let user = parameters.required("user")?;
        let database = parameters.value("dbname").unwrap_or(user);
        // As in libpq, only the usual socket is `localhost` there.
        let is_usual = self.is_socket() && self.name == DEFAULT_HOST;
        let host = if is_usual { "localhost" } else { &self.name };
        match password::find(Path::new(path), [host, &self.port.to_string(), database, user]) {
            // libpq does not need it either.
            Err(InvalidParameters::Io { source, .. })
                if source.kind() == std::io::ErrorKind::NotFound =>
            {
                Ok(None)
            }
            other => other,
        }
    }
}

fn parse<T: std::str::FromStr>(name: &str, value: &str) -> Result<T, InvalidParameters> {
    value.parse().map_err(|_| InvalidParameters::value(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    fn targets_of(url: &str) -> Result<Vec<Target>, InvalidParameters> {
        targets(&Parameters::resolve(url, |_| None)?, None)
    }

    #[track_caller]
    fn assert_mode(url: &str, mode: SslMode) {
        let targets = targets_of(url).unwrap();
        assert!(targets.iter().all(|it| it.config.get_ssl_mode() == mode), "{url}");
    }

    #[test]
    fn every_connection_to_another_machine_is_verified() {
        for mode in
            ["", "?sslmode=allow", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca"]
        {
            assert_mode(&format!("postgres://ci@db.test/{mode}"), SslMode::Require);
        }
        assert_mode("postgres://ci@10.0.0.1,10.0.0.2/", SslMode::Require);
        // The address counts, not the name.
        assert_mode("postgres://ci@localhost/?hostaddr=10.0.0.1", SslMode::Require);
        assert_mode("postgres://ci@%2Frun/?hostaddr=10.0.0.1", SslMode::Require);
        assert_mode("postgres://ci@,/?hostaddr=10.0.0.1,10.0.0.2", SslMode::Require);
        assert_mode("postgres://ci@localhost/?sslmode=verify-full", SslMode::Require);
        for host in ["localhost", "127.0.0.1", "[::1]", "%2Frun", ""] {
            assert_mode(&format!("postgres://ci@{host}/"), SslMode::Disable);
        }
    }

    #[test]
    fn plain_connection_to_another_machine_is_refused() {
        for url in [
            "postgres://ci@db.test/?sslmode=disable",
            "postgres://ci@localhost,db.test/?sslmode=disable",
            "postgres://ci@localhost/?sslmode=disable&hostaddr=10.0.0.1",
            "postgres://ci@%2Frun/?sslmode=disable&hostaddr=10.0.0.1",
        ] {
            let error = targets_of(url).err();
            assert!(matches!(error, Some(InvalidParameters::Plain { .. })), "{url}: {error:?}");
        }
    }

    #[test]
    fn localhost_needs_no_resolver() {
        let addresses = |url: &str| targets_of(url).unwrap()[0].config.get_hostaddrs().to_vec();
        assert_eq!(addresses("postgres://ci@localhost/"), [Ipv4Addr::LOCALHOST]);
        assert_eq!(addresses("postgres://ci@localhost/?hostaddr=::1"), [Ipv6Addr::LOCALHOST]);
        assert!(addresses("postgres://ci@db.test/").is_empty());
    }

    #[test]
    fn each_host_has_its_port() {
        let targets = targets_of("postgres://ci@a:1,b:2/ops").unwrap();
        let ports: Vec<_> = targets.iter().map(|it| it.config.get_ports()).collect();
        assert_eq!(ports, [[1], [2]]);
        let targets = targets_of("postgres://ci@a,b/ops?port=7").unwrap();
        assert!(targets.iter().all(|it| it.config.get_ports() == [7]));
        assert_eq!(targets[0].config.get_dbname(), Some("ops"));
    }

    /// Whatever text the URL has, and whatever it leaves to variables.
    #[test]
    fn identity_is_that_of_the_database() {
        let identity = |url: &str, host: &str| {
            let variable = |name: &str| (name == "PGHOST").then(|| host.to_owned());
            super::identity(&Parameters::resolve(url, variable).unwrap()).unwrap()
        };
        let url = "postgres://ci@/ops";
        let same = identity(url, "localhost");
        assert_eq!(identity("postgres://me@localhost:5432/ops?connect_timeout=5", ""), same);
        assert_ne!(identity(url, "127.0.0.1"), same);
        for other in ["postgres://ci@localhost:7/ops", "postgres://ci@localhost/other"] {
            assert_ne!(identity(other, ""), same, "{other}");
        }
    }

    #[test]
    fn parameters_that_cannot_be_used_are_named() {
        let error = |url: &str| targets_of(url).err().map(|error| error.to_string());
        for (url, message) in [
            ("postgres://db/", "user is missing in the address of the database"),
            ("postgres://ci@db/?sslcrl=a", "the parameter sslcrl is not supported"),
            ("postgres://ci@db:x/", "port has an invalid value"),
            ("postgres://ci@a,b,c/?port=1,2", "port has an invalid value"),
            (
                "postgres://ci@db/?ssl_min_protocol_version=SSLv3",
                "ssl_min_protocol_version has an invalid value",
            ),
            ("postgres://ci@db/?sslmode=off", "sslmode has an invalid value"),
            ("postgres://ci@db/?hostaddr=db", "hostaddr has an invalid value"),
            (
                "postgres://ci@db/?target_session_attrs=standby",
                "target_session_attrs has an invalid value",
            ),
        ] {
            assert_eq!(error(url).as_deref(), Some(message), "{url}");
        }
    }
}
