//! The trusted CA certificates: the system's, and those that the user adds.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use http_client::{
    BaseUrl, CaCertificates, Error, HttpClient, InvalidCaCertificates, Options, SetupError,
    TlsFailure,
};
use sandbox::{Defect, Endpoint, Fault, Sandbox, Scenario, Then, Tls};
use tempfile::TempDir;

fn base(sandbox: &Sandbox) -> BaseUrl {
    sandbox.api_url().parse().unwrap()
}

async fn ask(sandbox: &Sandbox, options: Options) -> Result<u16, Error> {
    let url = base(sandbox).join("/v1/organizations");
    Ok(HttpClient::new(options).get(url).send().await?.status())
}

fn options() -> Options {
    Options::new("a-test/1.0")
}

async fn speaking(tls: Tls) -> Sandbox {
    Sandbox::start(Scenario { tls, ..Scenario::default() }).await.unwrap()
}

/// A folder with a file in it.
fn file(name: &str, content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    #[expect(clippy::disallowed_methods, reason = "a certificate is no secret")]
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

fn with_ca_file(path: &Path) -> Options {
    Options { extra_ca_certificates: Some(CaCertificates::file("--a-flag", path)), ..options() }
}

fn with_ca(pem: &str) -> (TempDir, Options) {
    let (folder, path) = file("ca.pem", pem.as_bytes());
    (folder, with_ca_file(&path))
}

/// The request has no credentials. The test only needs a response.
const UNAUTHORIZED: u16 = 401;

#[tokio::test]
async fn ca_file_is_trusted() {
    let sandbox = speaking(Tls::On).await;
    let (_folder, options) = with_ca(sandbox.ca_pem().unwrap());
    let http = HttpClient::new(options);
    http.preconnect(&base(&sandbox)).await.unwrap();
    let response = http.get(base(&sandbox).join("/v1/organizations")).send().await.unwrap();
    assert_eq!(response.status(), UNAUTHORIZED);
    assert_eq!(sandbox.connections(), 1, "the warm connection is the one that is used");
}

// threats 204
#[tokio::test]
async fn ca_file_or_folder_replaces_system_cas() {
    let sandbox = speaking(Tls::On).await;
    let other = speaking(Tls::On).await;
    let pem = sandbox.ca_pem().unwrap().as_bytes();
    let (_file, path) = file("bundle.pem", pem);
    let (folder, _) = file("0a1b2c3d.0", pem);
    // A stale variable may name a folder with large files. They are not read.
    std::fs::File::create(folder.path().join("disk.img")).unwrap().set_len(1 << 34).unwrap();
    for place in [CaCertificates::file("A", path), CaCertificates::folder("B", folder.path())] {
        let options = Options { system_ca_certificates: vec![place], ..options() };
        assert_eq!(ask(&sandbox, options.clone()).await.unwrap(), UNAUTHORIZED);
        assert!(matches!(ask(&other, options).await, Err(Error::Tls { .. })));
    }
}

// threats 204
#[tokio::test]
async fn extra_ca_file_is_trusted_in_addition_to_the_system_bundle() {
    let (system, added) = (speaking(Tls::On).await, speaking(Tls::On).await);
    let (_bundle, bundle) = file("bundle.pem", system.ca_pem().unwrap().as_bytes());
    let (_ca, ca) = file("ca.pem", added.ca_pem().unwrap().as_bytes());
    let system_ca_certificates = vec![CaCertificates::file("SYSTEM", bundle)];
    let options = Options { system_ca_certificates, ..with_ca_file(&ca) };
    assert_eq!(ask(&system, options.clone()).await.unwrap(), UNAUTHORIZED);
    assert_eq!(ask(&added, options).await.unwrap(), UNAUTHORIZED);
}

// threats 82
#[tokio::test]
async fn bad_certificate_is_described_and_no_request_is_sent() {
    for (defect, expected) in [
        (Defect::Expired, "its certificate ended on 2001-01-01, and this machine's clock says 20"),
        (Defect::NotYetValid, "its certificate begins on 2999-01-01, and this machine's clock "),
        (Defect::WrongHost, "its certificate is for elsewhere.test"),
        (
            Defect::UnknownAuthority,
            "a signature does not fit: its authority only has the name of one",
        ),
    ] {
        let sandbox = speaking(Tls::Broken(defect)).await;
        let (_folder, options) = with_ca(sandbox.ca_pem().unwrap());
        match ask(&sandbox, options).await.unwrap_err() {
            Error::Tls { source, .. } => {
                assert!(source.to_string().starts_with(expected), "{source}");
            }
            other => panic!("{defect:?}: {other:?}"),
        }
        assert_eq!(sandbox.requests().len(), 0);
    }
}

// threats 77
#[tokio::test]
async fn tls_failure_after_the_request_is_cut_off_and_may_have_been_sent() {
    for tls in [Tls::On, Tls::Http11] {
        let faults = vec![Fault::new(Endpoint::Organizations, Then::Garble)];
        let scenario = Scenario { tls, faults, ..Scenario::default() };
        let sandbox = Sandbox::start(scenario).await.unwrap();
        let (_folder, options) = with_ca(sandbox.ca_pem().unwrap());
        let error = ask(&sandbox, options).await.unwrap_err();
        let Error::CutOff { source, .. } = &error else { panic!("{error:?}") };
        assert!(source.to_string().contains("corrupt message"), "{source:?}");
        assert!(!error.provably_not_sent());
        assert_eq!(sandbox.requests().len(), 1);
    }
}

// threats 83
#[tokio::test]
async fn plain_http_server_on_https_is_a_tls_error() {
    let sandbox = Sandbox::start(Scenario::default()).await.unwrap();
    let base: BaseUrl = sandbox.api_url().replace("http:", "https:").parse().unwrap();
    let error = HttpClient::new(options()).get(base.join("/")).send().await.unwrap_err();
    assert!(matches!(&error, Error::Tls { source: TlsFailure::NotTls(_), .. }), "{error:?}");
    assert_eq!(sandbox.requests().len(), 0);
}

/// Asserts that an option is invalid before a request.
#[track_caller]
/// Runs this test again as a process that finds no CA certificates.
#[cfg(target_os = "linux")]
#[test]
fn system_without_ca_certificates_sends_plain_http_only() {
    const NAME: &str = "system_without_ca_certificates_sends_plain_http_only";
    const NOWHERE: &str = "/nonexistent";
    #[expect(clippy::disallowed_methods, reason = "the second process is told apart by it")]
    if std::env::var_os("SSL_CERT_FILE").is_some_and(|file| file == NOWHERE) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(without_ca_certificates());
    }
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", NAME]).env("SSL_CERT_FILE", NOWHERE).env("SSL_CERT_DIR", NOWHERE);
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[cfg(target_os = "linux")]
async fn without_ca_certificates() {
    let (plain, tls) = (speaking(Tls::Off).await, speaking(Tls::On).await);
    let http = HttpClient::new(options());
    for _ in 0..2 {
        let response = http.get(base(&plain).join("/v1/organizations")).send().await.unwrap();
        assert_eq!(response.status(), UNAUTHORIZED);
        let error = http.get(base(&tls).join("/v1/organizations")).send().await.unwrap_err();
        let Error::Setup { source, .. } = error else { panic!("{error:?}") };
        assert!(matches!(*source, SetupError::NoCaCertificates), "{source:?}");
    }
    assert!(tls.requests().is_empty());
}

fn refused(options: Options, named_by: &str, path: &Path) -> InvalidCaCertificates {
    match HttpClient::new(options).check().unwrap_err() {
        SetupError::CaCertificates { named_by: flag, path: place, source } => {
            assert_eq!((flag, &*place), (named_by, path));
            source
        }
        other => panic!("{other:?}"),
    }
}

// threats 204
#[test]
fn invalid_ca_certificates_error_has_the_flag_and_path() {
    let (folder, empty) = file("empty.pem", b"");
    let (_junk, junk) = file("junk.pem", &[0xff; 5000]);
    for path in [empty, junk] {
        assert!(matches!(
            refused(with_ca_file(&path), "--a-flag", &path),
            InvalidCaCertificates::Empty
        ));
    }
    for path in [folder.path().join("missing.pem"), folder.path().to_owned()] {
        let why = refused(with_ca_file(&path), "--a-flag", &path);
        assert!(matches!(why, InvalidCaCertificates::Unreadable(_)), "{why:?}");
    }
    let in_place = |path: &Path| vec![CaCertificates::folder("A_FOLDER", path)];
    let missing = folder.path().join("missing");
    let options = Options { system_ca_certificates: in_place(&missing), ..options() };
    assert!(matches!(refused(options, "A_FOLDER", &missing), InvalidCaCertificates::Unreadable(_)));
    let options = Options { system_ca_certificates: in_place(folder.path()), ..self::options() };
    assert!(matches!(refused(options, "A_FOLDER", folder.path()), InvalidCaCertificates::Empty));
}

// threats 204
#[cfg(unix)]
#[test]
fn device_file_is_not_a_ca_file() {
    let zero = Path::new("/dev/zero");
    assert!(matches!(
        refused(with_ca_file(zero), "--a-flag", zero),
        InvalidCaCertificates::NotAFile
    ));
}

// threats 204
#[test]
fn oversized_ca_file_is_refused() {
    let (_folder, path) = file("huge.pem", b"");
    std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let why = refused(with_ca_file(&path), "--a-flag", &path);
    assert!(matches!(why, InvalidCaCertificates::TooLarge { .. }), "{why:?}");
}

// threats 204
#[test]
fn empty_ca_path_is_an_error() {
    let error = HttpClient::new(with_ca_file(Path::new(""))).check().unwrap_err();
    assert_eq!(error.to_string(), "--a-flag is set but empty");
}

// threats 204
#[test]
fn pem_file_with_an_invalid_certificate_is_an_error() {
    let base64 = |body| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
    let unended = "-----BEGIN CERTIFICATE-----\nAAAA\n".to_owned();
    for pem in [base64("bm90IGEgY2VydGlmaWNhdGU="), base64(""), base64("!"), unended] {
        let (_folder, path) = file("ca.pem", pem.as_bytes());
        let why = refused(with_ca_file(&path), "--a-flag", &path);
        assert!(matches!(why, InvalidCaCertificates::Invalid(_)), "{pem}: {why:?}");
    }
}

/// `check` and a request treat a bundle equally.
// threats 204
#[tokio::test]
async fn invalid_section_of_a_system_bundle_is_skipped_unless_it_is_the_only_one() {
    let damaged = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let sandbox = speaking(Tls::On).await;
    let (_folder, path) =
        file("bundle.pem", format!("{damaged}{}", sandbox.ca_pem().unwrap()).as_bytes());
    let in_place = |path: &Path| vec![CaCertificates::file("A_FILE", path)];
    let options = Options { system_ca_certificates: in_place(&path), ..options() };
    HttpClient::new(options.clone()).check().unwrap();
    assert_eq!(ask(&sandbox, options).await.unwrap(), UNAUTHORIZED);
    let (_folder, path) = file("bundle.pem", damaged.as_bytes());
    let options = Options { system_ca_certificates: in_place(&path), ..self::options() };
    let why = refused(options, "A_FILE", &path);
    assert!(matches!(why, InvalidCaCertificates::Invalid(_)), "{why:?}");
}

/// Valid PEM with an invalid certificate.
const BAD: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

// threats 204
#[tokio::test]
async fn one_invalid_certificate_makes_a_ca_file_invalid_and_other_sections_are_ignored() {
    let sandbox = speaking(Tls::On).await;
    let good = sandbox.ca_pem().unwrap();
    let other = "# a comment\n-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n\
                 -----END TRUSTED CERTIFICATE-----\n";
    let (_folder, options) = with_ca(&format!("{other}{good}{other}"));
    assert_eq!(ask(&sandbox, options).await.unwrap(), UNAUTHORIZED);
    let (_folder, options) = with_ca(&format!("{good}{BAD}"));
    HttpClient::new(options).check().unwrap_err();
}

// threats 204
#[tokio::test]
async fn system_bundle_can_be_large_and_contain_invalid_certificates() {
    let sandbox = speaking(Tls::On).await;
    let good = sandbox.ca_pem().unwrap();
    let comment = format!("# {}\n", "x".repeat(98)).repeat(100_000);
    let (_folder, path) = file("bundle.pem", format!("{BAD}{comment}{good}").as_bytes());
    let system_ca_certificates = vec![CaCertificates::file("A_FILE", path)];
    assert_eq!(
        ask(&sandbox, Options { system_ca_certificates, ..options() }).await.unwrap(),
        UNAUTHORIZED
    );
}
