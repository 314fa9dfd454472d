use rustls::pki_types::CertificateDer;
use rustls::version::{TLS12, TLS13};

use super::authority::{
    Authority, CertificateSpec, INTERMEDIATE, KeyPair, RSA_1024, RSA_2048, SERVER,
};
use super::handler::{Handler, certificate};
use super::rows::{Row, assert_refused, row};
use super::s_server::s_server;
use crate::support::World;

/// The fault is known from the certificate, before the client sends encrypted data.
// threats 82
#[test]
fn invalid_certificates_are_refused() {
    let world = World::new();
    let Some(authority) = Authority::new(world.path("authority")) else { return };
    let rows = [trust(&authority), names(&authority), times(&authority), chains(&authority)];
    let more = [purposes(&authority), signatures(&authority), possession(&authority)];
    let rows = rows.into_iter().chain(more).flatten().collect();
    assert_refused(&authority.root.certificate, rows);
}

const MISFIT: &str = "a signature does not fit: its authority only has the name of one that this \
                      machine trusts, or another server pretends to be this one";

const AUTHORITY_AS_SERVER: &str = "its certificate is not acceptable: it is a CA certificate, \
                                   which a server must not use";

/// A certificate chain and the key of its first certificate.
fn chain_row(name: &'static str, chain: &[&KeyPair], words: &'static str) -> Row {
    row(name, Handler::new(chain).handler_fn(), words)
}

/// One certificate signed by the root.
fn leaf(
    authority: &Authority,
    name: &'static str,
    spec: &CertificateSpec,
    words: &'static str,
) -> Row {
    chain_row(name, &[&authority.issue(spec)], words)
}

/// A valid certificate signed by an intermediate CA.
fn below(
    authority: &Authority,
    name: &'static str,
    spec: &CertificateSpec,
    words: &'static str,
) -> Row {
    let between = authority.issue(spec);
    chain_row(name, &[&authority.issue_by(&between, &SERVER), &between], words)
}

fn trust(authority: &Authority) -> Vec<Row> {
    const UNKNOWN: &str =
        "its certificate is signed by an authority that this machine does not trust";
    let own = CertificateSpec { subject: "/CN=A server on its own", ..SERVER };
    let usual = CertificateSpec { extensions: &["basicConstraints=critical,CA:TRUE"], ..own };
    let strange = CertificateSpec { subject: "/CN=An authority on its own", ..INTERMEDIATE };
    let (strange, untrusted_ca) = (authority.self_signed(&strange), authority.untrusted_ca());
    let between = authority.issue(&INTERMEDIATE);
    let signed_by = |issuer| authority.issue_by(issuer, &SERVER);
    vec![
        chain_row("self-signed", &[&authority.self_signed(&own)], UNKNOWN).hint("--ca-file"),
        // The default of `openssl req -x509`.
        chain_row(
            "self-signed, and an authority",
            &[&authority.self_signed(&usual)],
            AUTHORITY_AS_SERVER,
        ),
        chain_row("an unknown authority", &[&signed_by(&strange), &strange], UNKNOWN)
            .hint("--ca-file"),
        chain_row("an authority's name", &[&signed_by(&untrusted_ca), &untrusted_ca], MISFIT)
            .hint("--ca-file"),
        chain_row("a missing intermediate", &[&signed_by(&between)], UNKNOWN).hint("--ca-file"),
    ]
}

fn names(authority: &Authority) -> Vec<Row> {
    let named =
        |name, names, words| leaf(authority, name, &CertificateSpec { names, ..SERVER }, words);
    vec![
        named("another host", "DNS:elsewhere.test", "its certificate is for elsewhere.test"),
        named(
            "other hosts",
            "DNS:a.test,DNS:localhost.test,IP:192.0.2.1,DNS:d.test",
            "its certificate is for a.test, localhost.test, 192.0.2.1, …",
        ),
        named("a wildcard too deep", "DNS:*.localhost", "its certificate is for *.localhost"),
        named("a wildcard for everything", "DNS:*", "its certificate is for *"),
        named("no name", "", "its certificate is not acceptable: it names no server"),
        named("no address", "DNS:localhost", "its certificate is for localhost").at("127.0.0.1"),
        named("an address as a name", "DNS:127.0.0.1", "its certificate is for 127.0.0.1")
            .at("127.0.0.1"),
        named("only an address", "IP:127.0.0.1", "its certificate is for 127.0.0.1"),
    ]
}

fn times(authority: &Authority) -> Vec<Row> {
    const ENDED: &str =
        "its certificate ended on 2001-01-01, and this machine's clock says {today}";
    const TO_COME: &str =
        "its certificate begins on 2999-01-01, and this machine's clock says {today}";
    let past = |spec| CertificateSpec { from: "19990101000000Z", until: "20010101000000Z", ..spec };
    let future =
        |spec| CertificateSpec { from: "29990101000000Z", until: "30990101000000Z", ..spec };
    let rows = [
        leaf(authority, "expired", &past(SERVER), ENDED),
        leaf(authority, "not yet valid", &future(SERVER), TO_COME),
        below(authority, "an expired intermediate", &past(INTERMEDIATE), ENDED),
        below(authority, "a future intermediate", &future(INTERMEDIATE), TO_COME),
    ];
    rows.map(|row| row.hint("clock of this machine")).into()
}

fn chains(authority: &Authority) -> Vec<Row> {
    const NOT_ALLOWED: &str = "its certificate is not acceptable: its CA may not sign it";
    let with = |extensions| CertificateSpec { extensions, ..INTERMEDIATE };
    let elsewhere =
        &["basicConstraints=critical,CA:TRUE", "nameConstraints=permitted;DNS:elsewhere.test"];
    let not_here = &["basicConstraints=critical,CA:TRUE", "nameConstraints=excluded;DNS:localhost"];
    let last = authority.issue(&with(&["basicConstraints=critical,CA:TRUE,pathlen:0"]));
    let next = CertificateSpec { subject: "/CN=An authority below that", ..INTERMEDIATE };
    let next = authority.issue_by(&last, &next);
    vec![
        below(
            authority,
            "no authority",
            &with(&["basicConstraints=critical,CA:FALSE"]),
            "its certificate is not acceptable: it is signed by a certificate that is not a CA certificate",
        ),
        chain_row(
            "a chain that is too long",
            &[&authority.issue_by(&next, &SERVER), &next, &last],
            NOT_ALLOWED,
        ),
        below(authority, "an authority for elsewhere", &with(elsewhere), NOT_ALLOWED),
        below(authority, "an authority, but not for us", &with(not_here), NOT_ALLOWED),
    ]
}

fn purposes(authority: &Authority) -> Vec<Row> {
    let with = |extensions| CertificateSpec { extensions, ..SERVER };
    vec![
        leaf(
            authority,
            "a certificate for clients",
            &with(&["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=clientAuth"]),
            "its certificate is not acceptable: certificate had invalid extensions",
        ),
        leaf(
            authority,
            "an unknown critical extension",
            &with(&["basicConstraints=critical,CA:FALSE", "1.2.3.4=critical,DER:0500"]),
            "its certificate is not acceptable: it has a rule that this program does not know",
        ),
        leaf(
            authority,
            "an authority as a server",
            &with(&["basicConstraints=critical,CA:TRUE"]),
            AUTHORITY_AS_SERVER,
        ),
    ]
}

/// The client rejects a signature by a key that is too small.
fn signatures(authority: &Authority) -> Vec<Row> {
    let small = authority.issue(&CertificateSpec { key: RSA_1024, ..SERVER });
    let options = ["-tls1_2", "-cipher", "DEFAULT@SECLEVEL=0"];
    vec![
        leaf(
            authority,
            "SHA-1",
            &CertificateSpec { digest: "sha1", ..SERVER },
            "its certificate is not acceptable: it is signed in a way that is no longer safe",
        ),
        row("1024 bits", s_server(&small, &options), MISFIT),
        below(
            authority,
            "an authority of 1024 bits",
            &CertificateSpec { key: RSA_1024, ..INTERMEDIATE },
            MISFIT,
        ),
    ]
}

/// The server has a valid certificate without its key, or no certificate.
fn possession(authority: &Authority) -> Vec<Row> {
    const BROKEN: &str = "its certificate is not acceptable: BadEncoding";
    let (server, other) = (authority.issue(&SERVER), authority.issue(&SERVER));
    let rsa = authority.issue(&CertificateSpec { key: RSA_2048, ..SERVER });
    let stolen = |key_pair| Handler::with_key_of(&other, &[key_pair]);
    let garbage = CertificateDer::from(b"not a certificate".to_vec());
    let half = CertificateDer::from(certificate(&server)[..200].to_vec());
    let chain_row = |certificates| Handler::showing(certificates, &server).handler_fn();
    vec![
        row("another key, TLS 1.3", stolen(&server).only(&TLS13).handler_fn(), MISFIT),
        row("another key, TLS 1.2", stolen(&server).only(&TLS12).handler_fn(), MISFIT),
        row("a key of another kind", stolen(&rsa).handler_fn(), MISFIT),
        row("garbage as a certificate", chain_row(vec![garbage]), BROKEN),
        row("half a certificate", chain_row(vec![half]), BROKEN),
        row("no certificate", chain_row(vec![]), "the handshake failed: peer sent no certificates"),
    ]
}
