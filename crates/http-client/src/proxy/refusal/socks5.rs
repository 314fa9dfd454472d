//! The first steps of SOCKS version 5 ([RFC 1928](https://www.rfc-editor.org/rfc/rfc1928)).

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::proxy::ProxyFailure;

const VERSION: u8 = 5;
const NO_AUTHENTICATION: u8 = 0;
const USER_AND_PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xff;

pub(super) async fn refusal(
    stream: &mut TcpStream,
    host: &str,
    port: u16,
    login: Option<(&str, &str)>,
) -> Option<ProxyFailure> {
    let greeting: &[u8] = match login {
        Some(_) => &[VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD],
        None => &[VERSION, 1, NO_AUTHENTICATION],
    };
    let refused = ProxyFailure::AuthenticationRequired { status: None, given: login.is_some() };
    match (said(stream, greeting).await?, login) {
        ([VERSION, NONE_ACCEPTABLE], _) => return Some(refused),
        ([VERSION, NO_AUTHENTICATION], _) => {}
        ([VERSION, USER_AND_PASSWORD], Some((user, password))) => {
            if said(stream, &credentials(user, password)?).await?[1] != 0 {
                return Some(refused);
            }
        }
        _ => return None,
    }
    match said(stream, &request(host, port)?).await? {
        [VERSION, reply] if reply != 0 => Some(ProxyFailure::SocksRefused { reply }),
        _ => None,
    }
}

/// The two bytes that decide what comes next.
async fn said(stream: &mut TcpStream, to: &[u8]) -> Option<[u8; 2]> {
    stream.write_all(to).await.ok()?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.ok()?;
    Some(answer)
}

/// [RFC 1929 §2](https://www.rfc-editor.org/rfc/rfc1929#section-2).
fn credentials(user: &str, password: &str) -> Option<Vec<u8>> {
    let mut message = vec![1];
    for text in [user, password] {
        message.push(u8::try_from(text.len()).ok()?);
        message.extend(text.as_bytes());
    }
    Some(message)
}

/// A connection to a name, which the proxy looks up.
fn request(host: &str, port: u16) -> Option<Vec<u8>> {
    let mut message = vec![VERSION, 1, 0, 3, u8::try_from(host.len()).ok()?];
    message.extend(host.as_bytes());
    message.extend(port.to_be_bytes());
    Some(message)
}
