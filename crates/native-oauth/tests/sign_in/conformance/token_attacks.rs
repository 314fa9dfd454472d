//! Mutations of ID tokens and keys without a module in the suite.

use serde_json::json;

use super::attacks::{elsewhere, response};
use super::{KEYS_AGAIN, Module, Step, accepted, refused};
use crate::signing::{RSA, SHARED_SECRET};

const AUDIENCE: &str = "the ID token is not valid: it was made for another client (aud, azp)";
const NONCE: &str = "the ID token is not valid: it belongs to another sign-in (nonce)";
const SIGNATURE: &str = "the ID token is not signed with a key of the provider";
const ALGORITHM: &str = "the ID token is signed in a way that is not supported";

pub(super) const MODULES: &[Module] = &[
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
        "claims-nbf-future",
        "`nbf` is in the future",
        |it| it.claims = json!({"nbf": 9_999_999_999_u64}),
        "token",
        "the ID token is not valid: it is not valid yet (nbf)",
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
        "signature-alg-in-another-case",
        "`alg` is `es256`",
        |it| it.header = json!({"alg": "es256", "kid": "key-0"}),
        "token",
        ALGORITHM,
    ),
    refused(
        "keys-for-encryption",
        "the key that has signed is published for encryption",
        |it| it.key_members = json!({"use": "enc"}),
        "token",
        SIGNATURE,
    ),
    refused(
        "keys-for-another-algorithm",
        "the key that has signed is published for `ES384`",
        |it| it.key_members = json!({"alg": "ES384"}),
        "token",
        SIGNATURE,
    ),
    refused(
        "keys-list",
        "a list in place of a set of keys",
        |it| {
            let header = "Content-Type: application/json";
            it.response = Some(("/connect/keys", response("200", header, "[]")));
        },
        "keys",
        "cannot read the keys of the provider at http://id.example.com/connect/keys: the issuer's response cannot be used: the response is not a JSON object",
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
        "cannot read the keys of the provider at http://id.example.com/connect/keys: the response of id.example.com is larger than 1048576 bytes",
    ),
    refused(
        "keys-redirect",
        "redirects the request for its keys",
        |it| it.response = Some(("/connect/keys", elsewhere())),
        "keys",
        "cannot read the keys of the provider at http://id.example.com/connect/keys: unexpected redirect from id.example.com (HTTP 307)",
    ),
    refused(
        "keys-error",
        "has no keys for now",
        |it| it.response = Some(("/connect/keys", response("503", "Retry-After: 1", ""))),
        "keys",
        "cannot read the keys of the provider at http://id.example.com/connect/keys: the issuer refused: HTTP 503, not JSON",
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
