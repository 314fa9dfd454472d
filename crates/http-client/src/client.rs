use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use crate::base_url::BaseUrl;
use crate::ca_file;
use crate::error::Error;
use crate::options::{Options, SetupError};
use crate::request::Request;

/// A client for one program: made at once, built when it first sends something.
///
/// Clones share the connections.
#[derive(Clone, Debug)]
pub struct HttpClient {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    roots: Vec<reqwest::Certificate>,
    proxy: Option<reqwest::Proxy>,
    built: Mutex<Option<reqwest::Client>>,
}

/// Shorter than the idle time after which servers and the boxes between drop a connection.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

impl HttpClient {
    /// Checks the options, and reads the CA file if there is one. The system's roots are read by
    /// the first request.
    ///
    /// # Errors
    ///
    /// [`SetupError`] names what is wrong with an option.
    pub fn new(options: Options) -> Result<Self, SetupError> {
        let roots = options.ca_file.as_deref().map(ca_file::read).transpose()?.unwrap_or_default();
        let proxy = options.proxy.as_ref().map(crate::Proxy::build).transpose()?;
        let inner = Inner { options, roots, proxy, built: Mutex::new(None) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// A `GET` of `url`.
    pub fn get(&self, url: Url) -> Request {
        Request::new(self.clone(), reqwest::Method::GET, url)
    }

    /// A `POST` to `url`.
    pub fn post(&self, url: Url) -> Request {
        Request::new(self.clone(), reqwest::Method::POST, url)
    }

    /// Opens a connection to `base` and leaves it ready, so that a later request pays no handshake.
    ///
    /// It asks for `HEAD {base}/` without any credential, and whatever the server answers is fine.
    ///
    /// # Errors
    ///
    /// [`Error`] when the server cannot be reached.
    pub async fn warm_up(&self, base: &BaseUrl) -> Result<(), Error> {
        match Request::new(self.clone(), reqwest::Method::HEAD, base.join("/")).send().await {
            Ok(_) | Err(Error::Redirect { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.inner.options.timeout
    }

    /// The client underneath. Reading the system's roots takes milliseconds, which is why it waits
    /// for the first request.
    pub(crate) fn built(&self) -> Result<reqwest::Client, reqwest::Error> {
        let mut built = self.inner.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*built {
            return Ok(client.clone());
        }
        let client = self.inner.build()?;
        *built = Some(client.clone());
        Ok(client)
    }
}

impl Inner {
    #[expect(clippy::disallowed_methods, reason = "the one HTTP policy is made here")]
    fn build(&self) -> Result<reqwest::Client, reqwest::Error> {
        // An error means that the program around this crate has picked a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            .user_agent(self.options.user_agent)
            .tls_certs_merge(self.roots.iter().cloned())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // Proxies are an option of ours: the environment is read by the cli alone.
            .no_proxy()
            .connect_timeout(self.options.connect_timeout)
            // A person may take their time in the browser while the connection waits.
            .pool_idle_timeout(None)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .http2_keep_alive_while_idle(true)
            .tcp_keepalive(KEEP_ALIVE);
        if let Some(proxy) = &self.proxy {
            client = client.proxy(proxy.clone());
        }
        client.build()
    }
}
