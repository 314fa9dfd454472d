//! Makes a verifier and the challenge that goes with it.

use pkce::{CODE_CHALLENGE_METHOD, CodeVerifier};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Into the authorization URL go the challenge and its method …
    let code_verifier = CodeVerifier::generate()?;
    let code_challenge = code_verifier.challenge();
    assert_eq!(code_challenge.as_str().len(), 43);
    assert_eq!(CODE_CHALLENGE_METHOD, "S256");

    // … and into the token request, minutes later, the verifier.
    assert_eq!(code_verifier.expose().len(), 43);
    Ok(())
}
