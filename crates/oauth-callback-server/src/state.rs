use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::TryRng as _;
use rand::rngs::SysRng;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// The `state` of one authorization request
/// ([RFC 6749 §10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)). A callback with this `state`
/// belongs to this request.
///
/// Not `Clone`: it belongs to one request. Not `PartialEq`: a comparison that stops at the first difference
/// reveals the length of the common prefix. Not `Display` or `Serialize`: both lead into logs.
pub struct State(Zeroizing<String>);

impl State {
    /// A random `state`: 43 characters from 32 random bytes.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] if the operating system provides no random bytes. There is no fallback: a guessed
    /// `state` can end the wait.
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        SysRng.try_fill_bytes(bytes.as_mut()).map_err(|error| NoRandomness(error.to_string()))?;
        Ok(Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_ref()))))
    }

    /// The `state` that another library put into the authorization URL. It has to be unguessable.
    pub fn new(state: impl Into<String>) -> Self {
        Self(Zeroizing::new(state.into()))
    }

    /// The value, for the authorization URL.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in constant time.
    pub(crate) fn matches(&self, value: &str) -> bool {
        self.0.as_bytes().ct_eq(value.as_bytes()).into()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State([redacted])")
    }
}

/// The operating system provides no random bytes. Contains its message.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gives no random numbers: {0}")]
pub struct NoRandomness(String);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    // threats 4
    #[test]
    fn ten_thousand_states_are_distinct() {
        let all: HashSet<String> =
            (0..10_000).map(|_| State::generate().unwrap().expose().to_owned()).collect();
        assert_eq!(all.len(), 10_000);
        assert!(all.iter().all(|state| state.len() == 43));
    }

    // threats 6
    #[test]
    fn debug_output_is_redacted() {
        for state in [State::generate().unwrap(), State::new("canary")] {
            assert_eq!(format!("{state:?}"), "State([redacted])");
            assert_eq!(format!("{state:#?}"), "State([redacted])");
        }
    }

    #[test]
    fn only_the_whole_state_matches() {
        let state = State::generate().unwrap();
        let text = state.expose().to_owned();
        assert!(state.matches(&text));
        for other in ["", &text[1..], &text[..42], &format!("{text} ")] {
            assert!(!state.matches(other), "{other}");
        }
    }
}
