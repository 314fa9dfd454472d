use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use printable::excerpt;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use crate::root_cause::RootCause;

/// What is wrong with a server's TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFailure {
    /// Not signed by a CA that this machine trusts.
    #[error("its certificate is signed by an authority that this machine does not trust")]
    UnknownAuthority,
    /// A signature with the wrong key: a CA with the name of a trusted CA, for example a renewed CA
    /// or an impostor.
    #[error(
        "a signature does not fit: its authority only has the name of one that this machine trusts, \
         or another server pretends to be this one"
    )]
    BadSignature,
    /// Valid for other names only.
    #[error("its certificate is for {}", names.join(", "))]
    WrongName {
        /// The first names, sanitized by [`printable`].
        names: Vec<String>,
    },
    /// Expired, or this machine's clock is ahead.
    #[error("its certificate ended on {}", beside(*not_after, *now))]
    Expired {
        /// The end of its validity.
        not_after: SystemTime,
        /// The time of this machine's clock.
        now: SystemTime,
    },
    /// Not valid yet, or this machine's clock is behind.
    #[error("its certificate begins on {}", beside(*not_before, *now))]
    NotYetValid {
        /// The start of its validity.
        not_before: SystemTime,
        /// The time of this machine's clock.
        now: SystemTime,
    },
    /// Any other problem with the certificate.
    #[error("its certificate is not acceptable")]
    Certificate(#[source] RootCause),
    /// No common version or cipher.
    #[error("no TLS version or cipher in common")]
    Incompatible(#[source] RootCause),
    /// The server does not use TLS on this port.
    #[error("the response is not TLS")]
    NotTls(#[source] RootCause),
    /// The connection was closed during the handshake.
    #[error("the connection ended during the handshake")]
    CutOff(#[source] RootCause),
    /// Any other problem with the handshake.
    #[error("the handshake failed")]
    Protocol(#[source] RootCause),
}

impl TlsFailure {
    /// Classifies an error of the TLS library.
    pub(crate) fn from_error(error: &rustls::Error) -> Self {
        use AlertDescription as Alert;
        let cause = || RootCause::new(error.clone());
        match error {
            rustls::Error::InvalidCertificate(bad) => Self::from_certificate(bad),
            rustls::Error::PeerIncompatible(_)
            | rustls::Error::AlertReceived(
                Alert::ProtocolVersion | Alert::HandshakeFailure | Alert::InsufficientSecurity,
            ) => Self::Incompatible(cause()),
            rustls::Error::InvalidMessage(_) => Self::NotTls(cause()),
            _ => Self::Protocol(cause()),
        }
    }

    fn from_certificate(bad: &CertificateError) -> Self {
        use CertificateError as Bad;
        match bad {
            Bad::UnknownIssuer => Self::UnknownAuthority,
            // The signature algorithm does not match the key.
            Bad::BadSignature | Bad::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                Self::BadSignature
            }
            Bad::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
                Self::WrongName { names: names(presented) }
            }
            Bad::ExpiredContext { time, not_after } => {
                Self::Expired { not_after: moment(*not_after), now: moment(*time) }
            }
            Bad::NotValidYetContext { time, not_before } => {
                Self::NotYetValid { not_before: moment(*not_before), now: moment(*time) }
            }
            _ => Self::Certificate(certificate_error(bad)),
        }
    }
}

/// A readable description of a certificate error.
fn certificate_error(bad: &CertificateError) -> RootCause {
    use CertificateError as Bad;
    let inner = match bad {
        Bad::Other(other) => other.0.downcast_ref(),
        _ => None,
    };
    match (bad, inner) {
        (_, Some(inner)) => chain_error(inner),
        // The verifier of the operating system has its own messages.
        (Bad::Other(other), None) => RootCause::new(other.clone()),
        (Bad::NotValidForNameContext { .. }, _) => RootCause::new("it names no server"),
        (Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. }, _) => {
            RootCause::new(NOT_FOR_SERVERS)
        }
        (Bad::UnsupportedSignatureAlgorithmContext { .. }, _) => {
            RootCause::new("it is signed in a way that is no longer safe")
        }
        _ => RootCause::new(bad.to_string()),
    }
}

const NOT_FOR_SERVERS: &str = "it is not for servers";

fn chain_error(bad: &webpki::Error) -> RootCause {
    use webpki::Error as Bad;
    match bad {
        Bad::CaUsedAsEndEntity => {
            RootCause::new("it is a CA certificate, which a server must not use")
        }
        Bad::EndEntityUsedAsCa => {
            RootCause::new("it is signed by a certificate that is not a CA certificate")
        }
        Bad::NameConstraintViolation | Bad::PathLenConstraintViolated => {
            RootCause::new("its CA may not sign it")
        }
        Bad::RequiredEkuNotFoundContext(_) => RootCause::new(NOT_FOR_SERVERS),
        Bad::UnsupportedCriticalExtension => {
            RootCause::new("it has a rule that this program does not know")
        }
        other => RootCause::new(other.clone()),
    }
}

/// The library writes `DnsName("a.test")` and `IpAddress(127.0.0.1)`.
fn names(presented: &[String]) -> Vec<String> {
    const MOST: usize = 3;
    let bare = |name: &String| {
        let inside = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        excerpt(inside.unwrap_or(name).trim_matches('"'), 60)
    };
    let mut names: Vec<_> = presented.iter().take(MOST).map(bare).collect();
    if presented.len() > MOST {
        names.push("…".to_owned());
    }
    names
}

fn moment(time: UnixTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(time.as_secs())
}

/// `2001-01-01, and this machine's clock says 2026-11-22`, in UTC as in certificates, with the time
/// if the days are equal.
fn beside(limit: SystemTime, now: SystemTime) -> String {
    let (limit, now) = (written(limit), written(now));
    let day = |time: &str| time.get(..DAY).unwrap_or(time).to_owned();
    let (limit, now) = match (day(&limit), day(&now)) {
        (day, today) if day == today => (limit, now),
        days => days,
    };
    format!("{limit}, and this machine's clock says {now}")
}

/// The length of `2026-11-22`.
const DAY: usize = 10;

fn written(time: SystemTime) -> String {
    Timestamp::try_from(time).map_or_else(|_| "a day without a date".into(), |it| it.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_names_are_printable_and_few() {
        let presented = ["DnsName(\"a.test\")", "IpAddress(127.0.0.1)", "odd\u{1b}[2J", "d"];
        let presented = presented.map(str::to_owned);
        assert_eq!(names(&presented), ["a.test", "127.0.0.1", "odd[2J", "…"]);
        assert_eq!(names(&presented[..1]), ["a.test"]);
    }

    // threats 82
    #[test]
    fn certificate_date_error_has_both_dates() {
        let (not_after, now) = (
            SystemTime::UNIX_EPOCH,
            moment(UnixTime::since_unix_epoch(Duration::from_secs(1_795_305_600))),
        );
        let words = TlsFailure::Expired { not_after, now }.to_string();
        let expected =
            "its certificate ended on 1970-01-01, and this machine's clock says 2026-11-22";
        assert_eq!(words, expected);
        let (not_before, now) = (now, now - Duration::from_secs(60));
        let words = TlsFailure::NotYetValid { not_before, now }.to_string();
        let expected =
            "its certificate begins on 2026-11-22, and this machine's clock says 2026-11-21";
        assert_eq!(words, expected);
        let (not_before, now) = (now, now - Duration::from_secs(60));
        let words = TlsFailure::NotYetValid { not_before, now }.to_string();
        let expected = "its certificate begins on 2026-11-21T23:59:00Z, and this machine's clock says \
                        2026-11-21T23:58:00Z";
        assert_eq!(words, expected);
    }
}
