use std::iter;

use native_oauth::RequestParameters;

use super::clients::{API_AUDIENCE, CREATE_API_KEY_SCOPE, SIGN_IN_SCOPE};

/// The query of the authorization URL of "sign in with ChatGPT", in the order in which this client has
/// always sent it. `scopes` are beside the default ones. `workspaces` are the allowed ones; all if empty.
#[must_use]
pub fn sign_in_query(
    client_id: &str,
    scopes: &[String],
    workspaces: &[String],
    parameters: RequestParameters<'_>,
) -> Vec<(&'static str, String)> {
    let scopes: Vec<&str> =
        iter::once(SIGN_IN_SCOPE).chain(scopes.iter().map(String::as_str)).collect();
    let mut query = vec![
        ("response_type", "code".to_owned()),
        ("client_id", client_id.to_owned()),
        ("redirect_uri", parameters.redirect_uri.to_owned()),
        ("scope", scopes.join(" ")),
        ("code_challenge", parameters.code_challenge.to_owned()),
        ("code_challenge_method", pkce::CODE_CHALLENGE_METHOD.to_owned()),
        ("id_token_add_organizations", "true".to_owned()),
        ("state", parameters.state.to_owned()),
    ];
    if !workspaces.is_empty() {
        query.push(("allowed_workspace_id", workspaces.join(",")));
    }
    query
}

/// The same for the client of "create a project API key".
#[must_use]
pub fn create_api_key_query(
    client_id: &str,
    parameters: RequestParameters<'_>,
) -> Vec<(&'static str, String)> {
    let query = [
        ("audience", API_AUDIENCE),
        ("client_id", client_id),
        ("code_challenge_method", pkce::CODE_CHALLENGE_METHOD),
        ("code_challenge", parameters.code_challenge),
        ("redirect_uri", parameters.redirect_uri),
        ("response_type", "code"),
        ("scope", CREATE_API_KEY_SCOPE),
        ("state", parameters.state),
    ];
    query.map(|(name, value)| (name, value.to_owned())).into()
}
