//! Starts a sandbox, lets a person sign in, and looks at what arrived.

use std::error::Error;

use sandbox::{Account, Conduct, Endpoint, Sandbox, Scenario, Step};
use url::Url;

fn main() -> Result<(), Box<dyn Error>> {
    let sandbox = Sandbox::start_in_thread(Scenario::default())?;

    // The URL that a program under test would print …
    let authorization_url = Url::parse_with_params(
        &format!("{}/oauth/authorize", sandbox.issuer_url()),
        [
            ("response_type", "code"),
            ("client_id", "app_EMoamEEZ73f0CkXaXp7hrann"),
            ("redirect_uri", "http://localhost:1455/auth/callback"),
            ("scope", "openid profile email offline_access"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("state", "af0ifjsldkj"),
        ],
    )?;

    // … the person who opens it; nobody listens for the callback here, so they stop before it …
    let ada = sandbox.person(Account::OWNER);
    let trail = ada
        .with_conduct(Conduct::StopsBeforeCallback)
        .visit_blocking(authorization_url.as_str())?;
    let callback = trail.last().and_then(Step::location);
    assert_eq!(callback.map(|url| url.path().to_owned()).as_deref(), Some("/auth/callback"));

    // … and what came over the wire.
    assert_eq!(sandbox.requests_at(&Endpoint::Authorize).len(), 1);
    assert_eq!(sandbox.issued().codes.len(), 1);
    Ok(())
}
