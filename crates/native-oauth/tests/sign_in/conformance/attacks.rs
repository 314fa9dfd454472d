//! Mutations without a module in the suite.

use serde_json::{Value, json};

use super::{KEYS_AGAIN, METADATA_AGAIN, Module, Step, accepted, ignored, refused};
use crate::signing::{RSA, SHARED_SECRET};

const AUDIENCE: &str = "the ID token is not valid: it was made for another client (aud, azp)";
const NONCE: &str = "the ID token is not valid: it belongs to another sign-in (nonce)";
const SIGNATURE: &str = "the ID token is not signed with a key of the provider";
const ALGORITHM: &str = "the ID token is signed in a way that is not supported";
const TOKEN_TYPE: &str = "cannot exchange the code for tokens: the issuer's response cannot be used: the response has no usable `token_type`";
const OTHER_ISSUER: &str = "the callback comes from another issuer";

fn response(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!("{status} -\r\n{header}\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn elsewhere() -> String {
    response("307", "Location: /connect/stolen", "")
}

fn json_response(body: &Value) -> String {
    response("200", "Content-Type: application/json", &body.to_string())
}

pub(super) const MODULES: &[Module] = &[
    // The metadata.
    refused(
        "metadata-redirect",
        "redirects the request for its metadata",
        |it| it.response = Some(("/.well-known/openid-configuration", elsewhere())),
        METADATA_AGAIN,
        "cannot read the metadata of the issuer: unexpected redirect from id.example.com (HTTP 307)",
    ),
    refused(
        "metadata-issuer-slash",
        "the issuer in the metadata has a slash at the end",
        |it| it.metadata = json!({"issuer": "https://id.example.com/"}),
        "metadata",
        "the metadata names another issuer (a slash at the end matters)",
    ),
    refused(
        "metadata-plain-http",
        "the token endpoint is plain http",
        |it| it.metadata = json!({"token_endpoint": "http://id.example.com/token"}),
        "metadata",
        "the metadata has no usable `token_endpoint`",
    ),
    refused(
        "metadata-javascript",
        "the authorization endpoint is a script",
        |it| it.metadata = json!({"authorization_endpoint": "javascript:alert(1)"}),
        "metadata",
        "the metadata has no usable `authorization_endpoint`",
    ),
    // The callback.
    refused(
        "callback-iss-slash",
        "`iss` of the callback has a slash at the end",
        |it| it.callback = json!({"iss": "https://id.example.com/"}),
        "callback",
        OTHER_ISSUER,
    ),
    refused(
        "callback-iss-twice",
        "the callback has two `iss`",
        |it| it.callback = json!({"iss": ["https://id.example.com", "https://id.example.com"]}),
        "callback",
        OTHER_ISSUER,
    ),
    refused(
        "callback-error-of-another-issuer",
        "an error with `iss` of another issuer",
        |it| {
            it.callback =
                json!({"code": null, "error": "access_denied", "iss": "https://evil.example.com"});
        },
        "callback",
        OTHER_ISSUER,
    ),
    refused(
        "callback-error-and-code",
        "an error and a code",
        |it| it.callback = json!({"error": "access_denied"}),
        "callback",
        "the authorization server refused: access_denied",
    ),
    refused(
        "callback-code-missing",
        "no `code`",
        |it| it.callback = json!({"code": null}),
        "callback",
        "the callback has no authorization code",
    ),
    ignored("callback-code-twice", "two codes", |it| {
        it.callback = json!({"code": ["first", "second"]});
    }),
    ignored("callback-error-without-state", "an error without `state`", |it| {
        it.callback = json!({"code": null, "state": null, "error": "access_denied"});
    }),
    // The token response.
    refused(
        "token-redirect",
        "redirects the token request",
        |it| it.response = Some(("/connect/token", elsewhere())),
        "token",
        "cannot exchange the code for tokens: unexpected redirect from id.example.com (HTTP 307)",
    ),
    refused(
        "token-error-with-status-200",
        "an error with the status 200",
        |it| {
            it.response =
                Some(("/connect/token", json_response(&json!({"error": "invalid_grant"}))));
        },
        "token",
        "cannot exchange the code for tokens: the issuer refused: HTTP 200, invalid_grant",
    ),
    refused(
        "token-page",
        "a page in place of tokens",
        |it| {
            it.response =
                Some(("/connect/token", response("200", "Content-Type: text/html", "<p>")));
        },
        "token",
        "cannot exchange the code for tokens: the issuer's response cannot be used: the response is not JSON (HTTP 200, text/html)",
    ),
    refused(
        "token-huge",
        "a token response of 100 kB",
        |it| it.tokens = json!({"padding": "x".repeat(100_000)}),
        "token",
        "cannot exchange the code for tokens: the response of id.example.com is larger than 65536 bytes",
    ),
    refused(
        "token-type-mac",
        "`token_type` is unknown",
        |it| it.tokens = json!({"token_type": "mac"}),
        "token",
        TOKEN_TYPE,
    ),
    refused(
        "token-type-dpop",
        "`token_type` is `DPoP`, and the client has no key",
        |it| it.tokens = json!({"token_type": "DPoP"}),
        "token",
        TOKEN_TYPE,
    ),
    refused(
        "token-access-token-missing",
        "no access token",
        |it| it.tokens = json!({"access_token": null}),
        "token",
        "cannot exchange the code for tokens: the issuer's response cannot be used: the response has no usable `access_token`",
    ),
    refused(
        "token-id-token-missing",
        "no ID token",
        |it| it.tokens = json!({"id_token": null}),
        "token",
        "the response has no ID token",
    ),
    refused(
        "token-id-token-encrypted",
        "the ID token has five parts",
        |it| it.tokens = json!({"id_token": "a.b.c.d.e"}),
        "token",
        "the ID token is malformed: it does not have three parts",
    ),
    // Claims.
    refused(
        "claims-iss-slash",
        "`iss` has a slash at the end",
        |it| it.claims = json!({"iss": "https://id.example.com/"}),
        "token",
        "the ID token is not valid: it was made by another issuer (iss)",
    ),
    refused(
        "claims-access-token",
        "an access token in place of the ID token",
        |it| {
            it.header["typ"] = "at+jwt".into();
            it.claims = json!({"aud": "https://api.example.com", "client_id": "my-client-id"});
        },
        "token",
        AUDIENCE,
    ),
    refused(
        "claims-aud-empty",
        "`aud` is an empty list",
        |it| it.claims = json!({"aud": []}),
        "token",
        AUDIENCE,
    ),
    refused(
        "claims-aud-number",
        "`aud` is a number",
        |it| it.claims = json!({"aud": 7}),
        "token",
        AUDIENCE,
    ),
    refused(
        "claims-azp",
        "`azp` is another client",
        |it| it.claims = json!({"azp": "another-client"}),
        "token",
        AUDIENCE,
    ),
    refused(
        "claims-sub-number",
        "`sub` is a number",
        |it| it.claims = json!({"sub": 7}),
        "token",
        "the ID token is not valid: it does not say who signed in (sub)",
    ),
    refused(
        "claims-sub-long",
        "`sub` has 256 characters",
        |it| it.claims = json!({"sub": "a".repeat(256)}),
        "token",
        "the ID token is not valid: it does not say who signed in (sub)",
    ),
    refused(
        "claims-iat-future",
        "`iat` is in the future",
        |it| it.claims = json!({"iat": 9_999_999_999_u64}),
        "token",
        "the ID token is not valid: it was issued in the future (iat)",
    ),
    refused(
        "claims-exp-text",
        "`exp` is a text",
        |it| it.claims = json!({"exp": "9999999999"}),
        "token",
        "the ID token is not valid: it has no exp",
    ),
    refused(
        "claims-nonce-list",
        "`nonce` is a list",
        |it| it.claims = json!({"nonce": ["a"]}),
        "token",
        NONCE,
    ),
    refused(
        "claims-nonce-empty",
        "`nonce` is empty",
        |it| it.claims = json!({"nonce": ""}),
        "token",
        NONCE,
    ),
    // The keys and the signature.
    refused(
        "signature-hs256-with-published-secret",
        "HS256 with a secret that it publishes",
        |it| {
            it.header = json!({"alg": "HS256", "kid": "shared"});
            it.more_keys = vec![json!({"kty": "oct", "kid": "shared", "k": SHARED_SECRET})];
        },
        "token",
        ALGORITHM,
    ),
    refused(
        "signature-key-in-header",
        "a key of an attacker, which the header has as `jwk` and `jku`",
        |it| {
            it.signs_with = 1;
            it.header =
                json!({"alg": "ES256", "jwk": "its own", "jku": "https://evil.example.com"});
        },
        KEYS_AGAIN,
        SIGNATURE,
    ),
    refused(
        "signature-es256-of-rsa-key",
        "`alg` is ES256, and `kid` is that of an RSA key",
        |it| {
            it.header = json!({"alg": "ES256", "kid": "key-2"});
            it.publishes = (vec![RSA], true);
        },
        "token",
        SIGNATURE,
    ),
    refused(
        "signature-zero",
        "a signature of zeros",
        |it| {
            it.signature = Some(
                "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            );
        },
        "token",
        SIGNATURE,
    ),
    refused(
        "signature-crit",
        "a critical header",
        |it| it.header = json!({"alg": "ES256", "kid": "key-0", "crit": ["b64"], "b64": false}),
        "token",
        ALGORITHM,
    ),
    refused(
        "keys-kid-unknown",
        "`kid` of no key",
        |it| it.header["kid"] = "key-7".into(),
        KEYS_AGAIN,
        SIGNATURE,
    ),
    refused(
        "keys-kid-of-another",
        "`kid` of another key",
        |it| {
            it.header["kid"] = "key-1".into();
            it.publishes = (vec![0, 1], true);
        },
        "token",
        SIGNATURE,
    ),
    refused(
        "keys-none",
        "an empty set of keys",
        |it| it.publishes = (vec![], true),
        KEYS_AGAIN,
        SIGNATURE,
    ),
    accepted("keys-kid-twice", "two keys with one `kid`; the second one has signed", |it| {
        it.more_keys =
            vec![json!({"kty": "EC", "crv": "P-256", "kid": "key-0", "x": "AA", "y": "AA"})];
    }),
    accepted("keys-two-thousand", "2,000 keys; the last one has signed", |it| {
        let key = json!({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"});
        it.more_keys = vec![key; 2_000];
        it.header = json!({"alg": "ES256"});
    }),
    refused(
        "keys-huge",
        "a set of keys of 2 MB",
        |it| it.more_keys = vec![json!({"kty": "RSA", "n": "A".repeat(2_000_000)})],
        "keys",
        "cannot read the keys of the provider: the response of id.example.com is larger than 1048576 bytes",
    ),
    refused(
        "keys-redirect",
        "redirects the request for its keys",
        |it| it.response = Some(("/connect/keys", elsewhere())),
        "keys",
        "cannot read the keys of the provider: unexpected redirect from id.example.com (HTTP 307)",
    ),
    refused(
        "keys-error",
        "has no keys for now",
        |it| it.response = Some(("/connect/keys", response("503", "Retry-After: 1", ""))),
        "keys",
        "cannot read the keys of the provider: the issuer refused: HTTP 503, not JSON",
    ),
    // The refresh.
    refused(
        "refresh-nonce",
        "`nonce` of the refreshed ID token is another one",
        |it| it.claims = json!({"nonce": "another"}),
        "token",
        NONCE,
    )
    .at(Step::Refresh),
    refused(
        "refresh-signature",
        "the refreshed ID token is signed with another key",
        |it| it.signs_with = 1,
        "token",
        SIGNATURE,
    )
    .at(Step::Refresh),
];
