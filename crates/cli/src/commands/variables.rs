use credentials::{AccessToken, ApiKey};
use terminal_ui::say;

use super::token;
use crate::args::VariableArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::events::Reporter;

/// The usual variable of the API key.
const API_KEY: &str = "OPENAI_API_KEY";

/// The variables of `exec` and `env`.
pub(super) struct Variables {
    api_key: (String, Option<ApiKey>),
    access_token: Option<(String, AccessToken)>,
}

impl Variables {
    /// The credentials of the stored sign-in. The access token is refreshed first if it expires soon; the
    /// API key alone needs no request.
    pub(super) fn load(
        args: &VariableArgs,
        reporter: &Reporter<'_>,
        context: &Context,
    ) -> Result<Self, CliError> {
        let key_name = args.api_key_env.as_deref().unwrap_or(API_KEY);
        if args.access_token_env.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(key_name))
        {
            let problem = format!("--access-token-env {key_name}: that variable holds the API key");
            return Err(CliError::Usage(problem));
        }
        let document = match &args.access_token_env {
            Some(_) if args.api_key_env.is_some() => {
                token::full_sign_in_with_valid_token(reporter, context)?
            }
            Some(_) => token::valid_or_copy(reporter, context)?,
            None => token::stored(&context.profiles()?)?,
        };
        let token = args.access_token_env.as_ref().map(|_| {
            token::access_token(&document).map_err(|error| match document.api_key() {
                // The hint of `token` names an option that these commands do not have.
                Some(_) => CliError::NoCredential {
                    what: "access token",
                    instead: say(
                        "it is an API key: leave out --access-token-env, or sign in with ChatGPT: ",
                    )
                    .run("login"),
                },
                None => error,
            })
        });
        let access_token = args.access_token_env.clone().zip(token.transpose()?);
        let alternative = match (&access_token, document.access_token()) {
            (None, Some(_)) => "; or use the access token: --access-token-env NAME",
            _ => "",
        };
        let api_key = match token::require_api_key(&document, alternative) {
            Err(error) if access_token.is_none() || args.api_key_env.is_some() => {
                return Err(error);
            }
            key => key.ok(),
        };
        Ok(Self { api_key: (key_name.to_owned(), api_key), access_token })
    }

    /// Names and values. A variable without a value is to be removed: the token was requested, and an API
    /// key from elsewhere could be that of another account.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let (name, key) = &self.api_key;
        let token =
            self.access_token.iter().map(|(name, token)| (name.as_str(), Some(token.expose())));
        [(name.as_str(), key.as_ref().map(ApiKey::expose))].into_iter().chain(token)
    }
}
