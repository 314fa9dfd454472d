use credentials::{AccessToken, IdToken, RefreshToken};
use http_client::Response;
use serde::Deserialize;
use serde_json::Value;

use crate::answer::{self, BEARER};
use crate::client::{TokenClient, TokenRequest};
use crate::error::Error;
use crate::provider::Provider;

/// What a refresh brought. A token that is `None` was not sent: the old one stays
/// ([RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6)).
#[derive(Debug)]
#[non_exhaustive]
pub struct Refreshed {
    /// The new ID token.
    pub id_token: Option<IdToken>,
    /// The new access token.
    pub access_token: Option<AccessToken>,
    /// The new refresh token. Where there is one, the old one is spent: store it before anything
    /// else is done or said.
    pub refresh_token: Option<RefreshToken>,
    /// The fields that were there and cannot be what their names say. It is told beside the tokens,
    /// and is not an error, so that a rotated refresh token is not lost over another field.
    pub unusable: Vec<&'static str>,
}

/// Each field is judged by itself, so that none is lost over another.
#[derive(Deserialize)]
struct RefreshAnswer {
    #[serde(default)]
    id_token: Value,
    #[serde(default)]
    access_token: Value,
    #[serde(default)]
    refresh_token: Value,
    #[serde(default)]
    token_type: Value,
}

impl TokenClient {
    /// Spends a refresh token for new tokens.
    ///
    /// Where refresh tokens rotate, each works once: whoever calls this holds the lock of the store
    /// from reading the token to storing the result.
    ///
    /// # Errors
    ///
    /// [`Error`]; [`Error::requires_reauthentication`] tells the final ones from those that may pass.
    pub async fn refresh(&self, refresh_token: &RefreshToken) -> Result<Refreshed, Error> {
        let fields = refresh_fields(self.client_id(), refresh_token);
        let Provider { token_endpoint: endpoint, refresh_body: format, .. } = self.provider();
        let secrets = &[refresh_token.expose()];
        let request = TokenRequest { endpoint, format: *format, fields: &fields, secrets };
        refreshed(&self.send(&request).await?)
    }
}

pub(crate) fn refreshed(answer: &Response) -> Result<Refreshed, Error> {
    let answer: RefreshAnswer = answer.decode()?;
    Ok(answer.into_refreshed())
}

/// A refresh asks for the scope that the sign-in has already, so that it names none.
fn refresh_fields<'a>(client_id: &'a str, token: &'a RefreshToken) -> [(&'static str, &'a str); 3] {
    [("client_id", client_id), ("grant_type", "refresh_token"), ("refresh_token", token.expose())]
}

impl RefreshAnswer {
    fn into_refreshed(self) -> Refreshed {
        let mut odd = Vec::new();
        let id_token = read("id_token", self.id_token, IdToken::new, &mut odd);
        let access_token = read("access_token", self.access_token, AccessToken::new, &mut odd);
        let refresh_token = read("refresh_token", self.refresh_token, RefreshToken::new, &mut odd);
        read("token_type", self.token_type, bearer, &mut odd);
        Refreshed {
            id_token,
            access_token: access_token.filter(|_| !odd.contains(&"token_type")),
            refresh_token,
            unusable: odd,
        }
    }
}

/// Absent, null or empty is `None`: nothing new was issued. What is there and cannot be is `None` too, and its name is noted.
fn read<T, E>(
    name: &'static str,
    value: Value,
    new: impl FnOnce(String) -> Result<T, E>,
    unusable: &mut Vec<&'static str>,
) -> Option<T> {
    let read = match value {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => new(text).ok(),
        _ => None,
    };
    if read.is_none() {
        unusable.push(name);
    }
    read
}

fn bearer(token_type: String) -> Result<(), String> {
    match answer::is_known(Some(&token_type), &[BEARER]) {
        true => Ok(()),
        false => Err(token_type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read_answer(body: Value) -> Refreshed {
        serde_json::from_value::<RefreshAnswer>(body).unwrap().into_refreshed()
    }

    /// Which of the tokens were brought (`iar`), and which fields were odd.
    #[track_caller]
    fn brings(body: &Value, tokens: &str, unusable: &[&str]) {
        let refreshed = read_answer(body.clone());
        let brought = [
            refreshed.id_token.map(|_| 'i'),
            refreshed.access_token.map(|_| 'a'),
            refreshed.refresh_token.map(|_| 'r'),
        ];
        assert_eq!(brought.into_iter().flatten().collect::<String>(), tokens, "{body}");
        assert_eq!(refreshed.unusable, unusable, "{body}");
    }

    #[test]
    fn a_refresh_has_the_fields_of_rfc_6749() {
        let token = RefreshToken::new("r t").unwrap();
        let expected =
            [("client_id", "app_1"), ("grant_type", "refresh_token"), ("refresh_token", "r t")];
        assert_eq!(refresh_fields("app_1", &token), expected);
    }

    // threats 110 111
    #[test]
    fn any_of_the_tokens_may_be_absent() {
        brings(&json!({"id_token": "i", "access_token": "a", "refresh_token": "r"}), "iar", &[]);
        brings(&json!({"access_token": "a", "token_type": "bearer"}), "a", &[]);
        brings(&json!({"access_token": "a", "refresh_token": null}), "a", &[]);
        brings(&json!({}), "", &[]);
    }

    // threats 85 86 111
    #[test]
    fn a_rotated_token_is_not_lost_over_another_field() {
        brings(&json!({"access_token": 7, "refresh_token": "r"}), "r", &["access_token"]);
        brings(&json!({"id_token": "", "access_token": "a", "refresh_token": ""}), "a", &[]);
        brings(&json!({"id_token": " ", "refresh_token": "r"}), "r", &["id_token"]);
        let mac = json!({"access_token": "a", "refresh_token": "r", "token_type": "mac"});
        brings(&mac, "r", &["token_type"]);
        brings(
            &json!({"access_token": "a\n", "token_type": 7}),
            "",
            &["access_token", "token_type"],
        );
    }

    // threats 6
    #[test]
    fn no_debug_shows_a_token() {
        let refreshed = read_answer(json!({"access_token": "canary", "refresh_token": "canary"}));
        assert!(!format!("{refreshed:?}").contains("canary"));
    }
}
