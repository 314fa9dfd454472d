use credentials::IdToken;
use oauth_callback_server::RedirectPage;

use super::{ApiKeyOutcome, SignedIn};
use crate::openai::{finish_setup_url, platform_url};
use crate::pages;

/// The page to which the browser is redirected after the credentials are stored.
///
/// The query stays in the history of the browser, so it has no secret. The page does not use the query.
/// The ID token is only in the link of the finish-setup page.
pub(super) fn redirect_page(
    signed_in: &SignedIn,
    id_token: &IdToken,
    issuer: &str,
) -> RedirectPage {
    let SignedIn { claims, plan, api_key, .. } = signed_in;
    let (auth, platform_url) = (&claims.additional.auth, platform_url(issuer));
    let no_key = why_no_key(api_key);
    let user = [
        ("Name", claims.name.as_deref()),
        ("Email", claims.email.as_deref()),
        ("Plan", plan.as_deref()),
        ("Organization", auth.organization_title().or(auth.organization_id.as_deref())),
        ("API key", no_key.as_deref()),
    ];
    let page = match auth.api_project() {
        Ok((organization, project)) if auth.needs_setup() => {
            let plan = plan.as_deref().unwrap_or_default();
            let link = finish_setup_url(platform_url, plan, id_token, organization, project);
            pages::finish_setup(&user, &link)
        }
        _ => pages::signed_in(&user),
    };
    // Values that the tokens do not have are omitted.
    let query = [
        ("needs_setup", Some(auth.needs_setup().to_string())),
        ("org_id", auth.organization_id.clone()),
        ("project_id", auth.project_id.clone()),
        ("plan_type", plan.clone()),
        ("platform_url", Some(platform_url.to_owned())),
    ];
    let mut redirect = RedirectPage::new("/success", page);
    redirect.query =
        query.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
    redirect
}

/// Why a requested API key does not exist.
fn why_no_key(api_key: &ApiKeyOutcome) -> Option<String> {
    match api_key {
        ApiKeyOutcome::Created { .. } | ApiKeyOutcome::NotRequested => None,
        ApiKeyOutcome::Unavailable(missing) => Some(format!("None: {missing}")),
        ApiKeyOutcome::Failed(_) => {
            Some("None: it could not be created; see the terminal".to_owned())
        }
    }
}
