use crate::AuthDocument;
use crate::object::Object;

const OAUTH_PROVENANCE: &str = "oauth_provenance";

/// `tokens.oauth_provenance`, which Codex CLI writes since 0.169: the OAuth client and the issuer of
/// the tokens.
impl AuthDocument {
    /// The `client_id` for a refresh and a revocation of these tokens.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.provenance("client_id")
    }

    /// The issuer of the tokens.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.provenance("issuer")
    }

    /// Sets the client and the issuer of the tokens.
    pub fn set_oauth_provenance(&mut self, issuer: &str, client_id: &str) {
        self.object.edit_object("tokens", |tokens| {
            tokens.edit_object(OAUTH_PROVENANCE, |provenance| {
                *provenance = Object::default();
                provenance.set("issuer", issuer);
                provenance.set("client_id", client_id);
            });
        });
    }

    fn provenance(&self, name: &str) -> Option<&str> {
        self.tokens()?.object(OAUTH_PROVENANCE)?.text(name)
    }
}

#[cfg(test)]
mod tests {
    use crate::format::{parse, serialize};

    #[test]
    fn oauth_provenance_is_read_and_written() {
        let mut document = parse(br#"{"tokens":{"access_token":"a"}}"#).unwrap();
        assert_eq!((document.issuer(), document.client_id()), (None, None));
        document.set_oauth_provenance("https://issuer.test", "app_1");
        let bytes = serialize(&document).unwrap();
        let compact: String = std::str::from_utf8(&bytes).unwrap().split_whitespace().collect();
        let expected = r#"{"tokens":{"access_token":"a","oauth_provenance":{"issuer":"https://issuer.test","client_id":"app_1"}}}"#;
        assert_eq!(compact, expected);
        assert_eq!(document.issuer(), Some("https://issuer.test"));
        assert_eq!(document.client_id(), Some("app_1"));
    }

    #[test]
    fn malformed_oauth_provenance_is_ignored() {
        for provenance in ["null", "7", "[]", "{}", r#"{"client_id":""}"#, r#"{"client_id":7}"#] {
            let text = format!(r#"{{"tokens":{{"oauth_provenance":{provenance}}}}}"#);
            assert_eq!(parse(text.as_bytes()).unwrap().client_id(), None, "{text}");
        }
    }
}
