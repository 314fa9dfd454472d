use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _};

use super::request::{Client, Outcome, ProxyRequest};
use super::scenario::{ProxyScenario, head};

/// Reads the request of the client and decides its outcome.
pub(super) async fn receive_request(
    client: &mut Client,
    scenario: &ProxyScenario,
) -> io::Result<(ProxyRequest, Outcome)> {
    let request = request(read_head(client).await?);
    let outcome =
        Outcome::for_conduct(&scenario.conduct).unwrap_or_else(|| normal(scenario, &request));
    Ok((request, outcome))
}

/// Reads to the empty line: the next byte belongs to the tunnel.
async fn read_head(client: &mut Client) -> io::Result<Vec<u8>> {
    const LARGEST: u64 = 64 * 1024;
    let mut head = Vec::new();
    let mut client = client.take(LARGEST);
    while !head.ends_with(b"\r\n\r\n") {
        if client.read_until(b'\n', &mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(head)
}

fn request(head: Vec<u8>) -> ProxyRequest {
    let text = String::from_utf8_lossy(&head);
    let mut lines = text.split("\r\n");
    let target = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let mut headers = lines.filter_map(|line| line.split_once(':'));
    let authorization = headers.find(|(name, _)| name.eq_ignore_ascii_case("proxy-authorization"));
    ProxyRequest {
        target: target.to_owned(),
        authorization: authorization.map(|(_, value)| value.trim().to_owned()),
        head,
    }
}

fn normal(scenario: &ProxyScenario, request: &ProxyRequest) -> Outcome {
    let refusal = |status| Outcome::Refusal(head(status, 0).into_bytes());
    let login = scenario.login.as_ref();
    if login.is_some_and(|login| !login.is_basic(request.authorization.as_deref())) {
        return refusal(407);
    }
    if !request.head.starts_with(b"CONNECT ") {
        return refusal(405);
    }
    match address(&request.target).map(|(host, port)| scenario.resolve(host, port)) {
        None => refusal(400),
        Some(None) => refusal(502),
        Some(Some(to)) => Outcome::Tunnel {
            to,
            open: head(200, 0).into_bytes(),
            unreachable: head(502, 0).into_bytes(),
        },
    }
}

/// An IPv6 address is in brackets.
fn address(target: &str) -> Option<(&str, u16)> {
    let (host, port) = target.rsplit_once(':')?;
    Some((host.trim_matches(['[', ']']), port.parse().ok()?))
}
