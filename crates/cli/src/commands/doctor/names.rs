//! What `localhost` is here: the browser looks it up to come back.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs as _};

use super::check::{Check, Verdict};

const AREA: &str = "names";

pub(super) fn checks() -> Vec<Check> {
    let found = ("localhost", 0).to_socket_addrs();
    vec![judge(found.map(|all| all.map(|address| address.ip()).collect()))]
}

pub(super) fn late() -> Check {
    of_localhost(Verdict::Warning, "looking up localhost takes too long".to_owned()).remedy(REMEDY)
}

const REMEDY: &str = if cfg!(windows) {
    "name 127.0.0.1 and ::1 localhost in C:\\Windows\\System32\\drivers\\etc\\hosts"
} else {
    "name 127.0.0.1 and ::1 localhost, and nothing else, in /etc/hosts"
};

/// On these two the callback is waited for, and on no other.
const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

fn judge(found: io::Result<BTreeSet<IpAddr>>) -> Check {
    let addresses = match found {
        // Most browsers know that name by themselves.
        Err(error) => {
            let found = format!("localhost has no address: {error}");
            return of_localhost(Verdict::Warning, found).remedy(REMEDY);
        }
        Ok(addresses) => addresses,
    };
    let words: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    let words = words.join(" and ");
    let right = addresses.iter().filter(|address| LOOPBACK.contains(address)).count();
    let astray = |verdict| of_localhost(verdict, format!("localhost leads to {words}"));
    match right {
        0 => astray(Verdict::Problem).remedy(REMEDY),
        // A browser that comes to nobody there tries the next one.
        _ if right < addresses.len() => astray(Verdict::Warning).remedy(REMEDY),
        1 => of_localhost(Verdict::Note, format!("localhost is {words} alone, which is enough")),
        _ => of_localhost(Verdict::Good, format!("localhost is {words}")),
    }
}

fn of_localhost(verdict: Verdict, found: String) -> Check {
    Check::new(AREA, "localhost", verdict, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn judged(addresses: &[&str], verdict: Verdict, found: &str) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let check = judge(Ok(addresses));
        assert_eq!((check.verdict, check.found.as_str()), (verdict, found));
        assert_eq!(!check.remedy.is_empty(), verdict >= Verdict::Warning);
    }

    #[test]
    fn localhost_is_where_the_callback_is_waited_for() {
        judged(&["::1", "127.0.0.1", "::1"], Verdict::Good, "localhost is 127.0.0.1 and ::1");
        judged(&["127.0.0.1"], Verdict::Note, "localhost is 127.0.0.1 alone, which is enough");
        let elsewhere = "localhost leads to 10.0.0.7 and 127.0.0.1";
        judged(&["127.0.0.1", "10.0.0.7"], Verdict::Warning, elsewhere);
        judged(&["10.0.0.7"], Verdict::Problem, "localhost leads to 10.0.0.7");
        judged(&["127.0.1.1"], Verdict::Problem, "localhost leads to 127.0.1.1");
    }

    #[test]
    fn a_name_without_an_address_is_no_reason_to_give_up() {
        let check = judge(Err(io::Error::other("no such name")));
        assert_eq!(check.verdict, Verdict::Warning);
        assert_eq!(check.found, "localhost has no address: no such name");
        assert_eq!(check.remedy, [REMEDY.into()]);
    }
}
