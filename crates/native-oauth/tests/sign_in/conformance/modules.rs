//! The modules of OpenID's conformance suite for relying parties that apply to a native client: of the basic, form
//! post, configuration and refresh token profiles, and of the client tests of FAPI 2.0 those that OpenID Connect
//! Core, RFC 9207 or RFC 6749 require of every client.

use serde_json::json;

use super::{KEYS_AGAIN, Module, Step, accepted, ignored, refused};
use crate::signing::{OTHER_RSA, RSA};

const ISSUER: &str = "the ID token is not valid: it was made by another issuer (iss)";
const AUDIENCE: &str = "the ID token is not valid: it was made for another client (aud, azp)";
const NONCE: &str = "the ID token is not valid: it belongs to another sign-in (nonce)";
const NO_SUBJECT: &str = "the ID token is not valid: it does not say who signed in (sub)";
const NO_ISSUER: &str = "the ID token is not valid: it has no iss";
const NO_AUDIENCE: &str = "the ID token is not valid: it has no aud";
const NO_ISSUED_AT: &str = "the ID token is not valid: it has no iat";
const NO_EXPIRY: &str = "the ID token is not valid: it has no exp";
const EXPIRED: &str = "the ID token is not valid: it has expired already (exp)";
const SIGNATURE: &str = "the ID token is not signed with a key of the provider";
const ALGORITHM: &str = "the ID token is signed in a way that is not supported";
const UNSIGNED: &str = "the ID token is malformed: it does not have three parts";
const OTHER_ISSUER: &str = "the callback does not come from the issuer of this sign-in";

pub(super) const MODULES: &[Module] = &[
    accepted("oidcc-client-test", "follows the standards", |_| {}),
    refused(
        "oidcc-client-test-invalid-iss",
        "`iss` is another issuer",
        |it| it.claims = json!({"iss": "https://evil.example.com"}),
        "token",
        ISSUER,
    ),
    refused(
        "oidcc-client-test-missing-sub",
        "no `sub`",
        |it| it.claims = json!({"sub": null}),
        "token",
        NO_SUBJECT,
    ),
    refused(
        "oidcc-client-test-invalid-aud",
        "`aud` is another client",
        |it| it.claims = json!({"aud": "another-client"}),
        "token",
        AUDIENCE,
    ),
    refused(
        "oidcc-client-test-missing-aud",
        "no `aud`",
        |it| it.claims = json!({"aud": null}),
        "token",
        NO_AUDIENCE,
    ),
    refused(
        "oidcc-client-test-missing-iat",
        "no `iat`",
        |it| it.claims = json!({"iat": null}),
        "token",
        NO_ISSUED_AT,
    ),
    accepted("oidcc-client-test-kid-absent-single-jwks", "no `kid`, one key", |it| {
        (it.signs_with, it.publishes) = (RSA, (vec![RSA], false));
        it.header = json!({"alg": "RS256"});
    }),
    accepted("oidcc-client-test-kid-absent-multiple-jwks", "no `kid`, two keys", |it| {
        (it.signs_with, it.publishes) = (RSA, (vec![OTHER_RSA, RSA], false));
        it.header = json!({"alg": "RS256"});
    }),
    accepted("oidcc-client-test-ignores-unparseable-key-in-jwks", "keys of unknown kinds", |it| {
        let of_the_future = json!({"kty": "AKP", "alg": "ML-DSA-99", "kid": "a", "pub": "AAAA"});
        it.more_keys = vec![of_the_future, json!({"kty": 7, "kid": "b", "x": [1e9]}), json!("c")];
    }),
    accepted("oidcc-client-test-idtoken-sig-rs256", "signs with RS256", |it| {
        (it.signs_with, it.publishes) = (RSA, (vec![RSA], true));
        it.header = json!({"alg": "RS256", "kid": "key-2"});
    }),
    refused(
        "oidcc-client-test-idtoken-sig-none",
        "the ID token has `alg: none` (the suite accepts this if the client has registered it)",
        |it| it.header = json!({"alg": "none"}),
        "token",
        UNSIGNED,
    ),
    refused(
        "oidcc-client-test-invalid-sig-rs256",
        "signs with RS256 and a key that it does not publish",
        |it| {
            (it.signs_with, it.publishes) = (RSA, (vec![OTHER_RSA], false));
            it.header = json!({"alg": "RS256"});
        },
        KEYS_AGAIN,
        SIGNATURE,
    ),
    refused(
        "oidcc-client-test-invalid-sig-es256",
        "signs with ES256 and a key that it does not publish",
        |it| it.signs_with = 1,
        "token",
        SIGNATURE,
    ),
    refused(
        "oidcc-client-test-invalid-sig-hs256",
        "signs with HS256",
        |it| it.header = json!({"alg": "HS256"}),
        "token",
        ALGORITHM,
    ),
    refused(
        "oidcc-client-test-nonce-invalid",
        "`nonce` is that of another request",
        |it| it.claims = json!({"nonce": "another"}),
        "token",
        NONCE,
    ),
    refused(
        "oidcc-client-test-form-post-error",
        "returns `login_required`",
        |it| it.callback = json!({"code": null, "error": "login_required"}),
        "callback",
        "the authorization server refused: login_required",
    ),
    accepted("oidcc-client-test-discovery-openid-config", "publishes its metadata", |_| {}),
    accepted("oidcc-client-test-discovery-jwks-uri-keys", "has its keys at another path", |it| {
        it.metadata = json!({"jwks_uri": "https://id.example.com/connect/keys/Qx7"});
    }),
    refused(
        "oidcc-client-test-discovery-issuer-mismatch",
        "the metadata is that of another issuer",
        |it| it.metadata = json!({"issuer": "https://evil.example.com"}),
        "metadata",
        "cannot use the metadata at http://id.example.com/.well-known/openid-configuration: it names another issuer, \"https://evil.example.com\" (a slash at the end matters)",
    ),
    accepted("oidcc-client-test-signing-key-rotation", "new keys before a second sign-in", |it| {
        (it.signs_with, it.publishes) = (1, (vec![1], true));
        it.header["kid"] = "key-1".into();
    })
    .at(Step::SecondSignIn),
    accepted(
        "oidcc-client-test-signing-key-rotation-just-before-signing",
        "new keys before it signs",
        |it| {
            (it.signs_with, it.publishes) = (1, (vec![1], true));
            it.header["kid"] = "key-1".into();
        },
    )
    .at(Step::Refresh)
    .with_keys_again(),
    accepted("oidcc-client-test-refresh-token", "refreshes", |_| {}).at(Step::Refresh),
    refused(
        "oidcc-client-test-refresh-token-invalid-issuer",
        "`iss` of the refreshed ID token is another issuer",
        |it| it.claims = json!({"iss": "https://evil.example.com"}),
        "token",
        ISSUER,
    )
    .at(Step::Refresh),
    refused(
        "oidcc-client-test-refresh-token-invalid-sub",
        "`sub` of the refreshed ID token is another person",
        |it| it.claims = json!({"sub": "another person"}),
        "token",
        "the ID token is not valid: it is about another person (sub)",
    )
    .at(Step::Refresh),
    refused(
        "oidcc-client-test-refresh-token-invalid-aud",
        "`aud` of the refreshed ID token is another client",
        |it| it.claims = json!({"aud": "another-client"}),
        "token",
        AUDIENCE,
    )
    .at(Step::Refresh),
    refused(
        "oidcc-client-test-refresh-token-invalid-azp",
        "`azp` of the refreshed ID token is another client",
        |it| it.claims = json!({"azp": "another-client"}),
        "token",
        AUDIENCE,
    )
    .at(Step::Refresh),
    refused(
        "fapi2-security-profile-final-client-test-invalid-secondary-aud",
        "`aud` has a second audience, without `azp`",
        |it| it.claims = json!({"aud": ["my-client-id", "another-client"]}),
        "token",
        AUDIENCE,
    ),
    accepted(
        "fapi2-security-profile-final-client-test-valid-aud-as-array",
        "`aud` is a list",
        |it| {
            it.claims = json!({"aud": ["my-client-id"]});
        },
    ),
    refused(
        "fapi2-security-profile-final-client-test-invalid-null-alg",
        "the ID token has `alg: none`, and a signature",
        |it| {
            it.header = json!({"alg": "none"});
            it.signature = Some("c2ln");
        },
        "token",
        "the ID token is malformed: it is not signed",
    ),
    refused(
        "fapi2-security-profile-final-client-test-invalid-expired-exp",
        "`exp` is in the past",
        |it| it.claims = json!({"exp": 1_000_000}),
        "token",
        EXPIRED,
    ),
    refused(
        "fapi2-security-profile-final-client-test-invalid-missing-exp",
        "no `exp`",
        |it| it.claims = json!({"exp": null}),
        "token",
        NO_EXPIRY,
    ),
    refused(
        "fapi2-security-profile-final-client-test-invalid-missing-iss",
        "no `iss`",
        |it| it.claims = json!({"iss": null}),
        "token",
        NO_ISSUER,
    ),
    refused(
        "fapi2-security-profile-final-client-test-invalid-missing-nonce",
        "no `nonce`",
        |it| it.claims = json!({"nonce": null}),
        "token",
        NONCE,
    ),
    refused(
        "fapi2-security-profile-final-client-test-invalid-authorization-response-iss",
        "`iss` of the callback is another issuer",
        |it| it.callback = json!({"iss": "https://evil.example.com"}),
        "callback",
        OTHER_ISSUER,
    ),
    refused(
        "fapi2-security-profile-final-client-test-remove-authorization-response-iss",
        "the metadata promises `iss`, and the callback has none",
        |it| it.metadata = json!({"authorization_response_iss_parameter_supported": true}),
        "callback",
        OTHER_ISSUER,
    ),
    ignored(
        "fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-state-fails",
        "`state` is another one",
        |it| it.callback = json!({"state": "another"}),
    ),
    ignored(
        "fapi2-security-profile-final-client-test-ensure-authorization-response-with-invalid-missing-state-fails",
        "no `state`",
        |it| it.callback = json!({"state": null}),
    ),
    accepted(
        "fapi2-security-profile-final-client-test-token-endpoint-response-without-expires_in",
        "no `expires_in`",
        |it| it.tokens = json!({"expires_in": null}),
    ),
    accepted(
        "fapi2-security-profile-final-client-test-token-type-case-insensitivity",
        "`token_type` is `bEaReR`",
        |it| it.tokens = json!({"token_type": "bEaReR"}),
    ),
];
