//! `auth.json` after a fault: the old content, the new one, or neither.

use sandbox::{Issued, Minted};
use serde_json::{Value, json};

/// The content of the file after a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The old content, byte by byte.
    Old,
    /// The new content, whole.
    New,
    /// Anything else: torn, mixed, empty, or gone.
    Torn,
}

/// What a command has to store.
pub(super) enum Goal {
    /// No file.
    Nothing,
    /// A sign-in with this API key, and with no tokens.
    Key(String),
    /// A sign-in with the tokens of one of these responses.
    Tokens(Vec<Generation>),
}

/// ID, access and refresh token of one response.
pub(super) type Generation = [String; 3];

/// Every response but the first, which is the original sign-in.
pub(super) fn refreshed(issued: Issued) -> Vec<Generation> {
    let Issued { id_tokens, access_tokens, refresh_tokens, .. } = issued;
    let both = id_tokens.into_iter().zip(access_tokens).zip(refresh_tokens);
    both.map(|((id, access), refresh)| [id, access, refresh]).skip(1).collect()
}

/// Compares the content with the one before and with the goal. `None` is no file.
pub(super) fn classify(before: Option<&[u8]>, now: Option<&[u8]>, goal: &Goal) -> State {
    if before == now {
        return State::Old;
    }
    let is_new = match (now, goal) {
        (None, goal) => matches!(goal, Goal::Nothing),
        (Some(bytes), goal) => {
            serde_json::from_slice(bytes).is_ok_and(|it| goal.is_reached_by(&it))
        }
    };
    if is_new { State::New } else { State::Torn }
}

impl Goal {
    fn is_reached_by(&self, document: &Value) -> bool {
        match self {
            Self::Nothing => false,
            Self::Key(key) => {
                document["OPENAI_API_KEY"] == **key
                    && document["auth_mode"] == "apikey"
                    && document["tokens"].is_null()
            }
            // Fields of other programs stay.
            Self::Tokens(generations) => {
                document[KEPT] == true && generations.iter().any(|it| is_in(document, it))
            }
        }
    }
}

fn is_in(document: &Value, [id, access, refresh]: &Generation) -> bool {
    let tokens = &document["tokens"];
    tokens["id_token"] == **id
        && tokens["access_token"] == **access
        && tokens["refresh_token"] == **refresh
}

/// A field of another program.
const KEPT: &str = "other_program";

/// A stored sign-in with these tokens, refreshed long ago.
pub(super) fn sign_in(tokens: &Minted) -> String {
    sign_in_of(tokens, 0)
}

/// The same, with so many bytes of another program.
pub(super) fn sign_in_of(tokens: &Minted, length: usize) -> String {
    let document = json!({
        "auth_mode": "chatgpt",
        "OPENAI_API_KEY": null,
        "tokens": {
            "id_token": tokens.id_token,
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
        },
        "last_refresh": "2020-01-01T00:00:00Z",
        KEPT: true,
        "theirs": "x".repeat(length),
    });
    format!("{document:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generation(number: u8) -> Generation {
        ["id", "access", "refresh"].map(|name| format!("{name}-{number}"))
    }

    fn stored([id_token, access_token, refresh_token]: Generation) -> String {
        sign_in(&Minted { id_token, access_token, refresh_token: Some(refresh_token) })
    }

    #[test]
    fn tokens_are_new_if_complete_and_from_one_response() {
        let (old, new) = (stored(generation(0)), stored(generation(1)));
        let state = |now: &str| {
            let goal = Goal::Tokens(vec![generation(1), generation(2)]);
            classify(Some(old.as_bytes()), Some(now.as_bytes()), &goal)
        };
        assert_eq!(state(&old), State::Old);
        assert_eq!(state(&new), State::New);
        assert_eq!(state(&stored(generation(2))), State::New);
        assert_eq!(state(&stored(generation(3))), State::Torn);
        assert_eq!(state(&new.replace("id-1", "id-2")), State::Torn);
        assert_eq!(state(&new.replace(KEPT, "forgotten")), State::Torn);
        assert_eq!(state(&new[..new.len() - 1]), State::Torn);
        assert_eq!(state(""), State::Torn);
        assert_eq!(classify(Some(b"{}"), None, &Goal::Tokens(vec![generation(1)])), State::Torn);
    }

    #[test]
    fn key_is_new_if_no_tokens_remain() {
        let goal = Goal::Key("sk-new".to_owned());
        let state = |now: &str| classify(None, Some(now.as_bytes()), &goal);
        assert_eq!(state(r#"{"auth_mode": "apikey", "OPENAI_API_KEY": "sk-new"}"#), State::New);
        assert_eq!(state(r#"{"auth_mode": "apikey", "OPENAI_API_KEY": "sk-old"}"#), State::Torn);
        let mixed = r#"{"auth_mode": "apikey", "OPENAI_API_KEY": "sk-new", "tokens": {}}"#;
        assert_eq!(state(mixed), State::Torn);
        assert_eq!(classify(None, None, &goal), State::Old);
    }

    #[test]
    fn missing_file_is_new_only_if_removal_is_the_goal() {
        assert_eq!(classify(Some(b"{}"), None, &Goal::Nothing), State::New);
        assert_eq!(classify(Some(b"{}"), Some(b"{}"), &Goal::Nothing), State::Old);
        assert_eq!(classify(Some(b"{}"), Some(b""), &Goal::Nothing), State::Torn);
    }
}
