use auth_store::{AuthDocument, AuthMode, AuthStore, Location};
use jiff::Timestamp;
use login::openai::Claims;
use login::stored::{check_not_ended, has_ended, identity_without_verifying};
use printable::excerpt;
use serde_json::{Value, json};
use terminal_ui::{Page, from_now, wrapped};

use crate::context::Context;
use crate::error::CliError;
use crate::output::columns;
use crate::profiles::Profiles;
use crate::{codex_cli, environment};

/// What `status` knows, without asking anybody.
struct Status {
    document: AuthDocument,
    claims: Claims,
    plan: Option<String>,
    now: Timestamp,
    notes: Vec<String>,
    /// Why it is over: `token` fails with the same error.
    end: Option<login::Error>,
}

/// `login-cli status`.
pub(crate) fn run(context: &Context) -> Result<(), CliError> {
    let profiles = Profiles::chosen(&context.args)?;
    let store = profiles.store();
    let Some(status) = Status::read(&store)? else {
        return nobody(&profiles, &store, context);
    };
    let output = &context.output;
    output.text(|| status.as_lines(&profiles, &store))?;
    let json = status.as_json(&profiles, &store);
    let end = status.end.map(CliError::from);
    let document = || {
        let mut json = json;
        if let Some(error) = &end {
            json["error"] = context.to_json(error);
        }
        json
    };
    output.document(document)?;
    end.map_or(Ok(()), Err)
}

/// Why a new access token cannot be had any more. An expired one that could be refreshed is not enough where
/// what that brings could not be stored.
fn end(document: &AuthDocument, store: &AuthStore, now: Timestamp) -> Option<login::Error> {
    if let Err(over) = check_not_ended(document, store, now) {
        return Some(over);
    }
    let has_expired = document.access_token_expires_at().is_some_and(|exp| exp <= now);
    let is_file = matches!(store.location(), Location::File(_));
    match has_expired && is_file {
        true => store.could_be_written().err().map(login::Error::Unstorable),
        false => None,
    }
}

/// Nobody is an answer, and no success.
fn nobody(profiles: &Profiles, store: &AuthStore, context: &Context) -> Result<(), CliError> {
    let error = CliError::from(login::Error::NotSignedIn { location: store.location() });
    let document = || {
        json!({
            "signed_in": false,
            "profile": profiles.selected.as_str(),
            "stored_in": store.location().to_string(),
            "error": context.to_json(&error),
        })
    };
    context.output.document(document)?;
    Err(error)
}

impl Status {
    fn read(store: &AuthStore) -> Result<Option<Self>, CliError> {
        let document = store.load().map_err(login::Error::Store)?;
        let Some(document) = document.filter(AuthDocument::is_signed_in) else {
            return Ok(None);
        };
        let warnings = store.warnings(&document).map_err(login::Error::Store)?;
        let mut notes: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        notes.extend(codex_cli::notes(store));
        // Tokens that stand beside a personal access token are not what counts.
        let counting = Some(&document).filter(|it| it.personal_access_token().is_none());
        let claims = counting.and_then(identity_without_verifying).unwrap_or_default();
        let access: Claims = counting
            .and_then(AuthDocument::access_token_claims_without_verifying)
            .unwrap_or_default();
        let of_id_token = claims.additional.auth.chatgpt_plan_type.clone();
        let plan = access.additional.auth.chatgpt_plan_type.or(of_id_token);
        let now = environment::now();
        let end = end(&document, store, now);
        Ok(Some(Self { document, claims, plan, now, notes, end }))
    }

    fn as_lines(&self, profiles: &Profiles, store: &AuthStore) -> String {
        let auth = &self.claims.additional.auth;
        let shown = |text: &Option<String>| text.as_ref().map(|text| excerpt(text, 80));
        let named =
            (!profiles.selected.is_default()).then(|| profiles.selected.as_str().to_owned());
        let rows = [
            ("Signed in", Some(self.signed_in())),
            ("Profile", named),
            ("Name", shown(&self.claims.name)),
            ("Email", shown(&self.claims.email)),
            ("Plan", shown(&self.plan)),
            ("Organization", self.organization()),
            ("Project", shown(&auth.project_id)),
            ("Account", self.account_id().map(|id| excerpt(id, 80))),
            ("Access token", self.access_token()),
            ("API key", Some(self.api_key().to_owned())),
            ("Last refresh", self.document.last_refresh().map(|then| from_now(then, self.now))),
            ("Stored in", Some(excerpt(&store.location().to_string(), 400))),
        ];
        let rows = rows.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let notes = self.notes.iter().map(|note| ("Note", excerpt(note, 400)));
        let lines = rows.chain(notes).map(|(name, text)| format!("{name:<14}{}", beside(&text)));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn access_token(&self) -> Option<String> {
        match (&self.end, self.document.access_token_expires_at()) {
            (Some(_), Some(exp)) => Some(format!("expired {}", from_now(exp, self.now))),
            _ => access_token(&self.document, self.now),
        }
    }

    fn signed_in(&self) -> String {
        let how = how(&self.document);
        if self.end.is_some() { format!("not any more ({how})") } else { how }
    }

    fn account_id(&self) -> Option<&str> {
        let is_personal = self.document.personal_access_token().is_some();
        self.document.account_id().filter(|_| !is_personal)
    }

    /// `Analytical Engines (org-1)`.
    fn organization(&self) -> Option<String> {
        let auth = &self.claims.additional.auth;
        let id = excerpt(auth.organization_id.as_deref()?, 80);
        let title = auth.organization_title().map(|title| excerpt(title, 80));
        Some(title.map_or_else(|| id.clone(), |title| format!("{title} ({id})")))
    }

    fn api_key(&self) -> &'static str {
        match self.document.api_key() {
            Some(_) => "stored",
            None => "none",
        }
    }

    fn as_json(&self, profiles: &Profiles, store: &AuthStore) -> Value {
        let auth = &self.claims.additional.auth;
        json!({
            "signed_in": self.end.is_none(),
            "auth_mode": self.document.auth_mode().as_ref().map(AuthMode::as_str),
            "profile": profiles.selected.as_str(),
            "email": self.claims.email,
            "name": self.claims.name,
            "plan": self.plan,
            "account_id": self.account_id(),
            "organization_id": auth.organization_id,
            "project_id": auth.project_id,
            "has_api_key": self.document.api_key().is_some(),
            "access_token_expires_at": self.document.access_token_expires_at().map(|time| time.to_string()),
            "last_refresh": self.document.last_refresh().map(|time| time.to_string()),
            "stored_in": store.location().to_string(),
            "notes": self.notes,
        })
    }
}

/// What stands beside a name, in as many lines as the terminal needs.
fn beside(text: &str) -> String {
    const NARROW: usize = 30;
    let page = |width| Page { width, first: 14, indent: if width < NARROW { 2 } else { 14 } };
    columns().map_or_else(|| text.to_owned(), |width| wrapped(text, page(width)))
}

/// `with ChatGPT`, and what else there is.
pub(super) fn how(document: &AuthDocument) -> String {
    match document.auth_mode() {
        Some(AuthMode::ApiKey) => "with an API key".to_owned(),
        Some(AuthMode::PersonalAccessToken) => "with a personal access token".to_owned(),
        Some(AuthMode::Other(mode)) => format!("by another program, mode {}", excerpt(&mode, 40)),
        _ => "with ChatGPT".to_owned(),
    }
}

/// `expires in 47 minutes`; what is over is not the end of the sign-in.
pub(super) fn access_token(document: &AuthDocument, now: Timestamp) -> Option<String> {
    if document.personal_access_token().is_some() {
        return Some("does not say when it expires".to_owned());
    }
    document.access_token()?;
    Some(match (document.access_token_expires_at(), document.refresh_token()) {
        (None, _) => "does not say when it expires".to_owned(),
        (Some(exp), _) if exp > now => format!("expires {}", from_now(exp, now)),
        (Some(exp), Some(_)) if !has_ended(document, now) => {
            format!("expired {}, refreshed when it is needed", from_now(exp, now))
        }
        (Some(exp), _) => format!("expired {}", from_now(exp, now)),
    })
}
