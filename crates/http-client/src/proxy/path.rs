use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

/// Which requests go through the proxy.
#[derive(Debug)]
pub(crate) struct ProxyRoutes {
    host: String,
    named_by: &'static str,
    matcher: Matcher,
}

impl ProxyRoutes {
    pub(super) fn new(host: String, named_by: &'static str, url: &str, no_proxy: &str) -> Self {
        let matcher = Matcher::builder().all(url.to_owned()).no(no_proxy.to_owned()).build();
        Self { host, named_by, matcher }
    }

    /// The proxy that a request to `url` goes through, if it does.
    pub(crate) fn to(&self, url: &Url) -> Option<ProxyRoute> {
        let target: Uri = url.as_str().parse().ok()?;
        let intercept = self.matcher.intercept(&target)?;
        Some(ProxyRoute { host: self.host.clone(), named_by: self.named_by, intercept })
    }
}

/// The proxy of one request.
#[derive(Debug)]
pub(crate) struct ProxyRoute {
    /// Its host and port, for messages.
    pub(crate) host: String,
    pub(crate) named_by: &'static str,
    intercept: Intercept,
}

impl ProxyRoute {
    /// Its protocol.
    pub(crate) fn scheme(&self) -> &str {
        self.intercept.uri().scheme_str().unwrap_or_default()
    }

    /// The name and the port to connect to.
    pub(crate) fn address(&self) -> (&str, u16) {
        let uri = self.intercept.uri();
        let port = uri.port_u16().unwrap_or(match self.scheme() {
            "http" => 80,
            "https" => 443,
            _ => 1080,
        });
        (uri.host().unwrap_or_default().trim_matches(['[', ']']), port)
    }

    /// Whether a user name and password are sent.
    pub(crate) fn has_credentials(&self) -> bool {
        self.intercept.basic_auth().is_some() || self.intercept.raw_auth().is_some()
    }
}

#[cfg(test)]
mod tests {
    use crate::Proxy;

    // threats 84
    #[test]
    fn loopback_bypasses_the_proxy() {
        let (_, routes) = Proxy::new("ALL_PROXY", "proxy.test", None).build().unwrap();
        for (host, has_proxy) in [
            ("localhost", false),
            ("localhost.", false),
            ("app.localhost", false),
            ("app.localhost.", false),
            ("127.1.2.3", false),
            ("[::1]", false),
            ("[::ffff:127.0.0.1]", false),
            ("notlocalhost", true),
            ("localhost.test", true),
            ("[::ffff:10.0.0.1]", true),
        ] {
            let url = format!("http://{host}:8080/").parse().unwrap();
            assert_eq!(routes.to(&url).is_some(), has_proxy, "{host}");
        }
    }
}
