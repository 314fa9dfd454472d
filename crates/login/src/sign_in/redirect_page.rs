use http_client::BaseUrl;
use oauth_callback_server::RedirectPage;

use super::api_key::ApiKeyOutcome;
use super::identity::Identity;
use crate::openai::ISSUER;
use crate::openai::finish_setup_url;
use crate::pages::{self, UserInfo};

/// The page to which the browser is redirected after the credentials are stored.
///
/// The query stays in the history of the browser, so it has no secret. The page does not use the query.
/// The ID token is only in the link of the finish-setup page.
pub(super) fn redirect_page(
    identity: &Identity<'_>,
    api_key: &ApiKeyOutcome,
    issuer: &BaseUrl,
) -> RedirectPage {
    let (claims, platform_url) = (&identity.claims, platform_url(issuer));
    let auth = &claims.additional.auth;
    let who = UserInfo {
        name: claims.name.as_deref(),
        email: claims.email.as_deref(),
        plan: identity.plan.as_deref(),
        organization: auth.organization_title().or(auth.organization_id.as_deref()),
        no_api_key: why_no_key(api_key),
    };
    let plan_type = identity.plan.as_deref().unwrap_or_default();
    let home = auth.organization_id.as_deref().zip(auth.project_id.as_deref());
    let page = match home {
        Some((org_id, project_id)) if identity.needs_setup() => {
            let link =
                finish_setup_url(platform_url, plan_type, identity.id_token, org_id, project_id);
            pages::finish_setup(&who, &link)
        }
        _ => pages::signed_in(&who),
    };
    let mut redirect = RedirectPage::new("/success", page);
    redirect.query = query(identity, platform_url);
    redirect
}

/// Why a requested API key does not exist.
fn why_no_key(api_key: &ApiKeyOutcome) -> Option<&'static str> {
    match api_key {
        ApiKeyOutcome::Created | ApiKeyOutcome::NotRequested => None,
        ApiKeyOutcome::Unavailable { claim: "project_id" } => {
            Some("None: this account has no API project")
        }
        ApiKeyOutcome::Unavailable { .. } => Some("None: this account has no API organization"),
        ApiKeyOutcome::Failed(_) => Some("None: it could not be created, see the terminal"),
    }
}

/// Omits values that the tokens do not have.
fn query(identity: &Identity<'_>, platform_url: &str) -> Vec<(String, String)> {
    let auth = &identity.claims.additional.auth;
    let fields = [
        ("needs_setup", Some(identity.needs_setup().to_string())),
        ("org_id", auth.organization_id.clone()),
        ("project_id", auth.project_id.clone()),
        ("plan_type", identity.plan.clone()),
        ("platform_url", Some(platform_url.to_owned())),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The platform of the issuer.
fn platform_url(issuer: &BaseUrl) -> &'static str {
    if issuer.as_str() == ISSUER {
        "https://platform.openai.com"
    } else {
        "https://platform.api.openai.org"
    }
}
