use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sandbox::Account;
use serde_json::{Value, json};

use super::{World, modified, write};

/// A stored sign-in. The ID token and the refresh token are valid; the access token expires when
/// the test needs it.
pub(crate) struct StoredSignIn {
    pub(crate) id_token: String,
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    /// The whole document, which a test can change.
    pub(crate) document: Value,
}

impl StoredSignIn {
    /// The owner, with an access token that expires in `seconds_left`. Nothing is stored yet.
    pub(crate) fn new(world: &World, seconds_left: i64) -> Self {
        Self::minted(world, Account::OWNER, seconds_left)
    }

    /// The same for another account.
    pub(crate) fn minted(world: &World, account: &str, seconds_left: i64) -> Self {
        let minted = world.sandbox.mint(account).unwrap();
        let now = now(world);
        let access_token = jwt(&json!({
            "iss": world.sandbox.issuer_url(),
            "exp": now.as_second() + seconds_left,
            // Makes each token unique.
            "jti": world.registered_secrets().len(),
        }));
        world.register_secret(&access_token);
        let (id_token, refresh_token) = (minted.id_token, minted.refresh_token.unwrap());
        let document = json!({
            "auth_mode": "chatgpt",
            "OPENAI_API_KEY": null,
            "tokens": {
                "id_token": id_token,
                "access_token": access_token,
                "refresh_token": refresh_token,
                "account_id": "acct-ada",
            },
            "last_refresh": (now - SignedDuration::from_hours(9 * 24)).to_string(),
        });
        Self { id_token, access_token, refresh_token, document }
    }

    /// Replaces the value at this JSON pointer.
    #[track_caller]
    pub(crate) fn with(mut self, pointer: &str, value: impl Into<Value>) -> Self {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        self.document.pointer_mut(parent).unwrap()[name] = value.into();
        self
    }

    /// Adds this API key and registers it as a secret.
    pub(crate) fn with_key(self, world: &World, key: &str) -> Self {
        world.register_secret(key);
        self.with("/OPENAI_API_KEY", key)
    }

    /// The content of the file.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string_pretty(&self.document).unwrap()
    }

    /// Writes the file.
    pub(crate) fn stored(self, world: &World) -> Self {
        world.store(&self.text());
        self
    }
}

impl World {
    /// Stores a sign-in of the owner whose access token expires in `seconds_left`.
    pub(crate) fn signed_in(&self, seconds_left: i64) -> StoredSignIn {
        StoredSignIn::new(self, seconds_left).stored(self)
    }
}

/// An unsigned JWT with these claims.
pub(crate) fn jwt(claims: &Value) -> String {
    let base64url = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let header = base64url(r#"{"alg":"RS256","typ":"JWT"}"#);
    format!("{header}.{}.{}", base64url(&claims.to_string()), base64url("not a signature"))
}

/// The current time, from the clock of the file system.
fn now(world: &World) -> Timestamp {
    let file = world.path("work/clock");
    write(&file, "");
    modified(&file).try_into().unwrap()
}
