//! Mutations without a module in the suite.

use serde_json::{Value, json};

use super::{METADATA_AGAIN, Module, accepted, ignored, refused};

const TOKEN_TYPE: &str = "cannot exchange the code for tokens: the issuer's response cannot be used: the response has no usable `token_type`";
const ACCESS_TOKEN: &str = "cannot exchange the code for tokens: the issuer's response cannot be used: the response has no usable `access_token`";
const OTHER_ISSUER: &str = "the callback does not come from the issuer of this sign-in";

pub(super) fn response(status: &str, header: &str, body: &str) -> String {
    let length = body.len();
    format!("{status} -\r\n{header}\r\nContent-Length: {length}\r\n\r\n{body}")
}

pub(super) fn elsewhere() -> String {
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
        "cannot read the metadata at http://id.example.com/.well-known/openid-configuration: unexpected redirect from id.example.com (HTTP 307)",
    ),
    refused(
        "metadata-issuer-slash",
        "the issuer in the metadata has a slash at the end",
        |it| it.metadata = json!({"issuer": "https://id.example.com/"}),
        "metadata",
        "cannot use the metadata at http://id.example.com/.well-known/openid-configuration: it names another issuer, \"http://id.example.com/\" (a slash at the end matters)",
    ),
    refused(
        "metadata-plain-http",
        "the token endpoint is plain http",
        |it| it.metadata = json!({"token_endpoint": "http://id.example.com/token"}),
        "metadata",
        "cannot use the metadata at http://id.example.com/.well-known/openid-configuration: it has no usable `token_endpoint`",
    ),
    refused(
        "metadata-javascript",
        "the authorization endpoint is a script",
        |it| it.metadata = json!({"authorization_endpoint": "javascript:alert(1)"}),
        "metadata",
        "cannot use the metadata at http://id.example.com/.well-known/openid-configuration: it has no usable `authorization_endpoint`",
    ),
    refused(
        "metadata-endpoint-with-user",
        "the authorization endpoint has a user that looks like a host",
        |it| {
            let endpoint = "https://accounts.example.com@evil.example.com/authorize";
            it.metadata = json!({ "authorization_endpoint": endpoint });
        },
        "metadata",
        "cannot use the metadata at http://id.example.com/.well-known/openid-configuration: it has no usable `authorization_endpoint`",
    ),
    accepted("metadata-null", "fields of the metadata are null or have another type", |it| {
        it.metadata_nulls = &["require_pushed_authorization_requests", "revocation_endpoint"];
        it.metadata = json!({"device_authorization_endpoint": ["https://id.example.com"]});
    }),
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
        "token-list",
        "a list in place of tokens",
        |it| it.response = Some(("/connect/token", json_response(&json!([{"access_token": "a"}])))),
        "token",
        "cannot exchange the code for tokens: the issuer's response cannot be used: the response is not a JSON object",
    ),
    refused(
        "token-twice",
        "two access tokens",
        |it| {
            let body = r#"{"access_token":"a","token_type":"Bearer","access_token":"b"}"#;
            it.response =
                Some(("/connect/token", response("200", "Content-Type: text/html", body)));
        },
        "token",
        ACCESS_TOKEN,
    ),
    refused(
        "token-form-twice",
        "a form with two access tokens",
        |it| {
            let header = "Content-Type: application/x-www-form-urlencoded";
            let body = "access_token=a&token_type=bearer&access_token=b";
            it.response = Some(("/connect/token", response("200", header, body)));
        },
        "token",
        ACCESS_TOKEN,
    ),
    refused(
        "token-header-injection",
        "an access token with a line break",
        |it| it.tokens = json!({"access_token": "a\r\nCookie: b"}),
        "token",
        ACCESS_TOKEN,
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
        ACCESS_TOKEN,
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
];
