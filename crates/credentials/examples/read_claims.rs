//! Reads the claims of an ID token, and holds them against what this client expects.

use credentials::{Claims, IdToken, IdTokenValidation};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // {"alg":"RS256"} . {"iss":"https://auth.openai.com","sub":"auth0|ada","email":"ada@example.com"} .
    // a signature
    let id_token = IdToken::new(
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2F1dGgub3BlbmFpLmNvbSIsInN1YiI6ImF1dGgwfGFkYSIsImVtYWlsIjoiYWRhQGV4YW1wbGUuY29tIn0.c2ln",
    )?;
    let claims: Claims = Claims::decode_id_token_without_verifying(&id_token)?;
    claims.check(&IdTokenValidation::new("https://auth.openai.com", "app_1", 0))?;

    assert_eq!(claims.email.as_deref(), Some("ada@example.com"));
    assert_eq!(format!("{id_token:?}"), "IdToken([redacted])");
    Ok(())
}
