use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// Why a text is not a valid secret.
///
/// The error does not contain the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedSecret {
    /// The text is empty.
    #[error("it is empty")]
    Empty,
    /// A character that the grammar of this secret excludes, such as a line break, which would
    /// start another header in a request.
    #[error("it contains a character that is not allowed")]
    Character,
}

/// Declares one secret: what it is, and which characters may occur in it.
macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $allowed:path) => {
        $(#[$doc])*
        ///
        /// Not `Clone`, so that each copy of a secret is a decision. Not `PartialEq`, because a
        /// comparison that stops at the first difference reveals the length of the common prefix.
        /// Not `Display` or `Serialize`, because both can leak a secret into a log.
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Wraps the secret, after a check of its characters.
            ///
            /// # Errors
            ///
            /// [`MalformedSecret`] if the text is empty, or has a character that could end a header or a line: a
            /// token consists of visible ASCII characters.
            pub fn new(text: impl Into<String>) -> Result<Self, MalformedSecret> {
                let text = Zeroizing::new(text.into());
                if text.is_empty() {
                    return Err(MalformedSecret::Empty);
                }
                if !text.chars().all($allowed) {
                    return Err(MalformedSecret::Character);
                }
                Ok(Self(text))
            }

            /// The secret, for a request, `auth.json`, or standard output when the user requests
            /// it.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        /// The error does not contain the secret.
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(input)?).map_err(D::Error::custom)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    };
}

secret!(
    /// An access token ([RFC 6749 §1.4](https://www.rfc-editor.org/rfc/rfc6749#section-1.4)), which
    /// is sent as a bearer token.
    AccessToken,
    bearer_character
);
secret!(
    /// An ID token ([OpenID Connect Core §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)):
    /// who signed in, and the `subject_token` of the exchange for an API key.
    IdToken,
    bearer_character
);
secret!(
    /// A refresh token ([RFC 6749 §1.5](https://www.rfc-editor.org/rfc/rfc6749#section-1.5)). It
    /// can be single-use.
    RefreshToken,
    vschar
);
secret!(
    /// An API key of the platform, `sk-…`, valid until it is deleted.
    ApiKey,
    bearer_character
);
secret!(
    /// An authorization code ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)),
    /// which works once and only together with its `code_verifier`.
    AuthorizationCode,
    is_not_control
);
secret!(
    /// The secret of a confidential client
    /// ([RFC 6749 §2.3.1](https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1)). It is sent encoded, so every printable
    /// character is allowed, and no line break: trim the end of a file.
    ClientSecret,
    is_not_control
);
secret!(
    /// A device code ([RFC 8628 §3.2](https://www.rfc-editor.org/rfc/rfc8628#section-3.2)), which
    /// is exchanged for tokens after the user approves it.
    DeviceCode,
    vschar
);
secret!(
    /// The `sensitive_id` of an onboarding session: the bearer token of the platform's dashboard.
    SessionKey,
    bearer_character
);

/// Characters that are safe in an `Authorization` header: visible ASCII. It is a superset of the
/// `b64token` of [RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
fn bearer_character(c: char) -> bool {
    c.is_ascii_graphic()
}

/// `VSCHAR` of [RFC 6749 appendix A](https://www.rfc-editor.org/rfc/rfc6749#appendix-A): visible
/// ASCII and the space.
fn vschar(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic()
}

/// It is sent encoded, so every printable character is allowed.
fn is_not_control(c: char) -> bool {
    !c.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANARY: &str = "canary-3f9c1d";

    #[track_caller]
    fn assert_debug(secret: &dyn fmt::Debug, name: &str) {
        assert_eq!(format!("{secret:?}"), format!("{name}([redacted])"));
        assert_eq!(format!("{secret:#?}"), format!("{name}([redacted])"));
    }

    // threats 6
    #[test]
    fn debug_shows_the_type_and_not_the_secret() {
        assert_debug(&AccessToken::new(CANARY).unwrap(), "AccessToken");
        assert_debug(&IdToken::new(CANARY).unwrap(), "IdToken");
        assert_debug(&RefreshToken::new(CANARY).unwrap(), "RefreshToken");
        assert_debug(&ApiKey::new(CANARY).unwrap(), "ApiKey");
        assert_debug(&AuthorizationCode::new(CANARY).unwrap(), "AuthorizationCode");
        assert_debug(&ClientSecret::new(CANARY).unwrap(), "ClientSecret");
        assert_debug(&DeviceCode::new(CANARY).unwrap(), "DeviceCode");
        assert_debug(&SessionKey::new(CANARY).unwrap(), "SessionKey");
    }

    // threats 85 142
    #[test]
    fn bearer_token_has_no_line_breaks() {
        for text in ["a\r\nb: c", "a\nb", "a\0b", "a b", "a\u{e9}", "\u{7f}"] {
            assert_eq!(AccessToken::new(text).unwrap_err(), MalformedSecret::Character);
            assert_eq!(SessionKey::new(text).unwrap_err(), MalformedSecret::Character);
        }
        assert_eq!(AccessToken::new("").unwrap_err(), MalformedSecret::Empty);
        assert_eq!(RefreshToken::new("a\r\n").unwrap_err(), MalformedSecret::Character);
        assert_eq!(RefreshToken::new("a b").unwrap().expose(), "a b");
    }

    // threats 18
    #[test]
    fn authorization_code_is_opaque() {
        let code = "a/b+c=d&e%f \u{e9}\u{1f511}";
        assert_eq!(AuthorizationCode::new(code).unwrap().expose(), code);
        assert_eq!(AuthorizationCode::new("a\0").unwrap_err(), MalformedSecret::Character);
    }
}
