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
    /// Another authority of the same name signed it.
    UnknownAuthority,
}
