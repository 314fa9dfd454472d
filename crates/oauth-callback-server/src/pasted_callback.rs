use std::sync::Arc;

use crate::classify::{AuthorizationResponse, Refusal, Rules, classify_callback};
use crate::limits::MAX_REQUEST_LINE;
use crate::pasted_text::url_candidates;
use crate::query::Parameters;
use crate::session::Session;

/// Accepts the callback as a URL that the user pastes: a browser on another machine is redirected to its own
/// `localhost`, and cannot reach this server.
///
/// The rules are those for a request. The first callback ends the wait; a browser that requests the same URL
/// later gets the same response.
#[derive(Clone)]
pub struct PastedCallback {
    session: Arc<Session>,
}

/// Why a pasted URL is not the callback. The server still waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCallbackUrl {
    /// Not a URL, for example only the code. Without the `state`, the code could be another user's
    /// ([RFC 9700 §4.7](https://www.rfc-editor.org/rfc/rfc9700#section-4.7)).
    #[error("it is not a complete URL")]
    NotAUrl,
    /// The URL has another host or path, such as the authorization server's.
    #[error("it is not the redirect URL of this sign-in")]
    WrongHostOrPath,
    /// The authorization URL, where the browser starts.
    #[error("it is the URL that starts the sign-in, not the URL of the last page")]
    AuthorizationUrl,
    /// No `state`, or the `state` of another sign-in.
    #[error("it belongs to another sign-in, or is incomplete")]
    StateMismatch,
    /// The right `state`, but neither a code nor an error.
    #[error("it has no authorization code")]
    MissingCode,
    /// A parameter occurs twice, or is not correctly encoded.
    #[error("it is malformed")]
    Malformed,
    /// Longer than a request line may be.
    #[error("it is too long")]
    TooLong,
}

impl PastedCallback {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// Submits a URL. White space, line breaks, quotes, brackets, `&amp;`, shell escapes, the link of a mail filter
    /// around the URL, and a fragment are ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidCallbackUrl`] if the text has no URL with the right `state`. The server still waits.
    pub fn submit(&self, text: &str) -> Result<(), InvalidCallbackUrl> {
        let response = classify_url(&self.session.rules, text)?;
        self.session.submit(response);
        Ok(())
    }
}

impl std::fmt::Debug for PastedCallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PastedCallback").finish_non_exhaustive()
    }
}

/// Classifies pasted text: the first URL in it that is the callback, or else the error of the most likely URL.
pub(crate) fn classify_url(
    rules: &Rules,
    text: &str,
) -> Result<AuthorizationResponse, InvalidCallbackUrl> {
    if text.len() > MAX_REQUEST_LINE {
        return Err(InvalidCallbackUrl::TooLong);
    }
    let mut first_error = None;
    for url in url_candidates(text) {
        match classify_candidate(rules, &url) {
            Ok(response) => return Ok(response),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or(InvalidCallbackUrl::NotAUrl))
}

fn classify_candidate(
    rules: &Rules,
    url: &str,
) -> Result<AuthorizationResponse, InvalidCallbackUrl> {
    let query = callback_query(rules, url)?;
    if has_stray_characters(query) {
        return Err(InvalidCallbackUrl::Malformed);
    }
    match classify_callback(rules, &Parameters::parse(query)) {
        Ok(AuthorizationResponse::MissingCode) => Err(InvalidCallbackUrl::MissingCode),
        Ok(response) => Ok(response),
        Err(Refusal::StateMismatch | Refusal::MissingState) => {
            Err(InvalidCallbackUrl::StateMismatch)
        }
        Err(_) => Err(InvalidCallbackUrl::Malformed),
    }
}

/// Whether the code or the `state` has a character that a URI only has in encoded form
/// ([RFC 3986 §2](https://www.rfc-editor.org/rfc/rfc3986#section-2)). It comes from an escape, a quote or a cut,
/// and a request with such a code would lose the code.
fn has_stray_characters(query: &str) -> bool {
    const STRAY: [char; 12] = ['\\', '^', '`', '|', '<', '>', '{', '}', '[', ']', '"', ' '];
    let is_ours = |pair: &&str| ["code=", "state="].iter().any(|name| pair.starts_with(name));
    query.split('&').filter(is_ours).any(|pair| pair.contains(STRAY))
}

/// The query of a URL of this server. With the right `state`, the port and the scheme may differ, as behind a port
/// forwarding or in a browser that forces https.
fn callback_query<'a>(rules: &Rules, url: &'a str) -> Result<&'a str, InvalidCallbackUrl> {
    let url = url.split('#').next().unwrap_or_default();
    let (location, query) = url.split_once('?').ok_or(error_without_query(url))?;
    // A browser that hides the scheme may not copy it.
    let location = strip_scheme(location);
    let (authority, path) = location.split_at(location.find('/').unwrap_or(location.len()));
    let path = if path.is_empty() { "/" } else { path };
    let state = &Parameters::parse(query).state;
    let has_state = state.value().is_some_and(|state| rules.state.matches(state));
    if path == rules.callback_path
        && (rules.is_our_host(authority.as_bytes()) || (has_state && is_loopback(authority)))
    {
        return Ok(query);
    }
    Err(if has_state && !location.ends_with(&rules.callback_path) {
        InvalidCallbackUrl::AuthorizationUrl
    } else {
        InvalidCallbackUrl::WrongHostOrPath
    })
}

/// Whether the authority is a loopback host, with any port or none.
fn is_loopback(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let hosts = ["localhost", "localhost.", "127.0.0.1", "[::1]"];
    port.bytes().all(|byte| byte.is_ascii_digit())
        && hosts.iter().any(|it| host.eq_ignore_ascii_case(it))
}

fn strip_scheme(location: &str) -> &str {
    let is_scheme = |scheme: &&&str| {
        location.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["http://", "https://"].iter().find(is_scheme);
    scheme.map_or(location, |scheme| &location[scheme.len()..])
}

fn error_without_query(url: &str) -> InvalidCallbackUrl {
    if url.contains("://") {
        InvalidCallbackUrl::WrongHostOrPath
    } else {
        InvalidCallbackUrl::NotAUrl
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RedirectHost, State};

    #[test]
    fn callback_url_without_a_path_has_the_code() {
        let rules = Rules {
            port: 1455,
            redirect_host: RedirectHost::Localhost,
            callback_path: "/".to_owned(),
            form_post: false,
            state: State::generate().unwrap(),
            issuer: None,
            iss_required: false,
        };
        let state = rules.state.expose();
        for place in ["http://localhost:1455", "http://localhost:1455/", "localhost:1455"] {
            let url = format!("{place}?code=C&state={state}");
            let response = classify_url(&rules, &url);
            assert!(matches!(response, Ok(AuthorizationResponse::Code(..))), "{url}");
        }
    }
}
