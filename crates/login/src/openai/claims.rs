use credentials::{ClaimMismatch, non_empty_string};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The claims of OpenAI's tokens.
pub type Claims = credentials::Claims<OpenAiClaims>;

/// What OpenAI adds to the standard claims of a token.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct OpenAiClaims {
    /// The email address in an access token, which has it under `https://api.openai.com/profile`.
    #[serde(
        default,
        rename = "https://api.openai.com/profile",
        deserialize_with = "email_of_profile"
    )]
    pub profile_email: Option<String>,
    /// What is under `https://api.openai.com/auth`.
    #[serde(default, rename = "https://api.openai.com/auth", deserialize_with = "auth")]
    pub auth: AuthClaims,
}

/// The object under the claim `https://api.openai.com/auth`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct AuthClaims {
    /// The organization that the person signed in to.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub organization_id: Option<String>,
    /// The organizations that the person is in, as far as each of them has an id.
    #[serde(default, deserialize_with = "organizations")]
    pub organizations: Vec<OrganizationClaim>,
    /// The project in it that an API key is made for.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub project_id: Option<String>,
    /// Whether the organization is set up on the platform.
    #[serde(default, deserialize_with = "truth")]
    pub completed_platform_onboarding: bool,
    /// Whether this person could set it up.
    #[serde(default, deserialize_with = "truth")]
    pub is_org_owner: bool,
    /// The ChatGPT account, `account_id` in `auth.json`.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub chatgpt_account_id: Option<String>,
    /// The person, as ChatGPT numbers them.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub chatgpt_user_id: Option<String>,
    /// The same, in tokens that do not have `chatgpt_user_id`.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub user_id: Option<String>,
    /// The plan, such as `plus`; an access token carries it.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub chatgpt_plan_type: Option<String>,
}

/// One of the `organizations` under the claim `https://api.openai.com/auth`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct OrganizationClaim {
    /// Its id.
    pub id: String,
    /// Its title, for display.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub title: Option<String>,
}

impl AuthClaims {
    /// The title of the organization that the person signed in to, where the token tells.
    #[must_use]
    pub fn organization_title(&self) -> Option<&str> {
        let id = self.organization_id.as_deref()?;
        self.organizations.iter().find(|it| it.id == id)?.title.as_deref()
    }
}

/// A claim that says something else than this sign-in expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// A standard claim.
    #[error(transparent)]
    Standard(#[from] ClaimMismatch),
    /// `chatgpt_account_id`: it is for another workspace.
    #[error("it is for another workspace (chatgpt_account_id)")]
    Workspace,
}

/// Whether the ID token that came with a refresh is about the same person in the same workspace.
pub(crate) fn check_same_person(now: &Claims, before: &Claims) -> Result<(), Mismatch> {
    now.check_subject_unchanged(before)?;
    let workspace = |claims: &Claims| claims.additional.auth.chatgpt_account_id.clone();
    match (workspace(now), workspace(before)) {
        (Some(now), Some(before)) if now != before => Err(Mismatch::Workspace),
        _ => Ok(()),
    }
}

fn truth<'de, D: Deserializer<'de>>(input: D) -> Result<bool, D::Error> {
    Ok(Value::deserialize(input)? == Value::Bool(true))
}

/// What is no organization with an id is passed over.
fn organizations<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<OrganizationClaim>, D::Error> {
    let Value::Array(all) = Value::deserialize(input)? else { return Ok(Vec::new()) };
    Ok(all.into_iter().filter_map(|one| OrganizationClaim::deserialize(one).ok()).collect())
}

fn email_of_profile<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    let profile = Value::deserialize(input)?;
    let email = profile.get("email").and_then(Value::as_str);
    Ok(email.filter(|email| !email.is_empty()).map(str::to_owned))
}

fn auth<'de, D: Deserializer<'de>>(input: D) -> Result<AuthClaims, D::Error> {
    match Value::deserialize(input)? {
        object @ Value::Object(_) => {
            AuthClaims::deserialize(object).map_err(serde::de::Error::custom)
        }
        _ => Ok(AuthClaims::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(payload: &str) -> serde_json::Result<OpenAiClaims> {
        serde_json::from_str(payload)
    }

    #[test]
    fn organization_title_is_found_by_id() {
        let title = |organizations: Value| {
            let auth = json!({ "organization_id": "org-1", "organizations": organizations });
            let payload = json!({ "https://api.openai.com/auth": auth }).to_string();
            read(&payload).unwrap().auth.organization_title().map(str::to_owned)
        };
        let named = json!([7, {"title": "x"}, {"id": "org-2", "title": "b"}, {"id": "org-1", "title": "a"}]);
        assert_eq!(title(named).as_deref(), Some("a"));
        for nameless in [json!(null), json!({}), json!([]), json!([{"id": "org-1", "title": ""}])] {
            assert_eq!(title(nameless.clone()), None, "{nameless}");
        }
    }

    // threats 95 102 103 105
    #[test]
    fn invalid_claims_are_absent_and_duplicates_are_refused() {
        for auth in [json!(null), json!("x"), json!([]), json!(7)] {
            let payload = json!({ "https://api.openai.com/auth": auth }).to_string();
            assert_eq!(read(&payload).unwrap().auth, AuthClaims::default());
        }
        let odd = json!({"https://api.openai.com/auth": {
            "organization_id": "", "project_id": 7, "chatgpt_plan_type": {}, "is_org_owner": "true",
            "completed_platform_onboarding": null, "user_id": "user-1",
        }});
        let claims = read(&odd.to_string()).unwrap().auth;
        let expected = AuthClaims { user_id: Some("user-1".into()), ..Default::default() };
        assert_eq!(claims, expected);
        let twice = r#"{"https://api.openai.com/auth":{},"https://api.openai.com/auth":{}}"#;
        assert!(read(twice).is_err());
    }

    #[test]
    fn other_account_or_workspace_is_a_mismatch() {
        let claims = |sub: &str, workspace: &str| {
            let mut claims = Claims::default();
            claims.sub = Some(sub.into());
            claims.additional.auth.chatgpt_account_id = Some(workspace.into());
            claims
        };
        let before = claims("ada", "one");
        let check = |now: Claims| check_same_person(&now, &before);
        assert_eq!(check(claims("ada", "one")), Ok(()));
        assert_eq!(check(Claims::default()), Ok(()));
        assert_eq!(check(claims("grace", "one")), Err(ClaimMismatch::Subject.into()));
        assert_eq!(check(claims("ada", "two")), Err(Mismatch::Workspace));
    }
}
