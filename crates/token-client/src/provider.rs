use serde::ser::{Serialize, SerializeMap as _, Serializer};
use url::Url;

use crate::issuer::Issuer;

/// An authorization server: its endpoints, and where it departs from the standards.
///
/// ```
/// # use token_client::Provider;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let provider = Provider::new(
///     "https://id.example.com".parse()?,
///     "https://id.example.com/authorize".parse()?,
///     "https://id.example.com/token".parse()?,
/// );
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Provider {
    /// The issuer identifier.
    pub issuer: Issuer,
    /// The issuers of the tenants, if each has its own
    /// ([`Provider::discover_any_tenant`]): a text with `{tenantid}`. An ID token must then have the
    /// issuer of its `tid`, and the `iss` of a callback can be that of any tenant.
    pub issuer_template: Option<String>,
    /// The authorization endpoint ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
    /// No sign-in starts unless it [is secure](http_client::is_secure).
    pub authorization_endpoint: Url,
    /// The token endpoint ([RFC 6749 §3.2](https://www.rfc-editor.org/rfc/rfc6749#section-3.2)).
    pub token_endpoint: Url,
    /// The revocation endpoint ([RFC 7009 §2](https://www.rfc-editor.org/rfc/rfc7009#section-2)), if it
    /// has one.
    pub revocation_endpoint: Option<Url>,
    /// The device authorization endpoint
    /// ([RFC 8628 §3.1](https://www.rfc-editor.org/rfc/rfc8628#section-3.1)), if it has one.
    pub device_authorization_endpoint: Option<Url>,
    /// Where an authorization request is stored before the person opens its URL
    /// ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)).
    pub pushed_authorization_request_endpoint: Option<Url>,
    /// The server refuses a request that was not stored before.
    pub require_pushed_authorization_requests: bool,
    /// Where a client registers itself ([RFC 7591](https://www.rfc-editor.org/rfc/rfc7591)), if it can.
    pub registration_endpoint: Option<Url>,
    /// Where the server publishes the keys of its ID tokens ([`JwkSet`](crate::JwkSet)), if it does.
    pub jwks_uri: Option<Url>,
    /// Whether each callback has an `iss` parameter
    /// ([RFC 9207 §3](https://www.rfc-editor.org/rfc/rfc9207#section-3)); one without it is then refused.
    pub authorization_response_iss_parameter_supported: bool,
    /// The order in which the fields of a code exchange are sent, where it matters to the server. Fields
    /// that it does not name follow; the RFC gives no order.
    pub code_exchange_order: Vec<String>,
    /// How the body of a refresh is written; the RFC has a form.
    pub refresh_body: BodyFormat,
    /// How the body of a revocation is written; the RFC has a form.
    pub revocation_body: BodyFormat,
}

/// The placeholder of [`Provider::issuer_template`].
pub(crate) const TENANT: &str = "{tenantid}";

/// How the fields of a request are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyFormat {
    /// `application/x-www-form-urlencoded`, as the RFCs have it.
    #[default]
    Form,
    /// A JSON object.
    Json,
}

impl Provider {
    /// A server that follows the standards, without other endpoints; see also
    /// [`Provider::discover`].
    #[must_use]
    pub fn new(issuer: Issuer, authorization_endpoint: Url, token_endpoint: Url) -> Self {
        Self {
            issuer,
            issuer_template: None,
            authorization_endpoint,
            token_endpoint,
            revocation_endpoint: None,
            device_authorization_endpoint: None,
            pushed_authorization_request_endpoint: None,
            require_pushed_authorization_requests: false,
            registration_endpoint: None,
            jwks_uri: None,
            authorization_response_iss_parameter_supported: false,
            code_exchange_order: Vec::new(),
            refresh_body: BodyFormat::Form,
            revocation_body: BodyFormat::Form,
        }
    }
}

/// Fields as a JSON object, in their order.
pub(crate) struct JsonFields<'a>(pub(crate) &'a [(&'a str, &'a str)]);

impl Serialize for JsonFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_fields_keep_their_order() {
        let fields = JsonFields(&[("b", "1"), ("a", "\"")]);
        assert_eq!(serde_json::to_string(&fields).unwrap(), r#"{"b":"1","a":"\""}"#);
    }
}
