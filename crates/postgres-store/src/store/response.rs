use credentials::RefreshToken;
use token_source::{RefreshedTokens, is_older};

use super::sign_in::Document;

/// What the row has after an attempt to store a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// That document.
    Stored,
    /// Something else, which is what is replaced next.
    Other,
    /// The same, but an attempt has had no answer: it may be a successor of the document.
    PerhapsSuccessor,
}

/// The response to a refresh, and the sign-in that was claimed for it.
pub(super) struct Response<'a, D> {
    pub(super) tokens: &'a RefreshedTokens,
    pub(super) spent: &'a RefreshToken,
    /// The claimed sign-in, without the new tokens.
    pub(super) claimed: Option<D>,
    pub(super) claimed_version: i64,
}

/// What a row has in place of `document`, the claimed sign-in with the new tokens.
pub(super) struct Found<'a, D> {
    pub(super) sign_in: Option<&'a D>,
    pub(super) version: i64,
    pub(super) document: &'a D,
    pub(super) outcome: Outcome,
    /// The lowest version in which the document was stored before that.
    pub(super) stored_in: Option<i64>,
}

/// What happens to what a row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It gets the new tokens.
    Apply,
    /// The document replaces it.
    Replace,
    /// It stays: it has the new tokens, or later ones.
    Keep,
    /// It stays, and the new tokens are discarded.
    Discard,
}

impl<D: Document> Response<'_, D> {
    pub(super) fn next(&self, found: &Found<'_, D>) -> Next {
        let Some(sign_in) = found.sign_in else {
            // The database was set up again. After a logout, the row is no longer in version 0.
            let is_new = found.version == 0 && self.claimed_version > 0;
            return if is_new { Next::Replace } else { Next::Discard };
        };
        if has(sign_in, self.spent) {
            // Another process may have refreshed, with a refresh token that still works.
            let is_refreshed = sign_in.access_token().is_some()
                && !self.is_rotated()
                && !self.has_claimed_access_token(sign_in);
            let is_newer = is_refreshed && is_older(found.document, sign_in);
            return if is_newer { Next::Keep } else { Next::Apply };
        }
        let is_perhaps_successor =
            found.outcome == Outcome::PerhapsSuccessor && sign_in.is_same_account(found.document);
        if self.has_new(sign_in) || is_perhaps_successor {
            // An earlier attempt was committed, and something else was changed after it.
            return Next::Keep;
        }
        match self.is_before(found) && self.is_ancestor(sign_in) {
            // The database went back to an ancestor of what was claimed, whose refresh token is used up. A new
            // sign-in is not older, and stays.
            true => Next::Replace,
            false if found.stored_in.is_some_and(|stored| found.version > stored) => Next::Keep,
            false => Next::Discard,
        }
    }

    fn is_rotated(&self) -> bool {
        let new = self.tokens.refresh_token.as_ref();
        new.is_some_and(|token| token.expose() != self.spent.expose())
    }

    fn has_claimed_access_token(&self, sign_in: &D) -> bool {
        self.claimed.as_ref().is_some_and(|claimed| has_same_access_token(claimed, sign_in))
    }

    fn has_new(&self, sign_in: &D) -> bool {
        self.tokens.refresh_token.as_ref().is_some_and(|token| has(sign_in, token))
    }

    /// What has a later version than the stored document comes from it.
    fn is_before(&self, found: &Found<'_, D>) -> bool {
        found.version <= self.claimed_version
            && found.stored_in.is_none_or(|stored| found.version < stored)
    }

    fn is_ancestor(&self, sign_in: &D) -> bool {
        self.claimed.as_ref().is_some_and(|claimed| is_ancestor(sign_in, claimed))
    }
}

fn has(sign_in: &impl Document, token: &RefreshToken) -> bool {
    sign_in.refresh_token().is_some_and(|it| it.expose() == token.expose())
}

/// Whether `later` may come from a refresh of this sign-in. That may have brought a refresh token alone.
fn is_ancestor<D: Document>(sign_in: &D, later: &D) -> bool {
    sign_in.refresh_token().is_some()
        && sign_in.is_same_account(later)
        && (has_same_access_token(sign_in, later) || is_older(sign_in, later))
}

fn has_same_access_token(sign_in: &impl Document, other: &impl Document) -> bool {
    let tokens = sign_in.access_token().zip(other.access_token());
    tokens.is_some_and(|(it, other)| it.expose() == other.expose())
}

#[cfg(test)]
#[cfg(feature = "auth-store")]
mod tests {
    use super::*;

    use credentials::AccessToken;
    use serde_json::json;

    use crate::auth_json::AuthJson;

    fn sign_in(account: &str, access_token: &str, refresh_token: &str, day: u32) -> AuthJson {
        let tokens = json!({
            "account_id": account, "access_token": access_token, "refresh_token": refresh_token,
        });
        let last_refresh = format!("2026-11-{day}T00:00:00Z");
        let json = json!({
            "auth_mode": "chatgpt", "tokens": tokens, "last_refresh": last_refresh,
        });
        AuthJson::parse(json.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn ancestor_is_an_older_sign_in_of_the_account_with_a_refresh_token() {
        let claimed = sign_in("1", "a", "r-2", 20);
        for (it, expected) in [
            (sign_in("1", "a", "r-1", 20), true),
            (sign_in("1", "b", "r-1", 19), true),
            (sign_in("1", "b", "r-3", 20), false),
            (sign_in("1", "b", "r-3", 21), false),
            (sign_in("2", "b", "r-1", 19), false),
            (sign_in("1", "b", "", 19), false),
        ] {
            assert_eq!(is_ancestor(&it, &claimed), expected);
        }
    }

    /// Version 5 was claimed, `r-2` was sent on day 20, and `r-3` came back, or nothing but an access token.
    #[test]
    fn new_tokens_never_replace_later_ones() {
        let spent = RefreshToken::new("r-2").unwrap();
        let tokens = |refresh_token: Option<&str>| RefreshedTokens {
            access_token: AccessToken::new("c").ok(),
            refresh_token: refresh_token.and_then(|token| RefreshToken::new(token).ok()),
            ..RefreshedTokens::default()
        };
        let (rotated, same, again) = (tokens(Some("r-3")), tokens(None), tokens(Some("r-2")));
        let (other, perhaps) = (Outcome::Other, Outcome::PerhapsSuccessor);
        for (found, version, outcome, stored_in, tokens, expected) in [
            // The same refresh token, in another version or with another access token.
            (Some(sign_in("1", "a", "r-2", 19)), 6, other, None, &rotated, Next::Apply),
            (Some(sign_in("1", "a", "r-2", 25)), 6, other, None, &rotated, Next::Apply),
            (Some(sign_in("1", "b", "r-2", 19)), 6, other, None, &same, Next::Apply),
            (Some(sign_in("1", "b", "r-2", 25)), 6, other, None, &same, Next::Keep),
            (Some(sign_in("1", "a", "r-2", 25)), 6, other, None, &same, Next::Apply),
            (Some(sign_in("1", "", "r-2", 25)), 6, other, None, &same, Next::Apply),
            (Some(sign_in("1", "b", "r-2", 25)), 6, other, None, &again, Next::Keep),
            (Some(sign_in("1", "a", "r-2", 19)), 7, perhaps, None, &rotated, Next::Apply),
            // Another sign-in, or a successor of the new tokens.
            (Some(sign_in("1", "d", "r-3", 20)), 7, other, None, &rotated, Next::Keep),
            (Some(sign_in("1", "d", "r-4", 21)), 7, other, None, &rotated, Next::Discard),
            (Some(sign_in("1", "d", "r-4", 21)), 7, perhaps, None, &rotated, Next::Keep),
            (Some(sign_in("2", "d", "r-9", 21)), 7, perhaps, None, &rotated, Next::Discard),
            // The database went back.
            (Some(sign_in("1", "0", "r-1", 18)), 4, other, None, &rotated, Next::Replace),
            (Some(sign_in("1", "0", "r-9", 21)), 4, other, None, &rotated, Next::Discard),
            (Some(sign_in("1", "0", "r-1", 18)), 5, other, None, &rotated, Next::Replace),
            // An old sign-in, in a later version than the claimed.
            (Some(sign_in("1", "0", "r-1", 18)), 6, other, None, &rotated, Next::Discard),
            // It was stored in version 3, and something else followed, or the database went back again.
            (Some(sign_in("1", "0", "r-4", 18)), 4, other, Some(3), &rotated, Next::Keep),
            (Some(sign_in("1", "0", "r-1", 18)), 2, other, Some(3), &rotated, Next::Replace),
            (Some(sign_in("2", "0", "r-1", 18)), 2, other, Some(3), &rotated, Next::Discard),
            (None, 4, other, Some(3), &rotated, Next::Discard),
            // It was set up again, or somebody has signed out.
            (None, 0, other, None, &rotated, Next::Replace),
            (None, 2, other, None, &rotated, Next::Discard),
            (None, 6, other, None, &rotated, Next::Discard),
        ] {
            let claimed = Some(sign_in("1", "a", "r-2", 19));
            let response = Response { tokens, spent: &spent, claimed, claimed_version: 5 };
            let new = tokens.refresh_token.as_ref().map_or("r-2", RefreshToken::expose);
            let document = &sign_in("1", "c", new, 20);
            let sign_in = found.as_ref();
            let found = Found { sign_in, version, document, outcome, stored_in };
            assert_eq!(response.next(&found), expected, "{version} {outcome:?} {stored_in:?}");
        }
        // Nothing was there before, and somebody has removed what was stored.
        let response = Response::<AuthJson> {
            tokens: &same,
            spent: &spent,
            claimed: None,
            claimed_version: 0,
        };
        let document = &sign_in("1", "c", "r-2", 20);
        let found = Found { sign_in: None, version: 0, document, outcome: other, stored_in: None };
        assert_eq!(response.next(&found), Next::Discard);
    }
}
