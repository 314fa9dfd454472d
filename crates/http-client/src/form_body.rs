//! Responses that are forms, as GitHub's token endpoint returns them.

use serde_json::Value;
use zeroize::Zeroizing;

pub(crate) fn is_form(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The form as a JSON object of strings. A repeated field is repeated.
pub(crate) fn form_as_json(form: &[u8]) -> Zeroizing<Vec<u8>> {
    let quoted = |text: &str| Zeroizing::new(Value::from(text).to_string());
    let mut json = Zeroizing::new(Vec::with_capacity(form.len() * 2 + 2));
    for (name, value) in url::form_urlencoded::parse(form) {
        let separator = if json.is_empty() { b'{' } else { b',' };
        json.push(separator);
        json.extend_from_slice(quoted(&name).as_bytes());
        json.push(b':');
        json.extend_from_slice(quoted(&value).as_bytes());
    }
    if json.is_empty() {
        json.push(b'{');
    }
    json.push(b'}');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_is_read_as_an_object_of_strings() {
        for (form, json) in [
            (
                "access_token=a%20b&scope=repo%2Cgist",
                r#"{"access_token":"a b","scope":"repo,gist"}"#,
            ),
            ("error=%22&a=1&a=2", r#"{"error":"\"","a":"1","a":"2"}"#),
            ("", "{}"),
        ] {
            assert_eq!(String::from_utf8(form_as_json(form.as_bytes()).to_vec()).unwrap(), json);
        }
        assert!(is_form("application/x-www-form-urlencoded; charset=utf-8"));
        assert!(is_form("Application/X-WWW-Form-Urlencoded"));
        assert!(!is_form("application/json") && !is_form(""));
    }
}
