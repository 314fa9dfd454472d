use serde_json::json;

use super::*;

fn signed_in() -> Ended {
    let document = json!({
        "sub": "ada", "id_token": true, "refresh_token": true, "refreshed": true, "revoked": true,
    });
    Ended { is_success: true, shows_address: true, document, said: String::new() }
}

/// Each feature that the example is asked for, and the server does not see, fails the run.
#[test]
fn feature_that_the_server_does_not_see_fails_the_run() {
    let arguments = &["--par", "--dpop", "--refresh", "--revoke", "--response-mode", "form_post"];
    let case = openid(arguments).by(Client::Basic).uses(&["DPoP nonce"]);
    let all = "PAR,DPoP,refresh,revocation,form_post,PKCE S256,nonce,redirect to 127.0.0.1,\
               client_secret_basic,DPoP nonce";
    let all: Vec<String> = all.split(',').map(str::to_owned).collect();
    assert_eq!(case.difference(&signed_in(), &all), None);
    for missing in &all {
        let seen: Vec<_> = all.iter().filter(|it| *it != missing).cloned().collect();
        let difference = case.difference(&signed_in(), &seen).unwrap();
        assert!(difference.starts_with(&format!("the server saw no {missing}")), "{difference}");
    }
    for (arguments, host) in
        [(&["--redirect-host", "localhost"], "localhost"), (&["--redirect-host", "::1"], "[::1]")]
    {
        assert!(openid(arguments).features().contains(&format!("redirect to {host}")));
    }
    assert_eq!(openid(&["--device"]).features(), ["device code"]);
}

#[test]
fn success_and_wrong_failure_are_noticed_where_a_failure_is_expected() {
    let case = openid(&[]).fails(&["invalid_client"], "invalid_client");
    let seen = ["invalid_client".to_owned()];
    let failed = |said: &str| Ended {
        is_success: false,
        document: Value::Null,
        said: said.to_owned(),
        ..signed_in()
    };
    assert_eq!(case.difference(&failed("Error: invalid_client"), &seen), None);
    assert!(case.difference(&failed("Error: invalid_client"), &[]).is_some());
    assert!(case.difference(&failed("Error: timed out"), &seen).is_some());
    assert!(case.difference(&signed_in(), &seen).is_some());
    let before = openid(&[]).fails_before_authorization_url(&[], "invalid_client");
    assert!(before.difference(&failed("Error: invalid_client"), &[]).is_some());
    let mut wrong = signed_in();
    wrong.document["sub"] = "mallory".into();
    assert!(openid(&["--refresh", "--revoke"]).difference(&wrong, &[]).unwrap().contains("sub"));
}
