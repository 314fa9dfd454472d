use std::cell::Cell;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::{report_skipped, write};

/// A trusted test CA, made with the `openssl` command, which also creates invalid certificates.
pub(super) struct Authority {
    folder: PathBuf,
    made: Cell<u32>,
    pub(super) root: Pair,
}

/// A certificate and its key as PEM files.
#[derive(Clone, Default)]
pub(super) struct Pair {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

/// The content of a certificate.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
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
pub(super) const SERVER: Wanted = Wanted {
    subject: "/CN=localhost",
    names: "DNS:localhost",
    extensions: &["basicConstraints=critical,CA:FALSE", "extendedKeyUsage=serverAuth"],
    key: P256,
    digest: "sha256",
    from: "20200101000000Z",
    until: "20991231000000Z",
};

/// A valid CA certificate, intermediate or self-signed.
pub(super) const INTERMEDIATE: Wanted = Wanted {
    subject: "/CN=An intermediate authority",
    names: "",
    extensions: &["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign"],
    ..SERVER
};

const ROOT: Wanted = Wanted { subject: "/CN=The authority of this test", ..INTERMEDIATE };

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

impl Wanted {
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
        let mut authority = Self { folder, made: Cell::new(0), root: Pair::default() };
        authority.root = authority.self_signed(&ROOT);
        Some(authority)
    }

    /// An untrusted CA with the same name.
    pub(super) fn impostor(&self) -> Pair {
        self.self_signed(&ROOT)
    }

    pub(super) fn self_signed(&self, wanted: &Wanted) -> Pair {
        self.make(None, wanted)
    }

    /// A certificate signed by the root.
    pub(super) fn issues(&self, wanted: &Wanted) -> Pair {
        self.issues_by(&self.root, wanted)
    }

    pub(super) fn issues_by(&self, issuer: &Pair, wanted: &Wanted) -> Pair {
        self.make(Some(issuer), wanted)
    }

    fn make(&self, issuer: Option<&Pair>, wanted: &Wanted) -> Pair {
        let pair = self.key(wanted);
        self.sign(&pair, issuer, wanted);
        pair
    }

    /// A key and its certificate request.
    fn key(&self, wanted: &Wanted) -> Pair {
        self.made.set(self.made.get() + 1);
        let file = |kind: &str| self.folder.join(format!("{}.{kind}", self.made.get()));
        let pair = Pair { certificate: file("pem"), key: file("key") };
        let mut request = self.openssl("req");
        request.args(["-new", "-nodes", "-subj", wanted.subject, "-newkey"]).args(wanted.key);
        run(request.arg("-keyout").arg(&pair.key).arg("-out").arg(&pair.certificate));
        pair
    }

    fn sign(&self, pair: &Pair, issuer: Option<&Pair>, wanted: &Wanted) {
        write(&self.folder.join("extensions"), &wanted.all_extensions());
        let mut sign = self.openssl("ca");
        sign.args(["-batch", "-notext", "-extfile", "extensions", "-md", wanted.digest]);
        sign.args(["-startdate", wanted.from, "-enddate", wanted.until]);
        match issuer {
            Some(issuer) => sign.arg("-cert").arg(&issuer.certificate),
            None => sign.arg("-selfsign"),
        };
        sign.arg("-keyfile").arg(&issuer.unwrap_or(pair).key);
        run(sign.arg("-in").arg(&pair.certificate).arg("-out").arg(&pair.certificate));
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
