use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Why a token is not a JWT in the compact serialization
/// ([RFC 7519 §3](https://www.rfc-editor.org/rfc/rfc7519#section-3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MalformedJwt {
    /// Not three parts: header, payload and signature.
    #[error("it does not have three parts")]
    Parts,
    /// A part that is not base64url without padding.
    #[error("a part of it is not base64url")]
    Encoding,
    /// A header that is not a JSON object with an `alg`.
    #[error("its header is not the JSON of a JOSE header")]
    Header,
    /// `alg: none`: an unsigned token
    /// ([RFC 8725 §3.2](https://www.rfc-editor.org/rfc/rfc8725#section-3.2)).
    #[error("it is not signed")]
    Unsigned,
    /// A payload that is not a JSON object of claims, or names a claim twice.
    #[error("its payload is not the JSON of a claims set")]
    Claims,
}

/// The only header field that is read. `jku`, `x5u` and `kid` are ignored, so that a token cannot
/// cause a request.
#[derive(Deserialize)]
struct JoseHeader {
    alg: String,
}

/// The payload of a JWT whose signature was not verified.
pub(crate) struct Payload(Zeroizing<Vec<u8>>);

impl Payload {
    pub(crate) fn decode_without_verifying(jwt: &str) -> Result<Self, MalformedJwt> {
        let (header, payload) = split(jwt)?;
        let header = object(header, MalformedJwt::Header)?;
        let header: JoseHeader =
            serde_json::from_slice(&header).map_err(|_| MalformedJwt::Header)?;
        if header.alg.eq_ignore_ascii_case("none") {
            return Err(MalformedJwt::Unsigned);
        }
        object(payload, MalformedJwt::Claims).map(Self)
    }

    pub(crate) fn claims<T: DeserializeOwned>(&self) -> Result<T, MalformedJwt> {
        serde_json::from_slice(&self.0).map_err(|_| MalformedJwt::Claims)
    }
}

/// Reads at most four parts, so that a token with a million dots is cheap.
fn split(jwt: &str) -> Result<(&str, &str), MalformedJwt> {
    let mut parts = jwt.splitn(4, '.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(header), Some(payload), Some(signature), None)
            if !header.is_empty() && !payload.is_empty() && !signature.is_empty() =>
        {
            Ok((header, payload))
        }
        _ => Err(MalformedJwt::Parts),
    }
}

fn object(part: &str, otherwise: MalformedJwt) -> Result<Zeroizing<Vec<u8>>, MalformedJwt> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| MalformedJwt::Encoding)?;
    let bytes = Zeroizing::new(bytes);
    // Serde would read a list as the fields of a struct.
    if bytes.trim_ascii_start().starts_with(b"{") { Ok(bytes) } else { Err(otherwise) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Map, Value, json};

    fn read<T: DeserializeOwned>(token: &str) -> Result<T, MalformedJwt> {
        Payload::decode_without_verifying(token)?.claims()
    }

    fn jwt(header: &Value, payload: &str) -> String {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        format!("{header}.{}.c2ln", URL_SAFE_NO_PAD.encode(payload))
    }

    #[track_caller]
    fn assert_malformed(token: &str, why: MalformedJwt) {
        let read = read::<Map<String, Value>>(token);
        assert_eq!(read.unwrap_err(), why, "{token}");
    }

    // threats 92
    #[test]
    fn jwt_has_three_parts() {
        for token in ["", "a", "a.b", "a.b.", "a..c", ".b.c", "a.b.c.d", "a.b.c.d.e", "...", "."] {
            assert_malformed(token, MalformedJwt::Parts);
        }
        let good = jwt(&json!({"alg": "RS256"}), "{}");
        for token in [format!(" {good}"), good.replace('.', "\n."), good.replace("c2ln", "c2ln.")] {
            assert!(read::<Value>(&token).is_err(), "{token}");
        }
    }

    // threats 93
    #[test]
    fn a_million_dots_are_refused() {
        assert_malformed(&".".repeat(1_000_000), MalformedJwt::Parts);
    }

    // threats 95
    #[test]
    fn payload_is_a_json_object_in_utf8() {
        let header = json!({"alg": "RS256"});
        assert_malformed(&jwt(&header, "[]"), MalformedJwt::Claims);
        assert_malformed(&jwt(&json!(["RS256"]), "{}"), MalformedJwt::Header);
        for payload in ["[]", "\"a\"", "null", "7", "{", "", "{}x", &"[".repeat(100_000)] {
            let token = jwt(&header, payload);
            let read = read::<Map<String, Value>>(&token);
            assert!(read.is_err(), "{payload:.20}");
        }
        let head = URL_SAFE_NO_PAD.encode(header.to_string());
        assert_malformed(
            &format!("{head}.{}.c2ln", URL_SAFE_NO_PAD.encode(b"{\"a\":\"\xff\"}")),
            MalformedJwt::Claims,
        );
        assert_malformed(&format!("{head}.e30=.c2ln"), MalformedJwt::Encoding);
        assert_malformed(&format!("{head}.e3+/.c2ln"), MalformedJwt::Encoding);
    }

    // threats 96
    #[test]
    fn unsigned_jwt_is_refused_and_header_urls_are_ignored() {
        for alg in ["none", "None", "NONE"] {
            assert_malformed(&jwt(&json!({"alg": alg}), "{}"), MalformedJwt::Unsigned);
        }
        assert_malformed(&jwt(&json!({"typ": "JWT"}), "{}"), MalformedJwt::Header);
        assert_malformed(&jwt(&json!([]), "{}"), MalformedJwt::Header);
        let odd =
            json!({"alg": "HS256", "typ": "odd", "kid": "../../x", "jku": "https://evil.test"});
        assert!(read::<Value>(&jwt(&odd, "{}")).is_ok());
    }
}
