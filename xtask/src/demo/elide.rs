//! Secrets, as they may be shown: by their kind.

/// `text`, with every secret in it cut down to what tells its kind: `eyJ…`, `sk-…`, `…`.
pub(super) fn elide(text: &str, secrets: &[String]) -> String {
    let mut secrets: Vec<&String> = secrets.iter().filter(|secret| !secret.is_empty()).collect();
    // One that is part of another would leave the rest of the other.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let cut = |text: String, secret: &&String| text.replace(secret.as_str(), kind(secret));
    secrets.iter().fold(text.to_owned(), cut)
}

/// The first characters that all secrets of a kind have, and that therefore are no secret.
fn kind(secret: &str) -> &'static str {
    if secret.starts_with("eyJ") {
        "eyJ…"
    } else if secret.starts_with("sk-") {
        "sk-…"
    } else {
        "…"
    }
}

/// Whether none of the secrets is in `text`.
pub(super) fn has_none(text: &str, secrets: &[String]) -> bool {
    !secrets.iter().any(|secret| !secret.is_empty() && text.contains(secret.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_replaced_by_its_prefix() {
        let secrets = ["eyJhbGciOi.x.y", "sk-abc", "abc", "", "rt_1"].map(str::to_owned);
        let text = r#"{"id": "eyJhbGciOi.x.y", "key": "sk-abc", "rest": "rt_1 abc"}"#;
        let elided = elide(text, &secrets);
        assert_eq!(elided, r#"{"id": "eyJ…", "key": "sk-…", "rest": "… …"}"#);
        assert!(has_none(&elided, &secrets));
        assert!(!has_none(text, &secrets));
    }
}
