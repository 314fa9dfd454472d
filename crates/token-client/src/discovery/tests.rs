use super::*;
use serde_json::{Value, json};

// threats 84
#[test]
fn metadata_is_at_the_path_of_the_issuer_or_before_it() {
    for (issuer, expected) in [
        ("https://a.test", &["openid-configuration", "oauth-authorization-server"][..]),
        ("https://a.test/", &["openid-configuration", "oauth-authorization-server"]),
        (
            "https://a.test/t/",
            &[
                "t/.well-known/openid-configuration",
                "oauth-authorization-server/t",
                "openid-configuration/t",
            ],
        ),
    ] {
        let urls = metadata_urls(&issuer.parse().unwrap());
        let urls: Vec<_> = urls
            .iter()
            .map(|url| url.path().trim_start_matches("/.well-known/"))
            .map(|path| path.trim_start_matches('/'))
            .collect();
        assert_eq!(urls, expected, "{issuer}");
    }
}

fn provider(issuer: &str, patch: &Value) -> Result<Provider, InvalidMetadata> {
    let mut metadata = json!({
        "issuer": issuer, "jwks_uri": format!("{issuer}/keys"),
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"), "unknown": [1e3],
    });
    metadata.as_object_mut().unwrap().extend(patch.as_object().unwrap().clone());
    let read: ProviderMetadata = serde_json::from_str(&metadata.to_string()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), metadata);
    Provider::from_metadata_of_any_tenant(&read, &issuer.parse().unwrap())
}

// threats 16 98
#[test]
fn issuer_of_the_metadata_is_compared_exactly() {
    let found = provider("https://a.test", &json!({})).unwrap();
    assert_eq!(found.token_endpoint.as_str(), "https://a.test/token");
    assert_eq!(found.revocation_endpoint, None);
    assert!(!found.authorization_response_iss_parameter_supported);
    for other in ["https://a.test/", "https://A.test", "http://a.test", ""] {
        let outcome = provider("https://a.test", &json!({ "issuer": other }));
        assert!(
            matches!(outcome, Err(InvalidMetadata::IssuerMismatch { found }) if found == other),
            "{other}"
        );
    }
}

// threats 84
#[test]
fn endpoints_are_https_unless_the_issuer_is_on_this_machine() {
    let odd = [
        "http://a.test/x",
        "http://127.0.0.1:1/x",
        "https://127.0.0.1:1/x",
        "https://localhost/x",
        "https://app.localhost/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://0.0.0.0/x",
        "https://a.test@evil.test/x",
        "https://:p@a.test/x",
        "https://a.test/x#y",
        "/x",
        "file:///x",
        "",
    ];
    for odd in odd.map(Value::from).into_iter().chain([json!(null), json!(7), json!(["x"])]) {
        for field in ["authorization_endpoint", "token_endpoint"] {
            let outcome = provider("https://a.test", &json!({ field: odd }));
            assert!(
                matches!(outcome, Err(InvalidMetadata::InvalidEndpoint { field: it }) if it == field),
                "{field} {odd}"
            );
        }
        let optional = json!({"jwks_uri": odd, "revocation_endpoint": odd,
            "device_authorization_endpoint": odd, "pushed_authorization_request_endpoint": odd});
        let found = provider("https://a.test", &optional).unwrap();
        assert_eq!((&found.jwks_uri, &found.revocation_endpoint), (&None, &None), "{odd}");
        assert_eq!(found.device_authorization_endpoint, None, "{odd}");
        assert_eq!(found.pushed_authorization_request_endpoint, None, "{odd}");
    }
    for local in ["http://127.0.0.1:1", "https://localhost:1"] {
        assert!(provider(local, &json!({})).is_ok(), "{local}");
    }
}

// threats 5
#[test]
fn server_that_names_other_methods_of_pkce_only_is_refused() {
    for (methods, is_accepted) in [
        (json!(["plain", "S256"]), true),
        (json!(null), true),
        (json!("S256"), true),
        (json!(["plain"]), false),
        (json!([]), false),
    ] {
        let found =
            provider("https://a.test", &json!({"code_challenge_methods_supported": methods}));
        assert_eq!(found.is_ok(), is_accepted, "{methods}");
    }
}

#[test]
fn flag_of_another_type_is_false() {
    const REQUIRES: &str = "require_pushed_authorization_requests";
    const HAS_ISS: &str = "authorization_response_iss_parameter_supported";
    for (json, expected) in [
        (json!(true), true),
        (json!("true"), true),
        (json!(false), false),
        (json!(null), false),
        (json!(1e300), false),
    ] {
        let found = provider("https://a.test", &json!({ REQUIRES: json, HAS_ISS: json })).unwrap();
        assert_eq!(found.require_pushed_authorization_requests, expected, "{json}");
        assert_eq!(found.authorization_response_iss_parameter_supported, expected, "{json}");
    }
}

// threats 98
#[test]
fn template_of_issuers_has_the_tenant_in_its_place() {
    for (template, issuer, is_template) in [
        ("https://a.test/{tenantid}/v2", "https://a.test/common/v2", true),
        ("https://a.test/{tenantid}/v2", "https://a.test/common/v1", false),
        ("https://a.test/{tenantid}/v2", "https://a.test/a/b/v2", false),
        ("https://a.test/{tenantid}/v2", "https://a.test//v2", false),
        ("https://evil.test/{tenantid}/v2", "https://a.test/common/v2", false),
        ("{tenantid}", "https://a.test", false),
    ] {
        let outcome = provider(issuer, &json!({ "issuer": template }));
        match outcome {
            Ok(found) if is_template => {
                assert_eq!(found.issuer_template.as_deref(), Some(template));
            }
            Err(InvalidMetadata::IssuerMismatch { .. }) if !is_template => {}
            outcome => panic!("{template} {issuer}: {outcome:?}"),
        }
    }
}
