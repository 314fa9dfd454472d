//! Responses that are forms, as GitHub's token endpoint returns them.

use zeroize::Zeroizing;

pub(crate) fn is_form(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The form as a JSON object of strings, in a buffer that does not grow: a buffer that grows leaves an
/// unwiped copy behind. A repeated field is repeated.
pub(crate) fn form_as_json(form: &[u8]) -> serde_json::Result<Zeroizing<Vec<u8>>> {
    let mut json = Zeroizing::new(Vec::with_capacity(LARGEST * form.len() + 16));
    for field in form.split(|byte| *byte == b'&').filter(|field| !field.is_empty()) {
        let separator = if json.is_empty() { b'{' } else { b',' };
        json.push(separator);
        let mut parts = field.splitn(2, |byte| *byte == b'=').map(decoded);
        let (name, value) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        serde_json::to_writer(&mut *json, &String::from_utf8_lossy(&name))?;
        json.push(b':');
        serde_json::to_writer(&mut *json, &String::from_utf8_lossy(&value))?;
    }
    if json.is_empty() {
        json.push(b'{');
    }
    json.push(b'}');
    Ok(json)
}

/// A control character is six bytes in JSON, and a field of one byte has six more.
const LARGEST: usize = 6;

/// The bytes of a name or a value
/// ([the URL standard](https://url.spec.whatwg.org/#urlencoded-parsing)).
fn decoded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let space = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
    let spaced: Zeroizing<Vec<u8>> = Zeroizing::new(text.iter().map(space).collect());
    urlencoding::decode_binary(&spaced).into_owned().into()
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
            ("&&a", r#"{"a":""}"#),
            ("=&a==%3D%3d", r#"{"":"","a":"==="}"#),
            ("%zz=%4&b=%", r#"{"%zz":"%4","b":"%"}"#),
            ("a=%ff%C3%BC", "{\"a\":\"\u{fffd}\u{fc}\"}"),
        ] {
            let read = form_as_json(form.as_bytes()).unwrap();
            assert_eq!(std::str::from_utf8(&read).unwrap(), json);
        }
        assert!(is_form("application/x-www-form-urlencoded; charset=utf-8"));
        assert!(is_form("Application/X-WWW-Form-Urlencoded"));
        assert!(!is_form("application/json") && !is_form(""));
    }

    #[test]
    fn buffer_does_not_grow() {
        for field in ["\u{1}", "\u{1}=\u{1}", "a&", "&", "=", "\"=\"", "\u{fc}", "\\"] {
            for count in [1, 2, 1000] {
                let form = field.repeat(count);
                let json = form_as_json(form.as_bytes()).unwrap();
                assert_eq!(json.capacity(), LARGEST * form.len() + 16, "{field:?}");
            }
        }
    }
}
