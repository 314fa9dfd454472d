use std::io;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use url::Url;

use super::error::PersonError;
use super::trail::Step;

/// Requests URLs in sequence, each on its own connection.
pub(super) struct Browser {
    tls: Option<TlsConnector>,
}

impl Browser {
    pub(super) fn new(ca_pem: Option<&str>) -> Result<Self, PersonError> {
        let tls = ca_pem.map(connector).transpose();
        let tls = tls.map_err(PersonError::Trust)?;
        Ok(Self { tls })
    }

    pub(super) async fn get(&self, url: &Url) -> Result<Step, PersonError> {
        self.ask("GET", url, None).await
    }

    pub(super) async fn submit(&self, url: &Url, form: String) -> Result<Step, PersonError> {
        self.ask("POST", url, Some(form)).await
    }

    async fn ask(
        &self,
        method: &'static str,
        url: &Url,
        form: Option<String>,
    ) -> Result<Step, PersonError> {
        let response = self.exchange(url, &navigation(method, url, form)?).await?;
        let (head, body) = response.into_parts();
        let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.as_str().to_owned(), value.into_owned())
        };
        Ok(Step {
            method,
            url: url.clone(),
            status: head.status.as_u16(),
            version: head.version,
            headers: head.headers.iter().map(header).collect(),
            body: body.collect().await?.to_bytes().to_vec(),
        })
    }

    async fn exchange(
        &self,
        url: &Url,
        request: &Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, PersonError> {
        let host = address(url)?;
        let unreachable = |source| PersonError::Unreachable { host: host.clone(), source };
        let stream = TcpStream::connect(&host).await.map_err(unreachable)?;
        if url.scheme() == "http" {
            return http11(stream, request).await;
        }
        http11(self.handshake(url, stream).await.map_err(unreachable)?, request).await
    }

    async fn handshake(
        &self,
        url: &Url,
        stream: TcpStream,
    ) -> io::Result<tokio_rustls::client::TlsStream<TcpStream>> {
        let tls = self.tls.as_ref();
        let tls = tls.ok_or_else(|| io::Error::other("the browser trusts no certificate"))?;
        let name = url.host_str().unwrap_or_default();
        let name = name.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(name).map_err(io::Error::other)?;
        tls.connect(name, stream).await
    }
}

fn connector(pem: &str) -> Result<TlsConnector, rustls::Error> {
    let malformed = |_| rustls::Error::InvalidCertificate(rustls::CertificateError::BadEncoding);
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.map_err(malformed)?)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config = config
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn address(url: &Url) -> Result<String, PersonError> {
    let host = url.host_str().ok_or(PersonError::BadUrl)?;
    let port = url.port_or_known_default().ok_or(PersonError::BadUrl)?;
    Ok(format!("{host}:{port}"))
}

/// The request that a browser sends for a link or a form.
fn navigation(
    method: &str,
    url: &Url,
    form: Option<String>,
) -> Result<Request<Full<Bytes>>, PersonError> {
    let mut request = Request::builder()
        .method(method)
        .uri(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header("host", host_header(url))
        .header("upgrade-insecure-requests", "1")
        .header("user-agent", "Mozilla/5.0 (sandbox person)")
        .header("accept", "text/html,application/xhtml+xml,*/*;q=0.8")
        .header("sec-fetch-site", "cross-site")
        .header("sec-fetch-mode", "navigate")
        .header("sec-fetch-user", "?1")
        .header("sec-fetch-dest", "document")
        .header("accept-language", "en");
    if form.is_some() {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    let body = Full::from(form.unwrap_or_default());
    request.body(body).map_err(|_| PersonError::BadUrl)
}

/// The default port is omitted, as in `url`.
fn host_header(url: &Url) -> &str {
    &url[url::Position::BeforeHost..url::Position::AfterPort]
}

async fn http11(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: &Request<Full<Bytes>>,
) -> Result<Response<Incoming>, PersonError> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // It ends with the response, which has any error.
    tokio::spawn(connection);
    Ok(sender.send_request(request.clone()).await?)
}
