//! Reads the claims of an ID token, and compares them with what this client expects.

use credentials::{Claims, IdToken, IdTokenValidation};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // {"iss":"https://id.example.com","sub":"ada","aud":"my-client-id","iat":1790000000,
    // "exp":1790003600,"email":"ada@example.com"}, with a header and a signature
    let id_token = IdToken::new(
        "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUuY29tIiwic3ViIjoiYWRhIiwiYXVkIjoibXktY2xpZW50LWlkIiwiaWF0IjoxNzkwMDAwMDAwLCJleHAiOjE3OTAwMDM2MDAsImVtYWlsIjoiYWRhQGV4YW1wbGUuY29tIn0.c2ln",
    )?;
    let claims: Claims = Claims::decode_id_token_without_verifying(&id_token)?;
    let now = 1_790_000_005;
    claims.validate(&IdTokenValidation::new("https://id.example.com", "my-client-id", now))?;

    assert_eq!(claims.email.as_deref(), Some("ada@example.com"));
    assert_eq!(format!("{id_token:?}"), "IdToken([redacted])");
    Ok(())
}
