use auth_store::{AuthDocument, AuthMode, AuthStore, Location};
use jiff::Timestamp;
use login::Error;
use login::openai::Claims;
use login::platform::check_stored_sign_in;
use login::stored::{check_not_ended, has_ended, identity_without_verifying, issuer_of};
use platform_api::PlatformApi;
use printable::excerpt;
use serde_json::{Value, json};
use terminal_ui::{WrapOptions, from_now, wrap};

use super::platform;
use crate::args::StatusArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::output::columns;
use crate::profiles::Profiles;
use crate::{codex_cli, environment};

/// The stored sign-in.
struct Status {
    profile: String,
    location: Location,
    document: AuthDocument,
    claims: Claims,
    plan: Option<String>,
    account_id: Option<String>,
    /// The server that issued the tokens.
    issuer: Option<String>,
    now: Timestamp,
    notes: Vec<String>,
    /// Why it has ended: the error of `token`.
    end: Option<Error>,
    /// Whether the platform accepts the access token; `None` if that is not known.
    online: Option<bool>,
}

/// `login-cli status`.
pub(crate) fn run(args: &StatusArgs, context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    let store = profiles.store();
    let document = store.load().map_err(Error::Store)?.filter(AuthDocument::is_signed_in);
    let (json, error) = match document {
        Some(document) => {
            let mut status = Status::new(document, &profiles, &store)?;
            let asked = args.online && status.end.is_none();
            let answer = asked.then(|| context.block_on(ask_platform(&profiles, context)));
            status.online = match &answer {
                Some(Ok(())) => Some(true),
                Some(Err(CliError::Login(Error::AccessTokenNotAccepted(_)))) => Some(false),
                _ => None,
            };
            context.output.text(|| status.to_text())?;
            let error = answer.and_then(Result::err);
            (status.to_json(), error.or(status.end.map(CliError::from)))
        }
        None => {
            let error = Error::NotSignedIn(store.location());
            (not_signed_in(&profiles, &store), Some(error.into()))
        }
    };
    context.finish(json, error)
}

async fn ask_platform(profiles: &Profiles, context: &Context) -> Result<(), CliError> {
    let api = PlatformApi::new(platform::client(context)?, context.args.api_base.clone());
    let sign_in = context.stored_sign_in(profiles, &profiles.selected)?;
    Ok(check_stored_sign_in(&sign_in, &api).await?)
}

fn not_signed_in(profiles: &Profiles, store: &AuthStore) -> Value {
    json!({
        "signed_in": false,
        "profile": profiles.selected.as_str(),
        "stored_in": store.location().to_string(),
    })
}

/// Why there can be no valid access token. An expired token that can be refreshed is not enough if the
/// refreshed one could not be stored.
fn end(document: &AuthDocument, store: &AuthStore, now: Timestamp) -> Option<Error> {
    if let Err(error) = check_not_ended(document, store, now) {
        return Some(error);
    }
    let has_expired = document.access_token_expires_at().is_some_and(|exp| exp <= now);
    let is_file = matches!(store.location(), Location::File(_));
    match has_expired && is_file {
        true => store.could_be_written().err().map(Error::NotWritable),
        false => None,
    }
}

impl Status {
    fn new(
        document: AuthDocument,
        profiles: &Profiles,
        store: &AuthStore,
    ) -> Result<Self, CliError> {
        let warnings = store.warnings(&document).map_err(Error::Store)?;
        let mut notes: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        notes.extend(codex_cli::notes(store));
        // A personal access token takes precedence over tokens beside it, and does not name its account.
        let with_tokens = Some(&document).filter(|it| it.personal_access_token().is_none());
        let claims = with_tokens.and_then(identity_without_verifying).unwrap_or_default();
        let access: Claims = with_tokens
            .and_then(AuthDocument::access_token_claims_without_verifying)
            .unwrap_or_default();
        let plan_in_id_token = claims.additional.auth.chatgpt_plan_type.clone();
        let plan = access.additional.auth.chatgpt_plan_type.or(plan_in_id_token);
        let account_id = with_tokens.and_then(AuthDocument::account_id).map(str::to_owned);
        let issuer = with_tokens.filter(|it| it.has_tokens()).map(issuer_of);
        let now = environment::now();
        let end = end(&document, store, now);
        let (profile, location) = (profiles.selected.as_str().to_owned(), store.location());
        let online = None;
        Ok(Self {
            profile,
            location,
            document,
            claims,
            plan,
            account_id,
            issuer,
            now,
            notes,
            end,
            online,
        })
    }

    fn to_text(&self) -> String {
        let auth = &self.claims.additional.auth;
        let short = |text: Option<&str>| text.map(|text| excerpt(text, 80));
        let how = how(&self.document);
        let signed_in = if self.end.is_some() { format!("no longer ({how})") } else { how };
        let api_key = if self.document.api_key().is_some() { "stored" } else { "none" };
        let rows = [
            ("Signed in", Some(signed_in)),
            ("Profile", Some(self.profile.clone()).filter(|it| it != "default")),
            ("Name", short(self.claims.name.as_deref())),
            ("Email", short(self.claims.email.as_deref())),
            ("Plan", short(self.plan.as_deref())),
            ("Organization", self.organization()),
            ("Project", short(auth.project_id.as_deref())),
            ("Account", short(self.account_id.as_deref())),
            ("Access token", self.access_token()),
            ("Online", self.online.map(online)),
            ("API key", Some(api_key.to_owned())),
            ("Last refresh", self.document.last_refresh().map(|then| from_now(then, self.now))),
            ("Stored in", Some(excerpt(&self.location.to_string(), 400))),
        ];
        let rows = rows.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let notes = self.notes.iter().map(|note| ("Note", excerpt(note, 400)));
        let lines =
            rows.chain(notes).map(|(name, text)| format!("{name:<14}{}", wrapped_value(&text)));
        lines.collect::<Vec<_>>().join("\n")
    }

    fn access_token(&self) -> Option<String> {
        match (&self.end, self.document.access_token_expires_at()) {
            (Some(_), Some(exp)) => Some(format!("expired {}", from_now(exp, self.now))),
            _ => access_token(&self.document, self.now),
        }
    }

    /// Whether `token` prints an access token or an API key, as far as can be known without a request.
    fn is_usable(&self) -> bool {
        let document = &self.document;
        let access_token = document.personal_access_token().or_else(|| document.access_token());
        document.api_key().is_some() || (self.end.is_none() && access_token.is_some())
    }

    /// `Analytical Engines (org-1)`.
    fn organization(&self) -> Option<String> {
        let auth = &self.claims.additional.auth;
        let id = excerpt(auth.organization_id.as_deref()?, 80);
        let title = auth.organization_title().map(|title| excerpt(title, 80));
        Some(title.map_or_else(|| id.clone(), |title| format!("{title} ({id})")))
    }

    fn to_json(&self) -> Value {
        let (document, auth) = (&self.document, &self.claims.additional.auth);
        json!({
            "signed_in": self.end.is_none() && self.online != Some(false),
            "auth_mode": document.auth_mode().as_ref().map(AuthMode::as_str),
            "profile": self.profile,
            "email": self.claims.email,
            "name": self.claims.name,
            "plan": self.plan,
            "account_id": self.account_id,
            "organization_id": auth.organization_id,
            "organization_title": auth.organization_title(),
            "project_id": auth.project_id,
            "issuer": self.issuer,
            "usable": self.is_usable(),
            "online": self.online,
            "has_api_key": document.api_key().is_some(),
            "access_token_expires_at": document.access_token_expires_at().map(|time| time.to_string()),
            "last_refresh": document.last_refresh().map(|time| time.to_string()),
            "stored_in": self.location.to_string(),
            "notes": self.notes,
        })
    }
}

/// `the platform accepts the access token`.
fn online(is_accepted: bool) -> String {
    let accepts = if is_accepted { "accepts" } else { "does not accept" };
    format!("the platform {accepts} the access token")
}

/// Text behind the name of a row, in as many lines as the terminal needs.
fn wrapped_value(text: &str) -> String {
    const NARROW: usize = 30;
    let options =
        |width| WrapOptions { width, first: 14, indent: if width < NARROW { 2 } else { 14 } };
    columns().map_or_else(|| text.to_owned(), |width| wrap(text, options(width)))
}

/// `with ChatGPT`.
pub(super) fn how(document: &AuthDocument) -> String {
    match document.auth_mode() {
        Some(AuthMode::ApiKey) => "with an API key".to_owned(),
        Some(AuthMode::PersonalAccessToken) => "with a personal access token".to_owned(),
        Some(AuthMode::Other(mode)) => format!("by another program, mode {}", excerpt(&mode, 40)),
        _ => "with ChatGPT".to_owned(),
    }
}

/// `expires in 47 minutes`. An expired token that can be refreshed does not end the sign-in.
pub(super) fn access_token(document: &AuthDocument, now: Timestamp) -> Option<String> {
    let has_token = document.personal_access_token().or_else(|| document.access_token()).is_some();
    let Some(exp) = document.access_token_expires_at() else {
        return has_token.then(|| "has no known expiry".to_owned());
    };
    let when = from_now(exp, now);
    let is_refreshable = document.refresh_token().is_some() && !has_ended(document, now);
    Some(match exp > now {
        true => format!("expires {when}"),
        false if is_refreshable => format!("expired {when}, refreshed when it is needed"),
        false => format!("expired {when}"),
    })
}
