use super::*;

#[test]
fn key_is_one_word_that_starts_with_sk() {
    let checked = |text: &str| as_key(text).map(drop);
    for good in [
        "sk-proj-abcdefghijklmnop_qrstuvwxyz\n",
        "  sk-abcdefghijklmnopqrstuvwxyz\r\n",
        "\"sk-abcdefghijklmnopqrstuvwxyz\"\n",
    ] {
        assert_eq!(checked(good), Ok(()), "{good:?}");
    }
    for (bad, why) in [
        ("", BadSecret::Empty),
        ("\n", BadSecret::Empty),
        ("OPENAI_API_KEY=sk-abcdefghijklmnopqrstuvwxyz", BadSecret::Beginning),
        ("sk-", BadSecret::TooShort),
        ("sk-short", BadSecret::TooShort),
        ("pk-abcdefghijklmnopqrstuvwxyz", BadSecret::Beginning),
        ("sk-abcdefghijkl mnopqrstuvwxyz", BadSecret::SeveralWords),
        ("sk-abcdefghijklmnopqrst\u{e9}", BadSecret::Character),
        ("sk-abcdefghijklmnopqrst\u{1b}[A", BadSecret::Character),
        ("{\"key\":\"sk-abcdefghijklmnopqrst\"}", BadSecret::Beginning),
        ("at-0123456789abcdefghij", BadSecret::AccessToken),
        (&jwt("{}"), BadSecret::AccessToken),
    ] {
        assert_eq!(checked(bad), Err(why), "{bad:?}");
    }
}

fn jwt(payload: &str) -> String {
    use base64::Engine as _;
    let part = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(payload), part("signature"))
}

#[track_caller]
fn is_token(text: &str, outcome: &Result<(), BadSecret>) {
    let now = Timestamp::from_second(1_000_000).unwrap();
    assert_eq!(&as_token(text, &["app_1", "app_2"], now).map(|_| ()), outcome, "{text:.40}");
}

#[test]
fn token_is_one_unexpired_jwt() {
    let good = jwt(r#"{"exp":1000001}"#);
    is_token(&good, &Ok(()));
    is_token(&format!("  {good}\r\n"), &Ok(()));
    is_token(&jwt("{}"), &Ok(()));
    is_token("", &Err(BadSecret::Empty));
    is_token("\n", &Err(BadSecret::Empty));
    is_token(&format!("{good} {good}"), &Err(BadSecret::SeveralWords));
    is_token(&format!("'{good}'"), &Ok(()));
    is_token("sk-proj-abcdefghijklmnop", &Err(BadSecret::ApiKey));
    is_token("at-0123456789", &Ok(()));
    is_token("  at-a_b-c.d0123\r\n", &Ok(()));
    is_token("at-", &Err(BadSecret::Malformed(MalformedJwt::Parts)));
    is_token("at-0123456789\u{7f}", &Err(BadSecret::Malformed(MalformedJwt::Encoding)));
    is_token(&good.replace('.', ".+"), &Err(BadSecret::Malformed(MalformedJwt::Encoding)));
    is_token(&jwt("[]"), &Err(BadSecret::Malformed(MalformedJwt::Claims)));
    is_token(&jwt(r#"{"exp":1000000}"#), &Err(BadSecret::Expired("just now".to_owned())));
    is_token(&jwt(r#"{"aud":["https://api.test/v1"]}"#), &Ok(()));
    is_token(&jwt(r#"{"aud":"app_2"}"#), &Err(BadSecret::IdToken));
    is_token(&jwt(r#"{"aud":["app_1"],"exp":1}"#), &Err(BadSecret::IdToken));
    let long_ago = Err(BadSecret::Expired("2 hours ago".to_owned()));
    is_token(&jwt(&format!(r#"{{"exp":{}}}"#, 1_000_000 - 7200)), &long_ago);
}

#[track_caller]
fn assert_line(bytes: &[u8], line: &Result<&str, BadSecret>) {
    let read = one_line(bytes).unwrap();
    assert_eq!(&read.as_ref().map(|text| text.trim()).map_err(Clone::clone), line, "{bytes:?}");
}

// threats 222
#[test]
fn secret_is_one_complete_line() {
    for (bytes, line) in [
        (&b"sk-1"[..], Ok("sk-1")),
        (b"sk-1\n\n\n", Ok("sk-1")),
        (b"\nsk-1\n", Ok("sk-1")),
        (b"\x1b[200~sk-1\x1b[201~\n", Ok("sk-1")),
        (b"\x1b[200~sk-1\n\x1b[201~\n", Ok("sk-1")),
        (b"sk-1\nrest", Err(BadSecret::SeveralLines)),
        (b"\x1b[200~sk-1\nrest\x1b[201~\n", Err(BadSecret::SeveralLines)),
        (b"\x1b[200~sk-1\n", Err(BadSecret::UnfinishedPaste)),
        (b"\x1b[200~x\x1b[201~\x1b[200~sk-1\n", Err(BadSecret::UnfinishedPaste)),
        (&[b'x'; MAX_INPUT + 1], Err(BadSecret::TooLong)),
    ] {
        assert_line(bytes, &line);
    }
}
