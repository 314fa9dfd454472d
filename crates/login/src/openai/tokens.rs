use credentials::{AccessToken, IdToken, RefreshToken};
use http_client::DecodeError;
use token_client::{Error, TokenResponse};

/// The tokens of "sign in with ChatGPT". A sign-in needs all three.
#[derive(Debug)]
pub struct Tokens {
    /// Who signed in.
    pub id_token: IdToken,
    /// The token for the APIs.
    pub access_token: AccessToken,
    /// The token for the next access token.
    pub refresh_token: RefreshToken,
}

/// The error names the token that is missing.
impl TryFrom<TokenResponse> for Tokens {
    type Error = Error;

    fn try_from(response: TokenResponse) -> Result<Self, Error> {
        let TokenResponse { access_token, id_token, refresh_token, .. } = response;
        let missing = |field: &str| DecodeError::Shape { field: field.to_owned() };
        Ok(Self {
            id_token: id_token.ok_or_else(|| missing("id_token"))?,
            access_token,
            refresh_token: refresh_token.ok_or_else(|| missing("refresh_token"))?,
        })
    }
}
