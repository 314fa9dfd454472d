/// The protocol of the listeners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP.
    Off,
    /// TLS, with HTTP/2 and HTTP/1.1 by ALPN, and a certificate for `localhost`, `127.0.0.1`, `::1`,
    /// the host of [`Scenario::issuer`](crate::Scenario::issuer) and [`Scenario::names`](crate::Scenario::names).
    On,
    /// The same without HTTP/2.
    Http11,
    /// TLS, with a certificate that clients must reject.
    Broken(Defect),
}

/// The defect of a certificate. The rest is valid, so that a client can only report this defect.
/// The CA is that of [`Sandbox::ca_pem`](crate::Sandbox::ca_pem).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Defect {
    /// Expired in 2001.
    Expired,
    /// Valid from 2999.
    NotYetValid,
    /// Valid for `elsewhere.test` only.
    WrongHost,
    /// Signed by another CA with the same name.
    UnknownAuthority,
}
