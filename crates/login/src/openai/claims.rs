use credentials::{ClaimMismatch, non_empty_string};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The claims of OpenAI's tokens.
pub type Claims = credentials::Claims<OpenAiClaims>;

/// What OpenAI adds to the standard claims of a token.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct OpenAiClaims {
    /// What an access token has under `https://api.openai.com/profile`.
    #[serde(default, rename = "https://api.openai.com/profile", deserialize_with = "lenient")]
    pub profile: ProfileClaims,
    /// What is under `https://api.openai.com/auth`.
    #[serde(default, rename = "https://api.openai.com/auth", deserialize_with = "lenient")]
    pub auth: AuthClaims,
}

/// The object under the claim `https://api.openai.com/profile`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct ProfileClaims {
    /// The email address of the user.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub email: Option<String>,
}

/// The object under the claim `https://api.openai.com/auth`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct AuthClaims {
    /// The organization that the person signed in to.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub organization_id: Option<String>,
    /// The organizations of the person. Entries without an id are skipped.
    #[serde(default, deserialize_with = "organizations")]
    pub organizations: Vec<OrganizationClaim>,
    /// The project for an API key, in that organization.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub project_id: Option<String>,
    /// Whether the organization is set up on the platform.
    #[serde(default, deserialize_with = "lenient")]
    pub completed_platform_onboarding: bool,
    /// Whether this person can set it up.
    #[serde(default, deserialize_with = "lenient")]
    pub is_org_owner: bool,
    /// The ChatGPT account, `account_id` in `auth.json`.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub chatgpt_account_id: Option<String>,
    /// ChatGPT's id of the person.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub chatgpt_user_id: Option<String>,
    /// The same, in tokens that do not have `chatgpt_user_id`.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub user_id: Option<String>,
    /// The plan, such as `plus`. It is in the access token.
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
    /// The organization and the project of an API key.
    ///
    /// # Errors
    ///
    /// What is missing. Without it, the exchange would fail with a less useful error.
    pub fn api_project(&self) -> Result<(&str, &str), MissingClaim> {
        let organization = self.organization_id.as_deref().ok_or(MissingClaim::Organization)?;
        Ok((organization, self.project_id.as_deref().ok_or(MissingClaim::Project)?))
    }

    /// Whether the organization is not set up on the platform, and this person can do that.
    #[must_use]
    pub fn needs_setup(&self) -> bool {
        self.is_org_owner && !self.completed_platform_onboarding
    }

    fn user(&self) -> Option<&str> {
        self.chatgpt_user_id.as_deref().or(self.user_id.as_deref())
    }

    /// The title of the organization that the person signed in to, if the token has it.
    #[must_use]
    pub fn organization_title(&self) -> Option<&str> {
        let id = self.organization_id.as_deref()?;
        self.organizations.iter().find(|it| it.id == id)?.title.as_deref()
    }
}

/// What an ID token does not name, and an API key needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MissingClaim {
    /// `organization_id`.
    #[error("this account has no API organization")]
    Organization,
    /// `project_id`.
    #[error("this account has no API project")]
    Project,
}

/// A claim that does not match the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mismatch {
    /// A standard claim.
    #[error(transparent)]
    Standard(#[from] ClaimMismatch),
    /// The workspace, `chatgpt_account_id`.
    #[error("it is for another workspace (chatgpt_account_id)")]
    Workspace,
}

/// Checks that the ID token of a refresh is for the same user and workspace.
pub(crate) fn check_same_person(now: &Claims, before: &Claims) -> Result<(), Mismatch> {
    now.check_subject_unchanged(before)?;
    let (now, before) = (&now.additional.auth, &before.additional.auth);
    if differ(now.chatgpt_account_id.as_deref(), before.chatgpt_account_id.as_deref()) {
        return Err(Mismatch::Workspace);
    }
    Ok(())
}

/// Checks that an access token has this issuer, this client, and the user and the workspace of `other`, as
/// far as it names them ([RFC 9068 §2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2)). Its `aud` is
/// the resource server.
pub(crate) fn check_access_token(
    access: &Claims,
    issuer: &str,
    client_id: Option<&str>,
    other: Option<&Claims>,
) -> Result<(), Mismatch> {
    let auth = &access.additional.auth;
    let other = other.map(|other| &other.additional.auth);
    let workspace = other.and_then(|other| other.chatgpt_account_id.as_deref());
    let claims = [
        (access.iss.as_deref(), Some(issuer), ClaimMismatch::Issuer.into()),
        (access.client_id.as_deref(), client_id, ClaimMismatch::Audience.into()),
        (auth.user(), other.and_then(AuthClaims::user), ClaimMismatch::Subject.into()),
        (auth.chatgpt_account_id.as_deref(), workspace, Mismatch::Workspace),
    ];
    match claims.into_iter().find(|(claim, expected, _)| differ(*claim, *expected)) {
        Some((.., mismatch)) => Err(mismatch),
        None => Ok(()),
    }
}

/// Whether the claims are certainly about different users.
pub(crate) fn is_certainly_another_person(one: &Claims, other: &Claims) -> bool {
    fn issuer(claims: &Claims) -> Option<&str> {
        Some(claims.iss.as_deref()?.trim_end_matches('/'))
    }
    let user = one.additional.auth.user();
    let is_same_user = user.is_some() && user == other.additional.auth.user();
    differ(issuer(one), issuer(other))
        || !is_same_user && differ(one.sub.as_deref(), other.sub.as_deref())
}

/// Whether both are known, and not equal.
fn differ(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// A claim of another type is absent. Serde would read a list as the fields of a struct.
fn lenient<'de, D, T>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + DeserializeOwned,
{
    let value = Some(Value::deserialize(input)?).filter(|value| !value.is_array());
    Ok(value.and_then(|value| T::deserialize(value).ok()).unwrap_or_default())
}

/// Skips entries without an id.
fn organizations<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<OrganizationClaim>, D::Error> {
    let Value::Array(all) = Value::deserialize(input)? else { return Ok(Vec::new()) };
    Ok(all.into_iter().filter_map(|one| OrganizationClaim::deserialize(one).ok()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use credentials::{IdToken, IdTokenValidation};
    use serde_json::json;
    use std::fs;

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

    fn user(iss: Option<&str>, sub: Option<&str>, user_id: Option<&str>) -> Claims {
        let mut claims = Claims::default();
        (claims.iss, claims.sub) = (iss.map(str::to_owned), sub.map(str::to_owned));
        claims.additional.auth.user_id = user_id.map(str::to_owned);
        claims
    }

    #[test]
    fn another_person_has_another_issuer_or_another_id() {
        let ada = || user(Some("https://a.test"), Some("ada"), Some("user-1"));
        for (other, is_another) in [
            (ada(), false),
            (Claims::default(), false),
            (user(Some("https://a.test/"), Some("ada"), None), false),
            (user(Some("https://b.test"), Some("ada"), Some("user-1")), true),
            (user(None, Some("grace"), None), true),
            (user(None, Some("grace"), Some("user-2")), true),
            // One person with two ways to sign in.
            (user(None, Some("google|ada"), Some("user-1")), false),
        ] {
            assert_eq!(is_certainly_another_person(&ada(), &other), is_another, "{other:?}");
            assert_eq!(is_certainly_another_person(&other, &ada()), is_another, "{other:?}");
        }
        let unnamed = |sub| user(None, Some(sub), None);
        assert!(is_certainly_another_person(&unnamed("ada"), &unnamed("grace")));
    }

    #[test]
    fn access_token_is_for_this_issuer_client_user_and_workspace() {
        let mut ours = user(None, None, Some("user-1"));
        ours.additional.auth.chatgpt_account_id = Some("one".into());
        let check = |claims: Value| {
            let access: Claims = serde_json::from_value(claims).unwrap();
            check_access_token(&access, "https://a.test", Some("app_1"), Some(&ours))
        };
        let check_auth = |auth: Value| {
            let mut access = Claims::default();
            access.additional.auth = serde_json::from_value(auth).unwrap();
            check_access_token(&access, "https://a.test", Some("app_1"), Some(&ours))
        };
        assert_eq!(check(json!({})), Ok(()));
        assert_eq!(check(json!({"iss": "https://a.test", "client_id": "app_1"})), Ok(()));
        assert_eq!(check_auth(json!({"user_id": "user-1", "chatgpt_account_id": "one"})), Ok(()));
        let issuer = Err(ClaimMismatch::Issuer.into());
        assert_eq!(check(json!({"iss": "https://b.test"})), issuer);
        assert_eq!(check(json!({"client_id": "app_2"})), Err(ClaimMismatch::Audience.into()));
        let subject = Err(ClaimMismatch::Subject.into());
        assert_eq!(check_auth(json!({"chatgpt_user_id": "user-2", "user_id": "user-1"})), subject);
        assert_eq!(check_auth(json!({"user_id": "user-2"})), subject);
        assert_eq!(check_auth(json!({"chatgpt_account_id": "two"})), Err(Mismatch::Workspace));
    }

    #[test]
    fn api_project_needs_an_organization_and_a_project() {
        let auth = |organization: Option<&str>, project: Option<&str>| AuthClaims {
            organization_id: organization.map(str::to_owned),
            project_id: project.map(str::to_owned),
            ..AuthClaims::default()
        };
        assert_eq!(auth(Some("org-1"), Some("proj_1")).api_project(), Ok(("org-1", "proj_1")));
        assert_eq!(auth(Some("org-1"), None).api_project(), Err(MissingClaim::Project));
        assert_eq!(auth(None, Some("proj_1")).api_project(), Err(MissingClaim::Organization));
    }

    #[test]
    fn only_an_owner_sets_up_an_organization() {
        for (is_org_owner, completed_platform_onboarding, needs_setup) in
            [(true, false, true), (true, true, false), (false, false, false), (false, true, false)]
        {
            let claims =
                AuthClaims { is_org_owner, completed_platform_onboarding, ..AuthClaims::default() };
            assert_eq!(claims.needs_setup(), needs_setup);
        }
    }

    /// The first line of a file is the outcome, the rest is a token, or the header and the payload of one.
    // threats 95 98 99 100 101 102 103 105
    #[test]
    fn id_token_of_each_vector_has_its_outcome() {
        let expected = IdTokenValidation::new("https://issuer.example", "app_1", 1_000_000);
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let outcome = |input: &str| {
            let encoded = input.split_once('\n');
            let encoded = encoded.map(|(header, payload)| [part(header), part(payload)].join("."));
            let token = encoded.map_or(input.to_owned(), |signed| format!("{signed}.c2ln"));
            match Claims::decode_id_token_without_verifying(&IdToken::new(token).unwrap()) {
                Ok(claims) => {
                    claims.check(&expected).map_or_else(|it| format!("{it:?}"), |()| "Ok".into())
                }
                Err(error) => format!("{error:?}"),
            }
        };
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/vectors/jwt_claims");
        let vectors = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut checked = 0;
        for path in vectors {
            let vector = fs::read_to_string(&path).unwrap();
            let (expected, input) = vector.split_once('\n').unwrap();
            assert_eq!(outcome(input), expected, "{}", path.display());
            checked += 1;
        }
        assert!(checked >= 50, "{checked} files");
    }
}
