//! The platform, and the API keys that it creates.

use auth_store::Error as StoreError;
use login::Error as LoginError;
use platform_api::{Call, Error as PlatformError};
use printable::excerpt;
use serde_json::{Value, json};
use terminal_ui::{Hint, in_words, say};

use super::network::request;
use super::{Explanation, advise, plain, store, variant_name};

pub(super) fn explain(error: &LoginError) -> Option<Explanation> {
    Some(match error {
        LoginError::KeyExchange { name, source } => {
            let hint = || request(source.request_failure(), |_| None);
            let without = "to sign in without an API key, leave --require-api-key out";
            unknown_outcome(error, name, || hint().unwrap_or_else(|| say(without)))
        }
        LoginError::KeyCreation { name, source } => {
            unknown_outcome(error, name, || platform(source).unwrap_or_else(|| say(NO_KEY)))
        }
        LoginError::AccountNotSetUp(_) => advise(
            "set up the API platform for this account at https://platform.openai.com, or sign in \
             without --require-api-key",
        ),
        LoginError::Platform(error) => plain().hint(platform(error)),
        LoginError::NoProject { failure: Some(failure), .. } => plain().hint(platform(failure)),
        LoginError::NoProject { seen, .. }
            if seen.inaccessible > 0 && seen.inaccessible == seen.organizations =>
        {
            advise(
                "ask an owner of the organization for access to a project, or choose another with \
                 --organization",
            )
        }
        LoginError::NoProject { .. } => advise(
            "open https://platform.openai.com once to set up the account, or wait longer with \
             --poll-timeout",
        ),
        other => return finding(other),
    })
}

/// Errors about what an account has, and about a key that was created.
fn finding(error: &LoginError) -> Option<Explanation> {
    Some(match error {
        LoginError::ListTimedOut { after } => plain()
            .message(format!("the platform did not list everything within {}", in_words(*after))),
        LoginError::UnknownOrganization { offered, .. } => {
            let each = offered.iter().map(|it| (it.id.as_str(), it.title.as_deref()));
            offer(each.collect())
        }
        LoginError::UnknownProject { offered, .. } => {
            let each = offered.iter().map(|it| (it.id.as_str(), it.title.as_deref()));
            offer(each.collect())
        }
        LoginError::NotDelivered { name, stored, .. } => advise(match stored {
            true => "it is kept in auth.json all the same",
            false => "delete that key at https://platform.openai.com/api-keys, and create another",
        })
        .fields(json!({ "key_name": name, "kept": stored })),
        LoginError::NotStored { name, delivered, source } => advise(not_stored(*delivered, source))
            .fields(json!({ "key_name": name, "cause": variant_name(&source.kind()) })),
        _ => return None,
    })
}

/// The sign-in is stored, without an API key.
pub(super) fn signed_in_without(error: &LoginError) -> Explanation {
    let other_key = || {
        say("try again with ").run("login").then(", or create a key with ").run("create-key --save")
    };
    match error {
        LoginError::KeyExchange { name, source } => unknown_outcome(error, name, || {
            request(source.request_failure(), |_| None).unwrap_or_else(other_key)
        }),
        _ => advise(other_key()),
    }
}

/// `hint` is for a key that certainly does not exist.
fn unknown_outcome(error: &LoginError, name: &str, hint: impl FnOnce() -> Hint) -> Explanation {
    let may_exist = error.key_may_exist();
    advise(if may_exist { say(key_may_exist(name)) } else { hint() })
        .fields(json!({ "key_name": name, "key_may_exist": may_exist }))
}

/// After the creation of a key whose outcome is not known.
pub(crate) fn key_may_exist(name: &str) -> String {
    format!(
        "a key named \"{name}\" may exist: look at https://platform.openai.com/api-keys before you \
         try again"
    )
}

/// `you can choose: proj_1 (Default project), proj_2`, as far as that fits a few lines.
fn offer(all: Vec<(&str, Option<&str>)>) -> Explanation {
    const MOST: usize = 8;
    let named = |(id, title): &(&str, Option<&str>)| match title {
        Some(title) => format!("{id} ({})", excerpt(title, 40)),
        None => (*id).to_owned(),
    };
    let mut names: Vec<String> = all.iter().take(MOST).map(named).collect();
    if all.len() > MOST {
        names.push("…".to_owned());
    }
    let hint = (!names.is_empty()).then(|| say(format!("you can choose: {}", names.join(", "))));
    let offered = all.into_iter().map(|(id, title)| json!({ "id": id, "title": title }));
    plain().hint(hint).fields(json!({ "offered": offered.collect::<Value>() }))
}

fn not_stored(delivered: bool, error: &StoreError) -> Hint {
    let of_key = say(if delivered {
        "the key above works, but is not stored: save it now"
    } else {
        "delete that key at https://platform.openai.com/api-keys, because it was not delivered"
    });
    match store::hint(error) {
        Some(hint) => of_key.then("; ").and(hint),
        None => of_key,
    }
}

fn platform(error: &PlatformError) -> Option<Hint> {
    request(Some(error.request_failure()), |response| {
        Some(say(platform_response(error.call(), response.status)))
    })
}

const NO_KEY: &str = "no key was made: try again";

fn platform_response(call: Call, status: u16) -> &'static str {
    match (call, status) {
        (_, 401) => "sign in again; if that does not help, check --issuer and --api-base",
        (Call::LogIn, 403) => {
            "this account has no access to the platform: sign in to https://platform.openai.com with it \
             to check, or use another account"
        }
        (Call::CreateApiKey, 403) => "no key was made: ask an owner of the organization for access",
        (Call::CreateApiKey, 404) => {
            "no key was made; the project may be gone: run it again, or choose one with --project"
        }
        (Call::CreateApiKey, 409) => "no key was made: choose another name with --name",
        (Call::CreateApiKey, _) => NO_KEY,
        (_, 403) => "ask an owner of the organization for access",
        (_, 404) => "check --api-base",
        _ => "try again; if that does not help, look for a newer login-cli",
    }
}
