use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::thread;

use crate::support::{set_up, write};

/// A DNS response (RFC 1035 section 4.1.1).
#[derive(Clone)]
pub(super) enum Reply {
    /// A list of addresses, possibly empty.
    Addresses(Vec<IpAddr>),
    /// An error code.
    Error(u8),
    /// Invalid bytes.
    Garbage,
    Nothing,
}

/// NXDOMAIN.
pub(super) const NAME_ERROR: Reply = Reply::Error(3);
pub(super) const SERVER_FAILURE: Reply = Reply::Error(2);
pub(super) const NOT_IMPLEMENTED: Reply = Reply::Error(4);
pub(super) const REFUSED: Reply = Reply::Error(5);

/// A name server for these names in this namespace. It runs until the test ends. `None`, with a
/// report, if this machine does not allow it.
pub(super) fn serve(options: &str, names: &[(&'static str, Reply)]) -> Option<()> {
    ask_it_alone(options)?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).unwrap();
    let names = names.to_vec();
    thread::spawn(move || {
        let mut bytes = [0; 512];
        loop {
            let (length, from) = socket.recv_from(&mut bytes).unwrap();
            if let Some(answer) = answer(&bytes[..length], &names) {
                socket.send_to(&answer, from).unwrap();
            }
        }
    });
    Some(())
}

/// Mounts configuration files over resolv.conf(5) and nsswitch.conf(5).
fn ask_it_alone(options: &str) -> Option<()> {
    // The mounted files stay after the folder is deleted.
    let folder = tempfile::tempdir().unwrap();
    let over = |file: &str, text: &str| {
        let own = folder.path().join(file);
        write(&own, text);
        set_up("mount", &["--bind", own.to_str().unwrap(), &format!("/etc/{file}")])
    };
    over("resolv.conf", &format!("nameserver 127.0.0.1\n{options}\n"))?;
    over("nsswitch.conf", "hosts: files dns\n")
}

/// The response to a message with one question.
fn answer(message: &[u8], names: &[(&str, Reply)]) -> Option<Vec<u8>> {
    let end = 12 + message[12..].iter().position(|byte| *byte == 0)?;
    let kind = u16::from_be_bytes([message[end + 1], message[end + 2]]);
    let question = &message[12..end + 5];
    let (_, reply) = names.iter().find(|(name, _)| labels(name) == message[12..=end])?;
    let (code, records) = match reply {
        Reply::Nothing => return None,
        Reply::Garbage => return Some(vec![0xff; 9]),
        Reply::Error(code) => (*code, Vec::new()),
        Reply::Addresses(all) => (0, all.iter().filter_map(|it| record(*it, kind)).collect()),
    };
    let count = u8::try_from(records.len()).unwrap();
    // Flags: response, recursion desired, recursion available.
    let head = [&message[..2], &[0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]].concat();
    Some([head, question.to_vec(), records.concat()].concat())
}

/// A name in wire format: the length of each label, then the label.
fn labels(name: &str) -> Vec<u8> {
    let label = |label: &str| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat();
    name.split('.').flat_map(label).chain([0]).collect()
}

/// An address record, if the question asks for this address family.
fn record(address: IpAddr, asked: u16) -> Option<Vec<u8>> {
    let (kind, bytes) = match address {
        IpAddr::V4(address) => (1, address.octets().to_vec()),
        IpAddr::V6(address) => (28, address.octets().to_vec()),
    };
    // A pointer to the name in the question, class IN, TTL 60 seconds.
    let head = [0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, u8::try_from(bytes.len()).unwrap()];
    (asked == u16::from(kind)).then(|| [&head[..], &bytes].concat())
}
