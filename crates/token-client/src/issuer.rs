use std::fmt;
use std::str::FromStr;

use http_client::{BaseUrl, InvalidBaseUrl};
use url::Url;

/// An issuer identifier ([RFC 8414 §2](https://www.rfc-editor.org/rfc/rfc8414#section-2)), as the server
/// writes it.
///
/// The server's metadata, its callbacks and its ID tokens repeat this text, and it is compared exactly:
/// `https://id.example.com` and `https://id.example.com/` are two issuers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    text: String,
    base: BaseUrl,
}

impl Issuer {
    /// The identifier as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The server that it names.
    #[must_use]
    pub fn base_url(&self) -> &BaseUrl {
        &self.base
    }

    /// The host, with a port that is not the default, for messages.
    #[must_use]
    pub fn host(&self) -> &str {
        self.base.host()
    }

    /// The URL of `path_and_query` under the issuer; see [`BaseUrl::join`].
    #[must_use]
    pub fn join(&self, path_and_query: &str) -> Url {
        self.base.join(path_and_query)
    }
}

impl FromStr for Issuer {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        Ok(Self { text: text.to_owned(), base: text.parse()? })
    }
}

/// The identifier without a trailing slash.
impl From<BaseUrl> for Issuer {
    fn from(base: BaseUrl) -> Self {
        Self { text: base.as_str().to_owned(), base }
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 16 98
    #[test]
    fn issuer_is_kept_as_written() {
        for text in ["https://a.test", "https://a.test/", "https://A.test:443/tenant/"] {
            let issuer: Issuer = text.parse().unwrap();
            assert_eq!(issuer.as_str(), text);
            assert_eq!(issuer.to_string(), text);
        }
        let issuer: Issuer = "https://a.test/tenant/".parse().unwrap();
        assert_eq!(issuer.join("/token").as_str(), "https://a.test/tenant/token");
        let base: BaseUrl = "https://a.test/".parse().unwrap();
        assert_eq!(Issuer::from(base).as_str(), "https://a.test");
        assert!("http://a.test".parse::<Issuer>().is_err());
    }
}
