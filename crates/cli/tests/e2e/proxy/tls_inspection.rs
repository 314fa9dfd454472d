//! A network that decrypts TLS with its own CA, like company networks. The inspector is mitmproxy.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Instant;

use sandbox::ProxyScenario;

use super::Behind;
use crate::support::{TEST_TIMEOUT, report_skipped};

/// A running mitmproxy, stopped on drop.
struct Inspector {
    child: Child,
    port: u16,
    folder: PathBuf,
}

impl Inspector {
    /// A mitmproxy that forwards to the proxy that resolves the names; `None` if mitmproxy is not
    /// installed.
    fn before(behind: &Behind) -> Option<Self> {
        let (port, folder) = (unused_port(), behind.world.path("inspector"));
        let option = |name: &str, value: &Path| format!("{name}={}", value.display());
        let child = Command::new("mitmdump")
            .args(["--listen-host", "127.0.0.1", "--listen-port", &port.to_string()])
            .args(["--mode", &format!("upstream:http://{}", behind.proxy.address())])
            .args(["--set", &option("confdir", &folder)])
            .args(["--set", &option("ssl_verify_upstream_trusted_ca", &behind.world.ca_file())])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let inspector = Self { child: child.ok()?, port, folder };
        inspector.wait();
        Some(inspector)
    }

    fn wait(&self) {
        let begun = Instant::now();
        while !self.authority().exists()
            || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err()
        {
            assert!(begun.elapsed() < TEST_TIMEOUT, "mitmproxy does not start");
            thread::yield_now();
        }
    }

    /// The CA of mitmproxy.
    fn authority(&self) -> PathBuf {
        self.folder.join("mitmproxy-ca-cert.pem")
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Inspector {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unused_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

// threats 203 204
#[test]
fn inspection_ca_from_ca_file_is_trusted() {
    let behind = Behind::new(ProxyScenario::http());
    let Some(inspector) = Inspector::before(&behind) else {
        return report_skipped("a network that inspects TLS (no mitmproxy)");
    };
    let authority = inspector.authority();
    for variable in ["CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"] {
        for start in [behind.login(), behind.create_key()] {
            let start = start.env("HTTPS_PROXY", inspector.url()).env(variable, &authority);
            behind.signs_in(start).exits(0);
        }
    }
    let start = behind.login().arg("--ca-file").arg(&authority);
    behind.signs_in(start.env("HTTPS_PROXY", inspector.url())).exits(0);
}

// threats 82 204
#[test]
fn unknown_inspection_ca_is_explained_and_gets_no_secret() {
    let behind = Behind::new(ProxyScenario::http());
    let Some(inspector) = Inspector::before(&behind) else {
        return report_skipped("a network that inspects TLS, to somebody who does not trust it");
    };
    let start = behind.login().env("HTTPS_PROXY", inspector.url()).args(["--timeout", "2s"]);
    // The CA of the server does not help, because the client never sees the server's certificate.
    let finished = start.arg("--ca-file").arg(behind.world.ca_file()).run();
    finished
        .exits(1)
        .says(
            "warning: no secure connection to issuer.test: its certificate is signed by an authority \
             that this machine does not trust; trying again\n\
             hint: if your network inspects TLS, name its CA with --ca-file or CODEX_CA_CERTIFICATE",
        );
    assert!(behind.world.sandbox.requests().is_empty());
}
