use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::request::{Client, Outcome, ProxyRequest};
use super::scenario::{ProxyConduct, ProxyLogin, ProxyScenario, reply};

/// The methods of [RFC 1928 §3](https://www.rfc-editor.org/rfc/rfc1928#section-3).
const NO_LOGIN: u8 = 0;
const LOGIN: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

/// The replies of [RFC 1928 §6](https://www.rfc-editor.org/rfc/rfc1928#section-6).
const SUCCEEDED: u8 = 0;
const HOST_UNREACHABLE: u8 = 4;
const CONNECTION_REFUSED: u8 = 5;
const COMMAND_NOT_SUPPORTED: u8 = 7;
const ADDRESS_TYPE_NOT_SUPPORTED: u8 = 8;

/// Reads the request of the client and decides its outcome.
pub(super) async fn receive_request(
    client: &mut Client,
    scenario: &ProxyScenario,
) -> io::Result<(ProxyRequest, Outcome)> {
    let mut said = Said { client, head: Vec::new() };
    let mut request = ProxyRequest::default();
    let outcome = negotiate(&mut said, scenario, &mut request).await?;
    Ok((ProxyRequest { head: said.head, ..request }, outcome))
}

async fn negotiate(
    said: &mut Said<'_>,
    scenario: &ProxyScenario,
    request: &mut ProxyRequest,
) -> io::Result<Outcome> {
    let methods = read_greeting(said).await?;
    if let ProxyConduct::Hang | ProxyConduct::Close = scenario.conduct {
        return Ok(Outcome::for_conduct(&scenario.conduct).unwrap_or(Outcome::Close));
    }
    let wanted = if scenario.login.is_some() { LOGIN } else { NO_LOGIN };
    if !methods.contains(&wanted) {
        return Ok(Outcome::Refusal(vec![5, NONE_ACCEPTABLE]));
    }
    said.client.write_all(&[5, wanted]).await?;
    if let Some(login) = &scenario.login {
        let sent = credentials(said).await?;
        request.authorization = Some(sent.clone());
        if !accepted(said, login, &sent).await? {
            return Ok(Outcome::Refusal(Vec::new()));
        }
    }
    connect(said, scenario, request).await
}

/// The methods that the client offers.
async fn read_greeting(said: &mut Said<'_>) -> io::Result<Vec<u8>> {
    let [version, count] = said.exactly().await?;
    if version != 5 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    said.bytes(count.into()).await
}

/// The name, a colon and the password ([RFC 1929 §2](https://www.rfc-editor.org/rfc/rfc1929#section-2)).
async fn credentials(said: &mut Said<'_>) -> io::Result<String> {
    let [_, length] = said.exactly().await?;
    let user = said.bytes(length.into()).await?;
    let [length] = said.exactly().await?;
    let password = said.bytes(length.into()).await?;
    let [user, password] = [user, password].map(|text| String::from_utf8_lossy(&text).into_owned());
    Ok(format!("{user}:{password}"))
}

async fn accepted(said: &mut Said<'_>, login: &ProxyLogin, sent: &str) -> io::Result<bool> {
    let accepted = login.pair() == sent;
    said.client.write_all(&[1, u8::from(!accepted)]).await?;
    Ok(accepted)
}

async fn connect(
    said: &mut Said<'_>,
    scenario: &ProxyScenario,
    request: &mut ProxyRequest,
) -> io::Result<Outcome> {
    let refusal = |code| Ok(Outcome::Refusal(reply(code).to_vec()));
    let [_, command, _, address_type] = said.exactly().await?;
    let Some(host) = host(said, address_type).await? else {
        return refusal(ADDRESS_TYPE_NOT_SUPPORTED);
    };
    let port = u16::from_be_bytes(said.exactly().await?);
    let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    request.target = format!("{shown}:{port}");
    if let Some(outcome) = Outcome::for_conduct(&scenario.conduct) {
        return Ok(outcome);
    }
    if command != 1 {
        return refusal(COMMAND_NOT_SUPPORTED);
    }
    let Some(to) = scenario.resolve(&host, port) else { return refusal(HOST_UNREACHABLE) };
    let [open, unreachable] = [SUCCEEDED, CONNECTION_REFUSED].map(|code| reply(code).to_vec());
    Ok(Outcome::Tunnel { to, open, unreachable })
}

/// `None` for a type that is not one of
/// [RFC 1928 §5](https://www.rfc-editor.org/rfc/rfc1928#section-5).
async fn host(said: &mut Said<'_>, address_type: u8) -> io::Result<Option<String>> {
    Ok(Some(match address_type {
        1 => Ipv4Addr::from(said.exactly().await?).to_string(),
        3 => {
            let [length] = said.exactly().await?;
            String::from_utf8_lossy(&said.bytes(length.into()).await?).into_owned()
        }
        4 => Ipv6Addr::from(said.exactly::<16>().await?).to_string(),
        _ => return Ok(None),
    }))
}

/// Reads from the client, and records all bytes.
struct Said<'a> {
    client: &'a mut Client,
    head: Vec<u8>,
}

impl Said<'_> {
    async fn exactly<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.client.read_exact(&mut bytes).await?;
        self.head.extend_from_slice(&bytes);
        Ok(bytes)
    }

    async fn bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.client.read_exact(&mut bytes).await?;
        self.head.extend_from_slice(&bytes);
        Ok(bytes)
    }
}
