use credentials::ClientSecret;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

/// How a client proves its identity to the server
/// ([RFC 6749 §2.3](https://www.rfc-editor.org/rfc/rfc6749#section-2.3)). A secret that is part of a
/// program that others install is no proof.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum ClientAuthentication {
    /// The client is public: it names its id, and proves nothing.
    #[default]
    None,
    /// `client_secret_basic`: id and secret are in the `Authorization` header, encoded as RFC 6749 §2.3.1 says. A
    /// provider that does not decode them refuses a secret with other characters than letters, digits, `*`, `-`, `.` and
    /// `_`, and needs `SecretPost`.
    SecretBasic(ClientSecret),
    /// `client_secret_post`: id and secret are in the body.
    SecretPost(ClientSecret),
}

impl ClientAuthentication {
    pub(crate) fn secret(&self) -> Option<&ClientSecret> {
        match self {
            Self::None => None,
            Self::SecretBasic(secret) | Self::SecretPost(secret) => Some(secret),
        }
    }

    /// User name and password of the `Authorization` header. Both are encoded as a form
    /// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)).
    pub(crate) fn basic(&self, client_id: &str) -> Option<(String, Zeroizing<String>)> {
        let Self::SecretBasic(secret) = self else { return None };
        let password = byte_serialize(secret.expose().as_bytes()).collect();
        Some((byte_serialize(client_id.as_bytes()).collect(), Zeroizing::new(password)))
    }

    /// The fields of a request with those of the client. Beside a header, `client_id` stands only in an
    /// authorization request, whose parameter it is.
    pub(crate) fn fields<'a>(&'a self, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let is_authorization_request = fields.iter().any(|(name, _)| *name == "response_type");
        let is_in_header = matches!(self, Self::SecretBasic(_)) && !is_authorization_request;
        let kept = fields.iter().copied().filter(|(name, _)| !is_in_header || *name != "client_id");
        let secret = match self {
            Self::SecretPost(secret) => Some(("client_secret", secret.expose())),
            _ => None,
        };
        kept.chain(secret).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [(&str, &str); 2] = [("grant_type", "refresh_token"), ("client_id", "my client")];

    fn secret() -> ClientSecret {
        ClientSecret::new("p%s:+ d").unwrap()
    }

    #[test]
    fn basic_credentials_are_form_encoded() {
        let basic = ClientAuthentication::SecretBasic(secret());
        let (user, password) = basic.basic("my client:1").unwrap();
        assert_eq!((&*user, &**password), ("my+client%3A1", "p%25s%3A%2B+d"));
        assert_eq!(basic.fields(&FIELDS), FIELDS[..1]);
        let pushed = [("response_type", "code"), ("client_id", "my client:1")];
        assert_eq!(basic.fields(&pushed), pushed);
    }

    #[test]
    fn post_adds_the_secret_and_a_public_client_nothing() {
        let post = ClientAuthentication::SecretPost(secret());
        assert!(post.basic("c").is_none());
        assert_eq!(post.fields(&FIELDS)[2], ("client_secret", "p%s:+ d"));
        let public = ClientAuthentication::default();
        assert!(public.basic("c").is_none() && public.secret().is_none());
        assert_eq!(public.fields(&FIELDS), FIELDS);
    }
}
