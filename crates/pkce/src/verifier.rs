extern crate alloc;

use alloc::string::String;
use core::{error, fmt};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::CodeChallenge;

/// The `code_verifier`: the secret that proves to the token endpoint that the client
/// that exchanges the code is the one that requested it.
///
/// Send it with the code, in the token request, and nowhere else.
///
/// Not `Clone`, because a verifier is good for one authorization request. Not `PartialEq`, because
/// only the authorization server compares it. Not `Display` or `Serialize`, because both lead into
/// logs.
pub struct CodeVerifier(Zeroizing<String>);

impl CodeVerifier {
    /// A fresh verifier of 43 characters, made of 32 random bytes as
    /// [RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1) recommends.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`] when the operating system provides no random bytes. There is no fallback: a
    /// guessable verifier would not protect the code.
    #[cfg(feature = "getrandom")]
    pub fn generate() -> Result<Self, NoRandomness> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        getrandom::fill(bytes.as_mut()).map_err(NoRandomness)?;
        Ok(Self::from_random(&bytes))
    }

    /// A verifier of 43 characters, made of random bytes that the caller brings, on a system without a
    /// generator of its own.
    #[must_use]
    pub fn from_random(bytes: &[u8; 32]) -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A verifier from another source, such as a device authorization of the server.
    ///
    /// # Errors
    ///
    /// [`InvalidCodeVerifier`] unless it is 43 to 128 characters of the `unreserved` set
    /// ([RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1)).
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidCodeVerifier> {
        let text = Zeroizing::new(text.into());
        let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
        if (43..=128).contains(&text.len()) && text.chars().all(unreserved) {
            Ok(Self(text))
        } else {
            Err(InvalidCodeVerifier)
        }
    }

    /// `BASE64URL-ENCODE(SHA256(ASCII(code_verifier)))`, the `S256` method of
    /// [RFC 7636 §4.2](https://www.rfc-editor.org/rfc/rfc7636#section-4.2).
    #[must_use]
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge::from_digest(&Sha256::digest(self.0.as_bytes()))
    }

    /// The verifier itself, for the token request.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier([redacted])")
    }
}

/// The operating system gave no random bytes; its own words are inside.
#[cfg(feature = "getrandom")]
#[derive(Debug)]
pub struct NoRandomness(getrandom::Error);

#[cfg(feature = "getrandom")]
impl fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the operating system gives no random numbers: {}", self.0)
    }
}

#[cfg(feature = "getrandom")]
impl error::Error for NoRandomness {}

/// A text that is not 43 to 128 characters of `A-Z a-z 0-9 - . _ ~`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCodeVerifier;

impl fmt::Display for InvalidCodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a code verifier has 43 to 128 characters of A-Z a-z 0-9 - . _ ~")
    }
}

impl error::Error for InvalidCodeVerifier {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    // threats 2
    #[test]
    fn verifier_has_43_to_128_unreserved_characters() {
        for good in ["a".repeat(43), "0f".repeat(64), "-._~".repeat(20)] {
            assert_eq!(CodeVerifier::new(good.clone()).unwrap().expose(), good);
        }
        let umlaut = "\u{fc}".repeat(43);
        for bad in
            ["", &"a".repeat(42), &"a".repeat(129), &"+".repeat(50), &"=".repeat(50), &umlaut]
        {
            assert_eq!(CodeVerifier::new(bad).unwrap_err(), InvalidCodeVerifier, "{bad}");
        }
    }

    // threats 4
    #[test]
    fn generated_verifiers_are_unique() {
        let all: HashSet<String> =
            (0..10_000).map(|_| CodeVerifier::generate().unwrap().expose().to_owned()).collect();
        assert_eq!(all.len(), 10_000);
        assert!(all.iter().all(|verifier| CodeVerifier::new(verifier.clone()).is_ok()));
    }

    #[test]
    fn random_bytes_of_the_caller_are_base64url() {
        // The bytes and the verifier of RFC 7636 appendix B.
        let bytes = [
            116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212,
            37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121,
        ];
        let verifier = CodeVerifier::from_random(&bytes);
        assert_eq!(verifier.expose(), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    }

    // threats 6
    #[test]
    fn debug_hides_the_verifier() {
        let verifier = CodeVerifier::generate().unwrap();
        assert_eq!(format!("{verifier:?}"), "CodeVerifier([redacted])");
        assert_eq!(format!("{verifier:#?}"), "CodeVerifier([redacted])");
    }
}
