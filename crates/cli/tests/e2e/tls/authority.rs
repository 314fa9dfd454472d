use std::cell::Cell;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::{report_skipped, write};

/// A trusted test CA, made with the `openssl` command, which also creates invalid certificates.
pub(super) struct Authority {
    folder: PathBuf,
    made: Cell<u32>,
    pub(super) root: KeyPair,
}

/// A certificate and its key as PEM files.
#[derive(Clone, Default)]
pub(super) struct KeyPair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// The content of a certificate.
#[derive(Clone, Copy)]
pub(super) struct CertificateSpec {
    pub(super) subject: &'static str,
    /// The subject alternative names (`x509v3_config`); empty for none.
    pub(super) names: &'static str,
    /// The other extensions.
    pub(super) extensions: &'static [&'static str],
    /// The options of `openssl req -newkey`.
    pub(super) key: &'static [&'static str],
    pub(super) digest: &'static str,
    pub(super) from: &'static str,
    pub(super) until: &'static str,
}

pub(super) const P256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub(super) const P384: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];
pub(super) const RSA_2048: &[&str] = &["rsa:2048"];
pub(super) const RSA_1024: &[&str] = &["rsa:1024"];

/// A valid server certificate.
pub(super) const SERVER: CertificateSpec = CertificateSpec {
    subject: "/CN=localhost",
    names: "DNS:localhost",
    extensions: &["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth"],
    key: P256,
    digest: "sha256",
    from: "20200101000000Z",
    until: "20991231000000Z",
};

/// A valid CA certificate, intermediate or self-signed.
pub(super) const INTERMEDIATE: CertificateSpec = CertificateSpec {
    subject: "/CN=An intermediate authority",
    names: "",
    extensions: &["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"],
    ..SERVER
};

const ROOT: CertificateSpec =
    CertificateSpec { subject: "/CN=The authority of this test", ..INTERMEDIATE };

/// Signs any name, repeatedly (openssl-ca(1)).
const CONFIGURATION: &str = "\
[ca]
default_ca = authority
[authority]
database = index
new_certs_dir = .
unique_subject = no
rand_serial = yes
policy = any
[any]
commonName = supplied
[req]
distinguished_name = names
[names]
";

impl CertificateSpec {
    /// One extension per line.
    fn all_extensions(&self) -> String {
        let names = [format!("subjectAltName={}", self.names)];
        let names = names.iter().map(String::as_str).filter(|_| !self.names.is_empty());
        let all: Vec<&str> = self.extensions.iter().copied().chain(names).collect();
        all.join("\n")
    }
}

impl Authority {
    /// A new CA in a new folder; `None`, with a report, if `openssl` is missing.
    pub(super) fn new(folder: PathBuf) -> Option<Self> {
        if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
            report_skipped("servers with bad TLS: there is no openssl command");
            return None;
        }
        std::fs::create_dir(&folder).unwrap();
        write(&folder.join("configuration"), CONFIGURATION);
        write(&folder.join("index"), "");
        let mut authority = Self { folder, made: Cell::new(0), root: KeyPair::default() };
        authority.root = authority.self_signed(&ROOT);
        Some(authority)
    }

    /// An untrusted CA with the same name.
    pub(super) fn untrusted_ca(&self) -> KeyPair {
        self.self_signed(&ROOT)
    }

    pub(super) fn self_signed(&self, spec: &CertificateSpec) -> KeyPair {
        self.make(None, spec)
    }

    /// A certificate signed by the root.
    pub(super) fn issue(&self, spec: &CertificateSpec) -> KeyPair {
        self.issue_by(&self.root, spec)
    }

    pub(super) fn issue_by(&self, issuer: &KeyPair, spec: &CertificateSpec) -> KeyPair {
        self.make(Some(issuer), spec)
    }

    fn make(&self, issuer: Option<&KeyPair>, spec: &CertificateSpec) -> KeyPair {
        let key_pair = self.key(spec);
        self.sign(&key_pair, issuer, spec);
        key_pair
    }

    /// A key and its certificate request.
    fn key(&self, spec: &CertificateSpec) -> KeyPair {
        self.made.set(self.made.get() + 1);
        let file = |kind: &str| self.folder.join(format!("{}.{kind}", self.made.get()));
        let key_pair = KeyPair { certificate: file("pem"), key: file("key") };
        let mut request = self.openssl("req");
        request.args(["-new", "-nodes", "-subj", spec.subject, "-newkey"]).args(spec.key);
        run(request.arg("-keyout").arg(&key_pair.key).arg("-out").arg(&key_pair.certificate));
        key_pair
    }

    fn sign(&self, key_pair: &KeyPair, issuer: Option<&KeyPair>, spec: &CertificateSpec) {
        write(&self.folder.join("extensions"), &spec.all_extensions());
        let mut sign = self.openssl("ca");
        sign.args(["-batch", "-notext", "-extfile", "extensions", "-md", spec.digest]);
        sign.args(["-startdate", spec.from, "-enddate", spec.until]);
        match issuer {
            Some(issuer) => sign.arg("-cert").arg(&issuer.certificate),
            None => sign.arg("-selfsign"),
        };
        sign.arg("-keyfile").arg(&issuer.unwrap_or(key_pair).key);
        run(sign.arg("-in").arg(&key_pair.certificate).arg("-out").arg(&key_pair.certificate));
    }

    fn openssl(&self, command: &str) -> Command {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(&self.folder).args([command, "-config", "configuration"]);
        openssl
    }
}

#[track_caller]
fn run(openssl: &mut Command) {
    let output = openssl.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{openssl:?}: {said}");
}
