use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::jwt::{MalformedJwt, Payload};
use crate::{AccessToken, IdToken};

/// The claims that a sign-in reads from an ID token or an access token.
///
/// Names are those of the tokens ([OpenID Connect Core
/// §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)). A claim that is absent,
/// null, empty or of another type is `None`: the caller decides which claims are required. `A`
/// reads the claims of one authorization server from the same object.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(bound = "A: Default")]
#[non_exhaustive]
pub struct Claims<A = NoAdditionalClaims> {
    /// The issuer.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub iss: Option<String>,
    /// The issuer's id of the user.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub sub: Option<String>,
    /// The audience; empty if the claim is absent.
    #[serde(default, deserialize_with = "one_or_many")]
    pub aud: Option<Vec<String>>,
    /// The party that the token was issued to.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub azp: Option<String>,
    /// The client that an access token was issued to
    /// ([RFC 9068 §2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2)).
    #[serde(default, deserialize_with = "non_empty_string")]
    pub client_id: Option<String>,
    /// When the token expires, in seconds since 1970-01-01 UTC.
    #[serde(default, deserialize_with = "numeric_date")]
    pub exp: Option<i64>,
    /// When the token was issued, in seconds since 1970-01-01 UTC.
    #[serde(default, deserialize_with = "numeric_date")]
    pub iat: Option<i64>,
    /// When the token becomes valid, in seconds since 1970-01-01 UTC.
    #[serde(default, deserialize_with = "numeric_date")]
    pub nbf: Option<i64>,
    /// When the user last signed in at the issuer, in seconds since 1970-01-01 UTC.
    #[serde(default, deserialize_with = "numeric_date")]
    pub auth_time: Option<i64>,
    /// How the user signed in: a value of `acr_values`, if the request had them.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub acr: Option<String>,
    /// The `nonce` of the authorization request.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub nonce: Option<String>,
    /// The user's email address, for display.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub email: Option<String>,
    /// The user's name, for display.
    #[serde(default, deserialize_with = "non_empty_string")]
    pub name: Option<String>,
    /// Additional claims of the authorization server.
    #[serde(skip)]
    pub additional: A,
}

/// No additional claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct NoAdditionalClaims {}

impl<A: Default + DeserializeOwned> Claims<A> {
    /// Reads the claims of an ID token without verifying its signature.
    ///
    /// # Errors
    ///
    /// [`MalformedJwt`] if it is not a signed JWT with claims.
    pub fn decode_id_token_without_verifying(token: &IdToken) -> Result<Self, MalformedJwt> {
        Self::read_without_verifying(token.expose())
    }

    /// Reads the claims of an access token without verifying its signature.
    ///
    /// # Errors
    ///
    /// [`MalformedJwt`] if it is not a signed JWT with claims. An access token can be opaque.
    pub fn decode_access_token_without_verifying(
        token: &AccessToken,
    ) -> Result<Self, MalformedJwt> {
        Self::read_without_verifying(token.expose())
    }

    fn read_without_verifying(jwt: &str) -> Result<Self, MalformedJwt> {
        let payload = Payload::decode_without_verifying(jwt)?;
        Ok(Self { additional: payload.claims()?, ..payload.claims()? })
    }
}

impl<A> Claims<A> {
    /// Validates the claims of an ID token ([OpenID Connect Core
    /// §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation)): `iss`,
    /// `sub`, `aud`, `exp` and `iat` are required.
    ///
    /// # Errors
    ///
    /// [`ClaimMismatch::Missing`], or that of [`check`](Self::check).
    pub fn validate(&self, expected: &IdTokenValidation<'_>) -> Result<(), ClaimMismatch> {
        let required = [
            ("iss", self.iss.is_some()),
            ("aud", self.aud.is_some()),
            ("exp", self.exp.is_some()),
            ("iat", self.iat.is_some()),
        ];
        match required.into_iter().find(|(_, is_present)| !is_present) {
            Some((claim, _)) => Err(ClaimMismatch::Missing { claim }),
            None => self.check(expected),
        }
    }

    /// As [`validate`](Self::validate), for a server that leaves out claims: only `sub` is required,
    /// and the others are checked if they are present.
    ///
    /// # Errors
    ///
    /// The first [`ClaimMismatch`], in the order of the rules.
    pub fn check(&self, expected: &IdTokenValidation<'_>) -> Result<(), ClaimMismatch> {
        self.check_origin(expected.issuer, expected.client_id)?;
        self.check_times(expected.now)?;
        self.check_nonce(expected.nonce)?;
        self.check_subject()
    }

    /// The part of [`check`](Self::check) that does not depend on the clock: issuer and audience.
    ///
    /// # Errors
    ///
    /// [`ClaimMismatch::Issuer`] or [`ClaimMismatch::Audience`].
    pub fn check_origin(&self, issuer: &str, client_id: &str) -> Result<(), ClaimMismatch> {
        self.check_issuer(issuer)?;
        self.check_audience(client_id)
    }

    /// Checks that the ID token of a refresh has the same `sub` as the previous one ([OpenID
    /// Connect Core
    /// §12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse)).
    ///
    /// # Errors
    ///
    /// [`ClaimMismatch::Subject`].
    pub fn check_subject_unchanged(&self, before: &Self) -> Result<(), ClaimMismatch> {
        match (&self.sub, &before.sub) {
            (Some(now), Some(before)) if now != before => Err(ClaimMismatch::Subject),
            _ => Ok(()),
        }
    }

    /// Checks that the user signed in at the issuer at most `max_age` ago, as the `max_age` of the request
    /// says ([OpenID Connect Core
    /// §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation), rule 13).
    ///
    /// # Errors
    ///
    /// [`ClaimMismatch::Missing`] or [`ClaimMismatch::AuthenticationTooOld`].
    pub fn check_authentication_age(
        &self,
        max_age: Duration,
        now: SystemTime,
    ) -> Result<(), ClaimMismatch> {
        let auth_time = self.auth_time.ok_or(ClaimMismatch::Missing { claim: "auth_time" })?;
        let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
        let now = seconds(now.duration_since(UNIX_EPOCH).unwrap_or_default());
        let end = auth_time.saturating_add(seconds(max_age)).saturating_add(CLOCK_SKEW);
        if now <= end { Ok(()) } else { Err(ClaimMismatch::AuthenticationTooOld) }
    }

    /// `sub` is a text of at most 255 characters
    /// ([OpenID Connect Core §2](https://openid.net/specs/openid-connect-core-1_0.html#IDToken)).
    fn check_subject(&self) -> Result<(), ClaimMismatch> {
        const LONGEST: usize = 255;
        match &self.sub {
            Some(sub) if sub.chars().nth(LONGEST).is_none() => Ok(()),
            _ => Err(ClaimMismatch::MissingSubject),
        }
    }

    fn check_issuer(&self, issuer: &str) -> Result<(), ClaimMismatch> {
        match &self.iss {
            Some(iss) if iss != issuer => Err(ClaimMismatch::Issuer),
            _ => Ok(()),
        }
    }

    fn check_audience(&self, client_id: &str) -> Result<(), ClaimMismatch> {
        let Some(aud) = &self.aud else { return Ok(()) };
        let named = aud.iter().any(|audience| audience == client_id);
        let party = match &self.azp {
            Some(azp) => azp == client_id,
            None => aud.len() <= 1,
        };
        if named && party { Ok(()) } else { Err(ClaimMismatch::Audience) }
    }

    /// A token of another request has another `nonce`, or none.
    fn check_nonce(&self, nonce: Option<&str>) -> Result<(), ClaimMismatch> {
        let is_expected = nonce.is_none() || self.nonce.as_deref() == nonce;
        if is_expected { Ok(()) } else { Err(ClaimMismatch::Nonce) }
    }

    fn check_times(&self, now: i64) -> Result<(), ClaimMismatch> {
        if self.exp.is_some_and(|exp| exp.saturating_add(CLOCK_SKEW) < now) {
            return Err(ClaimMismatch::Expired);
        }
        if self.iat.is_some_and(|iat| iat.saturating_sub(CLOCK_SKEW) > now) {
            return Err(ClaimMismatch::IssuedInTheFuture);
        }
        if self.nbf.is_some_and(|nbf| nbf.saturating_sub(CLOCK_SKEW) > now) {
            return Err(ClaimMismatch::NotYetValid);
        }
        Ok(())
    }
}

/// The allowed clock skew in seconds.
const CLOCK_SKEW: i64 = 300;

/// The expected values of the claims of an ID token.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct IdTokenValidation<'a> {
    /// The issuer, which is compared exactly.
    pub issuer: &'a str,
    /// The `client_id`.
    pub client_id: &'a str,
    /// Now, in seconds since 1970-01-01 UTC.
    pub now: i64,
    /// The `nonce` of the authorization request. `None`: the claim is ignored.
    pub nonce: Option<&'a str>,
}

impl<'a> IdTokenValidation<'a> {
    /// Without a `nonce`.
    #[must_use]
    pub fn new(issuer: &'a str, client_id: &'a str, now: i64) -> Self {
        Self { issuer, client_id, now, nonce: None }
    }
}

/// A claim that differs from the expected value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimMismatch {
    /// `iss` is another issuer.
    #[error("it was made by another issuer (iss)")]
    Issuer,
    /// `aud` or `azp` is another client.
    #[error("it was made for another client (aud, azp)")]
    Audience,
    /// A required claim is absent, or of another type.
    #[error("it has no {claim}")]
    Missing {
        /// The name of the claim.
        claim: &'static str,
    },
    /// `nonce` is that of another request.
    #[error("it belongs to another sign-in (nonce)")]
    Nonce,
    /// `sub` is another user.
    #[error("it is about another person (sub)")]
    Subject,
    /// `sub` is absent or too long.
    #[error("it does not say who signed in (sub)")]
    MissingSubject,
    /// `exp` is in the past, or this machine's clock is ahead.
    #[error("it has expired already (exp)")]
    Expired,
    /// `auth_time` is longer ago than the `max_age` of the request.
    #[error("the last sign-in of its user is too long ago (auth_time)")]
    AuthenticationTooOld,
    /// `iat` is in the future, or this machine's clock is behind.
    #[error("it was issued in the future (iat)")]
    IssuedInTheFuture,
    /// `nbf` is in the future, or this machine's clock is behind.
    #[error("it is not valid yet (nbf)")]
    NotYetValid,
}

/// Deserializes a string claim. An empty string or another type is `None`. For fields of additional
/// claims.
///
/// # Errors
///
/// The input is not JSON.
pub fn non_empty_string<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(input)? {
        Value::String(text) if !text.is_empty() => Some(text),
        _ => None,
    })
}

/// `aud` is a string or a list of strings. A list without strings has no audience.
fn one_or_many<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Vec<String>>, D::Error> {
    Ok(match Value::deserialize(input)? {
        Value::Null => None,
        Value::String(one) => Some(vec![one]),
        Value::Array(many) => {
            Some(many.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        _ => Some(Vec::new()),
    })
}

/// A NumericDate ([RFC 7519 §2](https://www.rfc-editor.org/rfc/rfc7519#section-2)) may have a
/// fraction, which is truncated. The cast saturates, so that no value overflows.
#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates; the fraction goes")]
fn numeric_date<'de, D: Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    // `serde_json` rejects a number that is too large for a float; `str::parse` does not.
    let date = Box::<RawValue>::deserialize(input)?;
    let seconds = || date.get().parse::<f64>().ok();
    Ok(date.get().parse().ok().or_else(|| seconds().map(|seconds| seconds.floor() as i64)))
}

#[cfg(test)]
mod tests;
