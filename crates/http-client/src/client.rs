use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use tokio::time::Instant;
use url::Url;

use crate::attempt::Attempt;
use crate::base_url::{BaseUrl, host, is_loopback};
use crate::ca_certificates::{CaCertificates, InvalidCaCertificates};
use crate::connect_limit::ConnectLimit;
use crate::error::Error;
use crate::options::Options;
use crate::proxy::ProxyRoutes;
use crate::request::Request;
use crate::resolver::Resolver;
use crate::retry::{self, RetryWindow};
use crate::setup_error::SetupError;
use crate::tls;
use crate::transport::Transport;
use crate::uptime::uptime;

/// The HTTP client of a program. It is built at the first request.
///
/// Clones share connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    transport: Option<Box<dyn Transport>>,
    choices: OnceLock<Choices>,
    built: Mutex<Option<reqwest::Client>>,
}

/// The loaded CA certificates and proxy of the options.
struct Choices {
    extra: Vec<CertificateDer<'static>>,
    /// Empty for the system's certificates, which are read by the first request.
    system: Vec<CertificateDer<'static>>,
    proxy: Option<(reqwest::Proxy, ProxyRoutes)>,
}

/// The `Debug` output of the library's proxy shows its password.
impl fmt::Debug for Choices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = self.proxy.as_ref().map(|(_, paths)| paths);
        f.debug_struct("Choices").field("proxy", &paths).finish_non_exhaustive()
    }
}

impl HttpClient {
    /// A client with this policy. Nothing is read before [`HttpClient::check`] or the first request.
    #[must_use]
    pub fn new(options: Options) -> Self {
        Self::from_parts(options, None)
    }

    /// A client that sends its requests with `transport`. Of the options, it has the `User-Agent` and the
    /// total timeout; certificates and proxy are those of the transport.
    #[must_use]
    pub fn with_transport(options: Options, transport: impl Transport + 'static) -> Self {
        Self::from_parts(options, Some(Box::new(transport)))
    }

    fn from_parts(options: Options, transport: Option<Box<dyn Transport>>) -> Self {
        let (choices, built) = (OnceLock::new(), Mutex::default());
        Self { inner: Arc::new(Inner { options, transport, choices, built }) }
    }

    /// Reads the CA certificates that the options name, and checks the proxy, so that an error in them
    /// is reported before the browser opens.
    ///
    /// # Errors
    ///
    /// [`SetupError`] names the invalid option.
    pub fn check(&self) -> Result<(), SetupError> {
        self.choices().map(drop)
    }

    /// Checks that there are CA certificates, which https needs and plain http does not.
    ///
    /// # Errors
    ///
    /// [`SetupError::NoCaCertificates`] or [`SetupError::Tls`], or as [`check`](Self::check).
    pub fn check_ca_certificates(&self) -> Result<(), SetupError> {
        let choices = self.choices()?;
        tls::config(&choices.extra, &choices.system).map(drop)
    }

    /// A `GET` of `url`.
    pub fn get(&self, url: Url) -> Request {
        Request::new(self.clone(), reqwest::Method::GET, url)
    }

    /// A `POST` to `url`.
    pub fn post(&self, url: Url) -> Request {
        Request::new(self.clone(), reqwest::Method::POST, url)
    }

    /// A `HEAD` of `base` itself, without credentials. Any response is accepted.
    pub(crate) fn head(&self, base: &BaseUrl) -> Request {
        Request::new(self.clone(), reqwest::Method::HEAD, base.join("/")).accept_redirect()
    }

    /// Opens a connection to `base` and leaves it ready, so that a later request pays no handshake.
    ///
    /// It sends `HEAD {base}/` without any credential, and accepts every response. With a
    /// [`Transport`] of the program it does nothing.
    ///
    /// # Errors
    ///
    /// [`Error`] when the server cannot be reached.
    pub async fn preconnect(&self, base: &BaseUrl) -> Result<(), Error> {
        if self.transport().is_some() {
            return Ok(());
        }
        self.head(base).send().await.map(drop)
    }

    pub(crate) fn transport(&self) -> Option<&dyn Transport> {
        self.inner.transport.as_deref()
    }

    /// How long a request takes at most that [`retry_if_not_sent`](crate::retry_if_not_sent) sends: the
    /// first connection may fail late. If the machine was suspended before the request was sent, it is not
    /// sent later than that, counted from its `send`. By default it is 40 seconds.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.window_length() + self.options().timeout
    }

    /// For several requests that end together within [`deadline`](Self::deadline): it opens now, and is as
    /// long as the connect timeout, but at least ten seconds.
    #[must_use]
    pub fn retry_window(&self) -> RetryWindow {
        RetryWindow::open(self.window_length())
    }

    fn window_length(&self) -> Duration {
        self.options().connect_timeout.max(retry::WINDOW)
    }

    pub(crate) fn options(&self) -> &Options {
        &self.inner.options
    }

    pub(crate) fn resolver(&self) -> Resolver {
        self.options().resolver()
    }

    /// The context of the errors of a request to `url`.
    pub(crate) fn attempt(&self, url: &Url) -> Result<Attempt, Error> {
        let (host, uptime) = (host(url).to_owned(), uptime());
        if url.scheme() == "http" && !is_loopback(url) {
            return Err(Error::PlainHttp { host });
        }
        let via = match self.choices() {
            _ if self.transport().is_some() => None,
            Ok(choices) => choices.proxy.as_ref().and_then(|(_, paths)| paths.to(url)),
            Err(error) => return Err(Error::Setup { host, source: error.into() }),
        };
        let uses_tls = url.scheme() != "http" || via.is_some();
        let begun = Instant::now();
        let Options { connect_timeout, idle_timeout, timeout, .. } = *self.options();
        Ok(Attempt { host, uses_tls, via, begun, uptime, connect_timeout, idle_timeout, timeout })
    }

    fn choices(&self) -> Result<&Choices, SetupError> {
        let inner = &*self.inner;
        if let Some(choices) = inner.choices.get() {
            return Ok(choices);
        }
        let choices = Choices::from_options(&inner.options)?;
        Ok(inner.choices.get_or_init(|| choices))
    }

    /// The client of the HTTP library. Reading the system's roots takes milliseconds, so it is
    /// built at the first request.
    pub(crate) fn built(&self, attempt: &Attempt) -> Result<reqwest::Client, Error> {
        let mut built = self.inner.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*built {
            return Ok(client.clone());
        }
        let setup =
            |error: SetupError| Error::Setup { host: attempt.host.clone(), source: error.into() };
        let choices = self.choices().map_err(setup)?;
        let tls = tls::config(&choices.extra, &choices.system);
        // Plain http works on a system without CA certificates. That client is not kept: for https it would
        // blame the server's certificate.
        let is_kept = tls.is_ok();
        let tls = if attempt.uses_tls { tls } else { tls.or_else(|_| tls::config_without_ca()) };
        let client = self.options().build(choices, tls.map_err(setup)?);
        let client = client.map_err(|error| attempt.failed(error))?;
        if is_kept {
            *built = Some(client.clone());
        }
        Ok(client)
    }
}

impl Choices {
    fn from_options(options: &Options) -> Result<Self, SetupError> {
        let (extra, system) = (&options.extra_ca_certificates, &options.system_ca_certificates);
        let extra = extra.iter().map(|it| named(it, CaCertificates::load_all));
        let system = system.iter().map(|it| named(it, CaCertificates::load_usable));
        let proxy = options.proxy.as_ref().filter(|proxy| !proxy.is_bypassed_by_all());
        Ok(Self {
            extra: extra.collect::<Result<Vec<_>, _>>()?.concat(),
            system: system.collect::<Result<Vec<_>, _>>()?.concat(),
            proxy: proxy.map(crate::Proxy::build).transpose()?,
        })
    }
}

fn named<T>(
    certificates: &CaCertificates,
    load: impl Fn(&CaCertificates) -> Result<T, InvalidCaCertificates>,
) -> Result<T, SetupError> {
    load(certificates).map_err(|source| SetupError::CaCertificates {
        named_by: certificates.named_by,
        path: certificates.path().to_owned(),
        source,
    })
}

impl Options {
    /// The timeout for DNS is shorter than the timeout for the connection, so that the two are distinct.
    fn resolver(&self) -> Resolver {
        Resolver { deadline: self.connect_timeout.mul_f32(0.8) }
    }

    #[expect(clippy::disallowed_methods, reason = "the one HTTP policy is made here")]
    fn build(
        &self,
        choices: &Choices,
        tls: ClientConfig,
    ) -> Result<reqwest::Client, reqwest::Error> {
        let mut client = reqwest::Client::builder()
            .user_agent(self.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // The proxy is an option: only the cli reads the environment.
            .no_proxy()
            .dns_resolver(self.resolver())
            .connect_timeout(self.connect_timeout)
            .connector_layer(ConnectLimit::new(self.connect_timeout))
            // The user may spend minutes in the browser while the connection is idle.
            .pool_idle_timeout(None)
            .http1_max_headers(MAX_HEADERS)
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_while_idle(true)
            .tcp_keepalive(KEEP_ALIVE)
            .tls_backend_preconfigured(tls);
        if let Some((proxy, _)) = &choices.proxy {
            client = client.proxy(proxy.clone());
        }
        client.build()
    }
}

/// More than any valid response needs.
const MAX_HEADERS: usize = 100;

/// The HTTP/2 window of a stream: a whole token response.
const STREAM_WINDOW: u32 = 64 * 1024;

/// The HTTP/2 window of a connection, for all concurrent responses.
const CONNECTION_WINDOW: u32 = 1024 * 1024;

/// Shorter than the idle timeout of servers and middleboxes.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
