use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The `state` of one authorization request
/// ([RFC 6749 §10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)): whoever brings it
/// back was sent by the browser that we opened.
///
/// Not `Clone`, because it belongs to one request. Not `PartialEq`, because a comparison that stops
/// at the first difference tells how long the common prefix is. Not `Display` or `Serialize`,
/// because both lead into logs.
pub struct State(Zeroizing<String>);

impl State {
    /// A fresh `state` of 43 characters, made of 32 random bytes.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the operating system gives no random bytes. There is nothing to fall
    /// back to: whoever can guess the `state` can end the wait.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        SysRng.try_fill_bytes(bytes.as_mut()).map_err(|error| NoRandomness(error.to_string()))?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()))))
    }

    /// A `state` that is no secret, so that a fuzz target can come upon it.
    #[cfg(fuzzing)]
    pub(crate) fn known(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The `state` itself, for the authorization URL and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether a request brought this `state`, in a time that does not depend on where they differ.
    pub(crate) fn is(&self, offered: &str) -> bool {
        self.0.as_bytes().ct_eq(offered.as_bytes()).into()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State([redacted])")
    }
}

/// The operating system gave no random bytes; its own words are inside.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random numbers: {0}")]
pub struct NoRandomness(String);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    // threats 4
    #[test]
    fn no_two_states_are_alike() {
        let all: HashSet<String> =
            (0..10_000).map(|_| State::generate().unwrap().expose().to_owned()).collect();
        assert_eq!(all.len(), 10_000);
        assert!(all.iter().all(|state| state.len() == 43));
    }

    // threats 6
    #[test]
    fn debug_never_shows_the_state() {
        let state = State::generate().unwrap();
        assert_eq!(format!("{state:?}"), "State([redacted])");
        assert_eq!(format!("{state:#?}"), "State([redacted])");
    }

    #[test]
    fn only_the_whole_state_is_the_state() {
        let state = State::generate().unwrap();
        let text = state.expose().to_owned();
        assert!(state.is(&text));
        for other in ["", &text[1..], &text[..42], &format!("{text} ")] {
            assert!(!state.is(other), "{other}");
        }
    }
}
