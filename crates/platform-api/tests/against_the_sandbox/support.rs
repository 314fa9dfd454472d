//! A sandbox, and a client of its platform.

use std::io::Write as _;

use credentials::AccessToken;
use http_client::{CaCertificates, HttpClient, Options};
use platform_api::{Error, OrganizationId, PlatformApi, ProjectId, Session};
use sandbox::{
    Account, Endpoint, Fault, Issued, Organization, Project, Recorded, Sandbox, Scenario, Then, Tls,
};

pub(crate) struct TestPlatform {
    pub(crate) sandbox: Sandbox,
    api: PlatformApi,
}

impl TestPlatform {
    pub(crate) async fn new(scenario: Scenario) -> Self {
        let sandbox = Sandbox::start(scenario).await.unwrap();
        let http = client_of(&sandbox, "Codex-Create-API-Key/1.0");
        let api = PlatformApi::new(http, sandbox.api_url().parse().unwrap());
        Self { sandbox, api }
    }

    pub(crate) async fn with(at: Endpoint, then: Then) -> Self {
        let faults = vec![Fault::new(at, then)];
        Self::new(Scenario { faults, ..Scenario::default() }).await
    }

    /// Over TLS, which breaks once the request at `at` was read and acted on.
    pub(crate) async fn garbling(tls: Tls, at: Endpoint) -> Self {
        let faults = vec![Fault::new(at, Then::Garble)];
        Self::new(Scenario { tls, faults, ..Scenario::default() }).await
    }

    /// Logs the owner in.
    pub(crate) async fn log_in(&self) -> Result<Session, Error> {
        let minted = self.sandbox.mint(Account::OWNER).unwrap();
        self.api.log_in(&AccessToken::new(minted.access_token).unwrap()).await
    }

    /// The one request that arrived there.
    #[track_caller]
    pub(crate) fn only_request_at(&self, at: &Endpoint) -> Recorded {
        let mut requests = self.sandbox.requests_at(at);
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }
}

/// A client that trusts the sandbox.
fn client_of(sandbox: &Sandbox, user_agent: &'static str) -> HttpClient {
    let ca_file = sandbox.ca_pem().map(|pem| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(pem.as_bytes()).unwrap();
        file
    });
    let extra_ca_certificates =
        ca_file.as_ref().map(|file| CaCertificates::file("a test", file.path()));
    let http = HttpClient::new(Options { extra_ca_certificates, ..Options::new(user_agent) });
    // The file is gone in a moment.
    http.check().unwrap();
    http
}

/// A platform whose owner has these organizations, with known secrets, so that whole requests can
/// be written down.
pub(crate) fn platform(organizations: Vec<Organization>) -> Scenario {
    let fixed = Issued {
        access_tokens: vec!["an.access.token".into()],
        session_keys: vec!["sess-a-key".into()],
        api_keys: vec!["sk-a-key".into()],
        ..Issued::default()
    };
    let accounts = vec![Account { organizations, ..Account::owner() }];
    Scenario { accounts, fixed, ..Scenario::default() }
}

/// An organization with so many projects, the last of which is the initial one.
pub(crate) fn organization_of(projects: usize) -> Organization {
    let project = |number: usize| Project {
        id: format!("proj_{number}"),
        is_initial: number == projects,
        ..Project::default()
    };
    let projects = (1..=projects).map(project).collect();
    Organization { id: "org-1".into(), projects, ..Organization::default() }
}

pub(crate) fn organization_id(text: &str) -> OrganizationId {
    OrganizationId::new(text).unwrap()
}

pub(crate) fn project_id(text: &str) -> ProjectId {
    ProjectId::new(text).unwrap()
}
