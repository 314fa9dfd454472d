use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::thread;

use crate::support::{set_up, write};

/// What is said of a name (RFC 1035 section 4.1.1 has the numbers).
#[derive(Clone)]
pub(super) enum Reply {
    /// It has these addresses, or none.
    Addresses(Vec<IpAddr>),
    /// An error of this number.
    Error(u8),
    /// Bytes that are no message.
    Garbage,
    Nothing,
}

/// There is no such name.
pub(super) const NAME_ERROR: Reply = Reply::Error(3);
pub(super) const SERVER_FAILURE: Reply = Reply::Error(2);
pub(super) const NOT_IMPLEMENTED: Reply = Reply::Error(4);
pub(super) const REFUSED: Reply = Reply::Error(5);

/// The name server of this namespace, which knows these names. It has no end but that of the test.
/// None where this machine cannot be told to ask it, which is said.
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

/// Mounts what the resolver of the system reads (resolv.conf(5), nsswitch.conf(5)) over its files.
fn ask_it_alone(options: &str) -> Option<()> {
    // What is mounted stays when the folder goes.
    let folder = tempfile::tempdir().unwrap();
    let over = |file: &str, text: &str| {
        let own = folder.path().join(file);
        write(&own, text);
        set_up("mount", &["--bind", own.to_str().unwrap(), &format!("/etc/{file}")])
    };
    over("resolv.conf", &format!("nameserver 127.0.0.1\n{options}\n"))?;
    over("nsswitch.conf", "hosts: files dns\n")
}

/// The answer to a message with one question.
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
    // A response to what was asked with recursion, and available.
    let head = [&message[..2], &[0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]].concat();
    Some([head, question.to_vec(), records.concat()].concat())
}

/// A name as it stands in a message: the length of each label, and the label.
fn labels(name: &str) -> Vec<u8> {
    let label = |label: &str| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat();
    name.split('.').flat_map(label).chain([0]).collect()
}

/// An address as the record that was asked for, if it is of that kind.
fn record(address: IpAddr, asked: u16) -> Option<Vec<u8>> {
    let (kind, bytes) = match address {
        IpAddr::V4(address) => (1, address.octets().to_vec()),
        IpAddr::V6(address) => (28, address.octets().to_vec()),
    };
    // The name is that of the question; Internet; 60 seconds.
    let head = [0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 60, 0, u8::try_from(bytes.len()).unwrap()];
    (asked == u16::from(kind)).then(|| [&head[..], &bytes].concat())
}
