use serde::Deserialize;

/// How the listeners speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Plain HTTP.
    Off,
    /// TLS, with HTTP/2 and HTTP/1.1 by ALPN, and a certificate for `localhost`, `127.0.0.1`, `::1`,
    /// the host of [`Scenario::issuer`](crate::Scenario::issuer) and [`Scenario::names`](crate::Scenario::names).
    On,
    /// The same without HTTP/2.
    Http11,
    /// TLS, with a certificate that no client may accept.
    Broken(Defect),
}

/// What is wrong with a certificate. Everything else about it is right, so that a client complains
/// of this or of nothing. "The authority" is that of [`Sandbox::ca_pem`](crate::Sandbox::ca_pem).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Defect {
    /// It was valid until the year 2001.
    Expired,
    /// It is valid from the year 2999.
    NotYetValid,
    /// It is for `elsewhere.test`.
    WrongHost,
    /// It is for all names below the right ones, such as `*.localhost`, and not for these.
    WrongWildcard,
    /// It is for the right names, and for no IP address.
    NoAddress,
    /// It has the right name as its common name, and no alternative names, which alone count
    /// ([RFC 9110 §4.3.4](https://www.rfc-editor.org/rfc/rfc9110#section-4.3.4)).
    CommonNameOnly,
    /// It is for clients, not for servers.
    WrongUsage,
    /// It signed itself.
    SelfSigned,
    /// Another authority of the same name signed it.
    UnknownAuthority,
    /// An authority below the authority signed it, whose own certificate is not sent along.
    MissingIntermediate,
    /// An authority below the authority signed it, whose own certificate is sent along, and was
    /// valid until the year 2001.
    ExpiredAuthority,
    /// An authority below the authority signed it, whose own certificate is sent along, and is good
    /// for names under `elsewhere.test` alone
    /// ([RFC 5280 §4.2.1.10](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10)).
    ConstrainedAuthority,
}
