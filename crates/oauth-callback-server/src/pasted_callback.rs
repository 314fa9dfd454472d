use std::sync::Arc;

use crate::classify::{AuthorizationResponse, LONGEST_LINE, Refusal, Rules, classify_callback};
use crate::query::Parameters;
use crate::readings::readings;
use crate::session::Session;

/// Takes the address of the callback from a person whose browser could not come here by itself: one
/// on another machine, which was sent to a `localhost` that is its own.
///
/// What is brought is held against the same rules as a request, and counts as one: the first that is
/// the callback ends the wait, and a browser that comes with the same address later gets the same
/// answer.
#[derive(Clone)]
pub struct PastedCallback {
    session: Arc<Session>,
}

/// Why an address that somebody brought is not the callback. The wait goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCallbackUrl {
    /// A code or something else, without what has to come with it: without the `state`, nobody can
    /// tell whose code it is ([RFC 9700 §4.7](https://www.rfc-editor.org/rfc/rfc9700#section-4.7)).
    #[error("it is not a whole address")]
    NotAnAddress,
    /// The address of some other place, such as the authorization server's.
    #[error("it does not lead to this sign-in")]
    WrongHostOrPath,
    /// The address that the browser was sent out with, and not the one that it ended at.
    #[error("it is the address to open, not the one where the browser ends")]
    AuthorizationUrl,
    /// No `state`, or one that is not this sign-in's.
    #[error("it belongs to another sign-in, or a part of it is missing")]
    StateMismatch,
    /// The right `state`, and neither a code nor an error.
    #[error("it has no code in it")]
    MissingCode,
    /// A parameter stands in it twice, or is not written as a URL is.
    #[error("it is damaged")]
    Malformed,
    /// Longer than a request that is read.
    #[error("it is too long")]
    TooLong,
}

impl PastedCallback {
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// Hands in an address. What it has picked up on its way does not matter: white space and line breaks,
    /// quotes and brackets, `&amp;`, the backslashes of a shell, a link of a mail filter around it; nor does a
    /// fragment, which no browser would have sent. The `state` decides.
    ///
    /// # Errors
    ///
    /// [`InvalidCallbackUrl`]: nothing has changed.
    pub fn submit(&self, address: &str) -> Result<(), InvalidCallbackUrl> {
        let returned = classify_url(&self.session.rules, address)?;
        self.session.submit(returned);
        Ok(())
    }
}

impl std::fmt::Debug for PastedCallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PastedCallback").finish_non_exhaustive()
    }
}

/// What a browser at this address would have been to us. Of what the text may mean, the first that has the
/// right `state` counts, or else what is wrong with the likeliest.
pub(crate) fn classify_url(
    rules: &Rules,
    text: &str,
) -> Result<AuthorizationResponse, InvalidCallbackUrl> {
    if text.len() > LONGEST_LINE {
        return Err(InvalidCallbackUrl::TooLong);
    }
    let mut likeliest = None;
    for reading in readings(text) {
        match classify_reading(rules, &reading) {
            Ok(returned) => return Ok(returned),
            Err(refusal) => likeliest = likeliest.or(Some(refusal)),
        }
    }
    Err(likeliest.unwrap_or(InvalidCallbackUrl::NotAnAddress))
}

fn classify_reading(
    rules: &Rules,
    address: &str,
) -> Result<AuthorizationResponse, InvalidCallbackUrl> {
    let query = query_at_our_place(rules, address)?;
    if has_stray_characters(query) {
        return Err(InvalidCallbackUrl::Malformed);
    }
    match classify_callback(rules, &Parameters::parse(query)) {
        Ok(AuthorizationResponse::MissingCode) => Err(InvalidCallbackUrl::MissingCode),
        Ok(returned) => Ok(returned),
        Err(Refusal::StateMismatch | Refusal::MissingState) => {
            Err(InvalidCallbackUrl::StateMismatch)
        }
        Err(_) => Err(InvalidCallbackUrl::Malformed),
    }
}

/// Whether a code or a `state` has a character in it that stands in no URI without an encoding
/// ([RFC 3986 §2](https://www.rfc-editor.org/rfc/rfc3986#section-2)): whoever escaped, quoted or cut the
/// address has put it there, and a code that is sent like that is lost.
fn has_stray_characters(query: &str) -> bool {
    const STRAY: [char; 12] = ['\\', '^', '`', '|', '<', '>', '{', '}', '[', ']', '"', ' '];
    let is_ours = |pair: &&str| ["code=", "state="].iter().any(|name| pair.starts_with(name));
    query.split('&').filter(is_ours).any(|pair| pair.contains(STRAY))
}

/// The query of an address that leads here, or would without what is between the browser and this port: a
/// number that a port is forwarded under, or a browser that insists on https.
fn query_at_our_place<'a>(rules: &Rules, address: &'a str) -> Result<&'a str, InvalidCallbackUrl> {
    let address = address.split('#').next().unwrap_or_default();
    let (place, query) = address.split_once('?').ok_or(without_query(address))?;
    // A browser that shows no scheme may not copy it either.
    let place = without_scheme(place);
    let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
    let has_state = Parameters::parse(query).state.value().is_some_and(|it| rules.state.is(it));
    if path == rules.callback_path
        && (rules.is_our_host(authority.as_bytes()) || (has_state && is_loopback(authority)))
    {
        return Ok(query);
    }
    let was_sent_out = has_state && !place.ends_with(rules.callback_path);
    Err(if was_sent_out {
        InvalidCallbackUrl::AuthorizationUrl
    } else {
        InvalidCallbackUrl::WrongHostOrPath
    })
}

/// Whether it is this machine, to whoever sees it, under any port or none.
fn is_loopback(authority: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    };
    let names = ["localhost", "localhost.", "127.0.0.1", "[::1]"];
    port.bytes().all(|byte| byte.is_ascii_digit())
        && names.iter().any(|name| host.eq_ignore_ascii_case(name))
}

fn without_scheme(place: &str) -> &str {
    let is_scheme = |scheme: &&&str| {
        place.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
    };
    let scheme = ["http://", "https://"].iter().find(is_scheme);
    scheme.map_or(place, |scheme| &place[scheme.len()..])
}

fn without_query(address: &str) -> InvalidCallbackUrl {
    if address.contains("://") {
        InvalidCallbackUrl::WrongHostOrPath
    } else {
        InvalidCallbackUrl::NotAnAddress
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    const PLACE: &str = "http://localhost:1455/auth/callback";

    fn rules() -> Rules {
        Rules {
            port: 1455,
            redirect_host: crate::RedirectHost::Localhost,
            callback_path: "/auth/callback",
            form_post: false,
            state: State::generate().unwrap(),
            issuer: Some("https://issuer.example".to_owned()),
        }
    }

    /// What becomes of an address, in which `S` stands for the right state.
    fn classified(address: &str) -> Result<AuthorizationResponse, InvalidCallbackUrl> {
        let rules = rules();
        let state = rules.state.expose();
        let address = address.replace("state=S", &format!("state={state}"));
        classify_url(&rules, &address.replace("state%3DS", &format!("state%3D{state}")))
    }

    #[track_caller]
    fn gives_code(address: &str) {
        match classified(address) {
            Ok(AuthorizationResponse::Code(code)) => assert_eq!(code.expose(), "C", "{address}"),
            other => panic!("{address}: {other:?}"),
        }
    }

    #[track_caller]
    fn refused(address: &str, expected: InvalidCallbackUrl) {
        assert_eq!(classified(address).unwrap_err(), expected, "{address:.200}");
    }

    #[test]
    fn the_address_at_which_the_browser_ended_brings_the_code() {
        gives_code(&format!("{PLACE}?code=C&state=S"));
        gives_code(&format!("  {PLACE}?state=S&scope=a+b&code=C#fragment\r\n"));
        gives_code("localhost:1455/auth/callback?code=C&state=S");
        gives_code("localhost:1455/auth/callback?code=C&state=S&error_uri=http://issuer.example");
        gives_code("HTTP://LOCALHOST:1455/auth/callback?code=C&state=S");
        gives_code("http://127.0.0.1:1455/auth/callback?code=C&state=S");
        gives_code("http://[::1]:1455/auth/callback?code=C&state=S");
    }

    // threats 218
    #[test]
    fn what_is_between_the_browser_and_this_port_does_not_matter() {
        for place in [
            "https://localhost:1455",
            "HTTPS://localhost:1455",
            "http://localhost.:1455",
            "https://localhost",
            "http://localhost:8080",
            "127.0.0.1:8080",
            "http://[::1]",
        ] {
            gives_code(&format!("{place}/auth/callback?code=C&state=S"));
            assert!(
                classified(&format!("{place}/auth/callback?code=C&state=T")).is_err(),
                "{place}"
            );
            assert!(classified(&format!("{place}/auth/callback?code=C")).is_err(), "{place}");
        }
        gives_code(
            "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Flocalhost%3A1455%2Fauth\
             %2Fcallback%3Fcode%3DC%26state%3DS&data=05%7C02",
        );
    }

    #[test]
    fn what_was_copied_with_it_does_not_matter() {
        for around in ["\"{}\"", "'{}'", "<{}>", "\u{2039}{}\u{203a}", "URL: {}", "(see {})"] {
            gives_code(&around.replace("{}", &format!("{PLACE}?code=C&state=S")));
        }
    }

    /// None of it is sent, so that the right address can still be pasted.
    // threats 218
    #[test]
    fn an_escaped_or_cut_code_is_not_taken_for_the_code() {
        for escape in ["\\&", "^&", "`&", "\\\n&"] {
            gives_code(&format!("{PLACE}?code=C{escape}state=S"));
        }
        for stray in ["|", "{", "}", "[201~", "</a", "\" x"] {
            refused(&format!("{PLACE}?state=S&code=C{stray}"), InvalidCallbackUrl::Malformed);
        }
        gives_code(&format!("{PLACE}?code=C&state=S&scope=a|b"));
    }

    #[test]
    fn a_no_of_the_authorization_server_is_brought_like_a_code() {
        let denied = classified(&format!("{PLACE}?error=access_denied&state=S"));
        assert!(matches!(denied, Ok(AuthorizationResponse::Denied { .. })), "{denied:?}");
        let mix_up = classified(&format!("{PLACE}?code=C&state=S&iss=https%3A%2F%2Fother.example"));
        assert!(matches!(mix_up, Ok(AuthorizationResponse::WrongIssuer)), "{mix_up:?}");
    }

    // threats 190
    #[test]
    fn a_code_alone_is_refused_whatever_it_looks_like() {
        for bare in ["", "C", "code=C", "code=C&state=S", "ac_Zm9v.bar", "C#S", "/auth/callback"] {
            refused(bare, InvalidCallbackUrl::NotAnAddress);
        }
        refused("?code=C&state=S", InvalidCallbackUrl::AuthorizationUrl);
        refused("/auth/callback?code=C&state=S", InvalidCallbackUrl::WrongHostOrPath);
    }

    // threats 190
    #[test]
    fn an_address_of_another_place_is_refused() {
        for place in [
            "http://localhost:1455/auth/callback/",
            "http://localhost:1455/",
            "http://localhost:x/auth/callback",
            "http://localhost.evil.test:1455/auth/callback",
            "http://localhost:1455@evil.test/auth/callback",
            "http://evil.test:1455/auth/callback",
            "http://[::ffff:127.0.0.1]:1455/auth/callback",
            "http://http://localhost:1455/auth/callback",
            "\u{1b}[31mhttp://localhost:1455/auth/callback",
        ] {
            refused(&format!("{place}?code=C&state=T"), InvalidCallbackUrl::WrongHostOrPath);
            refused(&format!("{place}?code=C"), InvalidCallbackUrl::WrongHostOrPath);
            assert!(classified(&format!("{place}?code=C&state=S")).is_err(), "{place}");
        }
        refused(
            "https://issuer.example/oauth/authorize?state=S",
            InvalidCallbackUrl::AuthorizationUrl,
        );
        refused("https://issuer.example/login", InvalidCallbackUrl::WrongHostOrPath);
    }

    // threats 10 190
    #[test]
    fn an_address_with_another_state_is_refused() {
        for query in ["code=C", "code=C&state=", "code=C&state=T", "code=C&state=S%20", "code=C&"] {
            refused(&format!("{PLACE}?{query}"), InvalidCallbackUrl::StateMismatch);
        }
    }

    // threats 190
    #[test]
    fn what_a_request_could_not_be_is_refused() {
        let odd = ["code=C&code=C&state=S", "code=C\u{1b}[2J&state=S", "code=%zz&state=S"];
        for query in odd {
            refused(&format!("{PLACE}?{query}"), InvalidCallbackUrl::Malformed);
        }
        for cut in ["state=S&code=ab cd", "state=S&code=ab'cd'e f", "state=S&code=C there"] {
            refused(&format!("{PLACE}?{cut}"), InvalidCallbackUrl::Malformed);
        }
        refused(&format!("{PLACE}?state=S"), InvalidCallbackUrl::MissingCode);
        refused(&format!("{PLACE}?state=S&code="), InvalidCallbackUrl::MissingCode);
        let long = format!("{PLACE}?code=C&state=S&x={}", "x".repeat(1 << 20));
        refused(&long, InvalidCallbackUrl::TooLong);
    }
}
