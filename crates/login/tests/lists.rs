//! Lists of a slow platform.

use std::time::Duration;

use credentials::AccessToken;
use http_client::{HttpClient, Options};
use login::Error;
use login::platform::{organizations, projects};
use platform_api::PlatformApi;
use sandbox::{Account, Endpoint, Fault, Sandbox, Scenario, Then};

/// Each response is within its timeout, but the list is not.
// threats 226
#[tokio::test]
async fn list_times_out() {
    const LIMIT: Duration = Duration::from_millis(200);
    for held in [Endpoint::Organizations, Endpoint::Projects] {
        let faults = vec![Fault::new(held.clone(), Then::Hold)];
        let sandbox = Sandbox::start(Scenario { faults, ..Scenario::default() }).await.unwrap();
        let http = HttpClient::new(Options::new("a-test/1.0"));
        let platform = PlatformApi::new(http, sandbox.api_url().parse().unwrap());
        let token = sandbox.mint(Account::OWNER).unwrap().access_token;
        let session = platform.log_in(&AccessToken::new(token).unwrap()).await.unwrap();
        let error = projects(&session, None, LIMIT).await.unwrap_err();
        assert!(matches!(error, Error::ListTimedOut { after: LIMIT }), "{error:?}");
        if held == Endpoint::Organizations {
            let error = organizations(&session, LIMIT).await.unwrap_err();
            assert!(matches!(error, Error::ListTimedOut { .. }), "{error:?}");
        }
    }
}
