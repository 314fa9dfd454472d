use std::time::{SystemTime, UNIX_EPOCH};

use credentials::{ClaimMismatch, Claims, IdToken, IdTokenValidation, MalformedJwt};

use crate::client::TokenClient;
use crate::error::Error;

/// Why an ID token is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIdToken {
    /// There is none in the response.
    #[error("the response has no ID token")]
    Missing,
    /// It is not a JWT.
    #[error("the ID token is malformed")]
    Malformed(#[from] MalformedJwt),
    /// A claim has another value than expected.
    #[error("the ID token is not valid")]
    Claim(#[from] ClaimMismatch),
    /// Its `alg` is not supported ([`JwkSet::verify`](crate::JwkSet::verify)), or it has critical headers.
    #[error("the ID token is signed in a way that is not supported")]
    UnsupportedSignature,
    /// None of the provider's keys verifies its signature.
    #[error("the ID token is not signed with a key of the provider")]
    InvalidSignature,
    /// The provider's keys cannot be read.
    #[error("cannot read the keys of the provider")]
    Keys(#[source] Box<Error>),
}

impl TokenClient {
    /// Validates the claims of an ID token for this client
    /// ([OpenID Connect Core
    /// §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation)), with a clock
    /// skew of at most five minutes. `nonce` is that of the authorization request.
    ///
    /// The token must come directly from the token endpoint, because its signature is not verified
    /// (rule 6); [`JwkSet::verify`](crate::JwkSet::verify) does that.
    ///
    /// # Errors
    ///
    /// [`InvalidIdToken::Malformed`] or [`InvalidIdToken::Claim`].
    pub fn validate_id_token(
        &self,
        id_token: &IdToken,
        nonce: Option<&str>,
        now: SystemTime,
    ) -> Result<Claims, InvalidIdToken> {
        let claims = Claims::decode_id_token_without_verifying(id_token)?;
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut expected = IdTokenValidation::new(self.issuer().as_str(), self.client_id(), now);
        expected.nonce = nonce;
        claims.validate(&expected)?;
        Ok(claims)
    }

    /// Validates the ID token of a [refresh](Self::refresh): it is for the same person as `before`
    /// ([OpenID Connect Core
    /// §12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse)). If it has a
    /// `nonce`, that is the one of `before`.
    ///
    /// # Errors
    ///
    /// As [`validate_id_token`](Self::validate_id_token).
    pub fn validate_refreshed_id_token(
        &self,
        id_token: &IdToken,
        before: &Claims,
        now: SystemTime,
    ) -> Result<Claims, InvalidIdToken> {
        let claims = self.validate_id_token(id_token, None, now)?;
        claims.check_subject_unchanged(before)?;
        if claims.nonce.is_some() && claims.nonce != before.nonce {
            return Err(ClaimMismatch::Nonce.into());
        }
        Ok(claims)
    }
}
