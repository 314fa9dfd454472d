use http_client::http::HeaderMap;
use http_client::{HttpClient, Url, is_loopback, is_secure, retry_if_not_sent};
use serde::Deserialize;

use crate::discovery::{DiscoveryError, InvalidMetadata, endpoint, read_json};
use crate::error::Error;

/// The metadata of a protected resource, such as an MCP server: where its access tokens come from
/// ([RFC 9728](https://www.rfc-editor.org/rfc/rfc9728)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProtectedResource {
    /// The identifier of the resource, for the parameter `resource` of the requests
    /// ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)). It can be the server's root.
    pub resource: String,
    /// The issuers of its access tokens, at least one ([`Provider::discover`](crate::Provider::discover)).
    pub authorization_servers: Vec<String>,
    /// The scopes that the resource asked for when it refused a request, or else those that its metadata
    /// lists.
    pub scopes: Vec<String>,
}

/// [RFC 9728 §2](https://www.rfc-editor.org/rfc/rfc9728#section-2).
#[derive(Deserialize)]
struct Metadata {
    resource: String,
    authorization_servers: Option<Vec<String>>,
    scopes_supported: Option<Vec<String>>,
}

/// Where metadata can be, and the resource that it must then be about
/// ([RFC 9728 §3.3](https://www.rfc-editor.org/rfc/rfc9728#section-3.3)).
#[derive(Debug, PartialEq, Eq)]
struct MetadataLocation {
    metadata: Url,
    resource: Url,
}

impl ProtectedResource {
    /// Asks the resource without a token, and reads the metadata that its refusal names, or else that at
    /// the well-known path of the resource or of its server.
    ///
    /// # Errors
    ///
    /// [`DiscoveryError`]; without usable metadata, that of the first location.
    pub async fn discover(http: &HttpClient, resource: &str) -> Result<Self, DiscoveryError> {
        let url = resource_url(resource)?;
        let headers = match retry_if_not_sent(|| http.get(url.clone()).send()).await {
            Ok(response) => response.headers().clone(),
            Err(error) if error.provably_not_sent() => {
                let source = Box::new(Error::Http(error));
                return Err(DiscoveryError::Request { url, source });
            }
            // The resource may redirect, or stream without end.
            Err(_) => HeaderMap::new(),
        };
        Self::read_first(http, &url, &headers).await
    }

    /// As [`discover`](Self::discover), with the headers of a response (status 401) that the program
    /// already has.
    ///
    /// # Errors
    ///
    /// As [`discover`](Self::discover).
    pub async fn discover_from_challenge(
        http: &HttpClient,
        resource: &str,
        headers: &HeaderMap,
    ) -> Result<Self, DiscoveryError> {
        Self::read_first(http, &resource_url(resource)?, headers).await
    }

    async fn read_first(
        http: &HttpClient,
        resource: &Url,
        headers: &HeaderMap,
    ) -> Result<Self, DiscoveryError> {
        let challenged = challenge(headers, "resource_metadata")
            .and_then(|url| endpoint(&url, is_loopback(resource)))
            .map(|metadata| MetadataLocation { metadata, resource: resource.clone() });
        let mut first_error = None;
        for location in challenged.into_iter().chain(well_known(resource)) {
            match Self::fetch(http, location).await {
                Ok(mut found) => {
                    if let Some(scope) = challenge(headers, "scope") {
                        found.scopes = scope.split_ascii_whitespace().map(str::to_owned).collect();
                    }
                    return Ok(found);
                }
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or(DiscoveryError::InvalidResource))
    }

    async fn fetch(http: &HttpClient, location: MetadataLocation) -> Result<Self, DiscoveryError> {
        let MetadataLocation { metadata: url, resource } = location;
        match read_json::<Metadata>(http, &url).await {
            Ok(metadata) => Self::from_metadata(metadata, &resource)
                .map_err(|source| DiscoveryError::InvalidMetadata { url, source }),
            Err(error) => Err(DiscoveryError::Request { url, source: error.into() }),
        }
    }

    fn from_metadata(metadata: Metadata, resource: &Url) -> Result<Self, InvalidMetadata> {
        if Url::parse(&metadata.resource).ok().as_ref() != Some(resource) {
            return Err(InvalidMetadata::ResourceMismatch);
        }
        let mut authorization_servers = metadata.authorization_servers.unwrap_or_default();
        authorization_servers.retain(|it| endpoint(it, is_loopback(resource)).is_some());
        if authorization_servers.is_empty() {
            return Err(InvalidMetadata::InvalidEndpoint { field: "authorization_servers" });
        }
        let scopes = metadata.scopes_supported.unwrap_or_default();
        Ok(Self { resource: metadata.resource, authorization_servers, scopes })
    }

    /// The first issuer.
    #[must_use]
    pub fn authorization_server(&self) -> &str {
        self.authorization_servers.first().map(String::as_str).unwrap_or_default()
    }
}

fn resource_url(resource: &str) -> Result<Url, DiscoveryError> {
    let url = Url::parse(resource).ok();
    let is_usable = |url: &Url| is_secure(url) && url.fragment().is_none();
    url.filter(is_usable).ok_or(DiscoveryError::InvalidResource)
}

/// The well-known path before that of the resource
/// ([RFC 9728 §3.1](https://www.rfc-editor.org/rfc/rfc9728#section-3.1)), and that of its server, where
/// the metadata is about the whole server.
fn well_known(resource: &Url) -> Vec<MetadataLocation> {
    let location = |resource: Url| {
        let mut metadata = resource.clone();
        let path = format!("/.well-known/oauth-protected-resource{}", resource.path());
        metadata.set_path(path.trim_end_matches('/'));
        MetadataLocation { metadata, resource }
    };
    let mut root = resource.clone();
    root.set_path("/");
    root.set_query(None);
    let mut locations = vec![location(resource.clone()), location(root)];
    locations.dedup();
    locations
}

/// A parameter of a `WWW-Authenticate` header
/// ([RFC 9110 §11.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1)).
fn challenge(headers: &HeaderMap, name: &str) -> Option<String> {
    let values = headers.get_all("www-authenticate").into_iter();
    values.filter_map(|value| value.to_str().ok()).find_map(|value| auth_param(value, name))
}

fn auth_param(header: &str, name: &str) -> Option<String> {
    let mut rest = header.chars().peekable();
    let mut token = String::new();
    while let Some(c) = rest.next() {
        match c {
            '=' => {
                while rest.next_if(char::is_ascii_whitespace).is_some() {}
                let value = match rest.next_if_eq(&'"') {
                    Some(_) => quoted(&mut rest),
                    None => std::iter::from_fn(|| rest.next_if(|c| !" \t,".contains(*c))).collect(),
                };
                if token.eq_ignore_ascii_case(name) {
                    return Some(value);
                }
                token.clear();
            }
            '"' => drop(quoted(&mut rest)),
            // White space before the equals sign is allowed.
            ' ' | '\t' if rest.peek().is_some_and(|c| " \t=".contains(*c)) => {}
            ' ' | '\t' | ',' => token.clear(),
            c => token.push(c),
        }
    }
    None
}

/// The rest of a quoted string, without its escapes.
fn quoted(rest: &mut impl Iterator<Item = char>) -> String {
    let mut text = String::new();
    while let Some(c) = rest.next() {
        match c {
            '"' => break,
            '\\' => text.extend(rest.next()),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_param(header: &str, expected: Option<&str>) {
        assert_eq!(auth_param(header, "resource_metadata").as_deref(), expected, "{header}");
    }

    #[test]
    fn parameter_of_a_challenge_is_read() {
        let found = Some("https://a.test/m");
        assert_param(r#"Bearer resource_metadata="https://a.test/m""#, found);
        assert_param(
            r#"Bearer error="x", Resource_Metadata = "https://a.test/m", scope="y""#,
            found,
        );
        assert_param(
            r#"Basic realm="a, b=c", Bearer resource_metadata="https:\/\/a.test/m""#,
            found,
        );
        assert_param("Bearer resource_metadata=https://a.test/m,scope=y", found);
        assert_param("DPoP algs=ES256, resource_metadata=https://a.test/m", found);
        for header in [
            "",
            "Bearer",
            "Bearer resource_metadata",
            r#"Bearer error_description="resource_metadata=\"https://evil.test\"""#,
            r#"Bearer error="resource_metadata=x"#,
            r#"Bearer x_resource_metadata="https://evil.test""#,
            "Negotiate abc==",
        ] {
            assert_param(header, None);
        }
    }

    #[test]
    fn well_known_segment_is_inserted_before_the_resource_path() {
        for (resource, expected) in [
            ("https://a.test", &[("", "/")][..]),
            ("https://a.test/", &[("", "/")]),
            ("https://a.test/mcp", &[("/mcp", "/mcp"), ("", "/")]),
            ("https://a.test/mcp/", &[("/mcp", "/mcp/"), ("", "/")]),
            ("https://a.test/m?x=1", &[("/m?x=1", "/m?x=1"), ("", "/")]),
        ] {
            let locations = well_known(&resource.parse().unwrap());
            let url = |text: String| text.parse::<Url>().unwrap();
            let expected = expected.iter().map(|(metadata, resource)| MetadataLocation {
                metadata: url(format!(
                    "https://a.test/.well-known/oauth-protected-resource{metadata}"
                )),
                resource: url(format!("https://a.test{resource}")),
            });
            assert_eq!(locations, expected.collect::<Vec<_>>(), "{resource}");
        }
    }

    // threats 84
    #[test]
    fn resource_is_https_or_on_this_machine() {
        for (resource, is_valid) in [
            ("https://a.test/mcp", true),
            ("http://127.0.0.1:1/mcp", true),
            ("http://a.test/mcp", false),
            ("https://a.test/mcp#x", false),
            ("file:///etc/passwd", false),
            ("a.test", false),
        ] {
            assert_eq!(resource_url(resource).is_ok(), is_valid, "{resource}");
        }
    }
}
