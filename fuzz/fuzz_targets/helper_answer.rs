//! What a credential helper prints: the answers of `get` and `list`, compared with a second implementation,
//! and the message of a helper that could not store, which must not repeat the secret. An input is an
//! answer; zero bytes divide it into the secret, the standard output and the standard error of a refusal.

#![no_main]

use std::collections::BTreeMap;

use credential_helper::Credential;
use credential_helper::fuzzing::{get_answer, list_answer, refusal, store_input};
use fuzz::json::Json;
use fuzz::screen;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let json = Json::read(input);
    let found = get_answer(input).ok().map(|entry| entry.map(exposed));
    assert_eq!(found, json.as_ref().and_then(entry));
    assert_eq!(list_answer(input).ok(), json.as_ref().and_then(users));
    let mut parts = input.splitn(3, |byte| *byte == 0);
    let [secret, stdout, stderr] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let secret = String::from_utf8_lossy(secret);
    check_stored(&secret, &String::from_utf8_lossy(stdout));
    check_message(&refusal(stdout, stderr, &secret), stdout, &secret);
});

fn exposed(entry: Credential) -> (String, String) {
    (entry.username, entry.secret.to_string())
}

/// An entry without a user and a secret is none. The fields may also be a list, in their order.
fn entry(answer: &Json) -> Option<Option<(String, String)>> {
    let (user, secret) = match answer {
        Json::Object(_) if answer.has_names() => {
            let user = answer
                .only("Username")
                .map(|it| if answer.has("Username") { it.text() } else { Some("") });
            (user??, answer.only("Secret")?.text()?)
        }
        Json::List(fields) => match fields.as_slice() {
            [user, secret] => (user.text()?, secret.text()?),
            _ => return None,
        },
        _ => return None,
    };
    Some((!user.is_empty() || !secret.is_empty()).then(|| (user.to_owned(), secret.to_owned())))
}

fn users(answer: &Json) -> Option<BTreeMap<String, String>> {
    match answer {
        Json::Null => Some(BTreeMap::new()),
        Json::Object(members) => members
            .iter()
            .map(|(url, user)| Some((url.clone()?, user.text()?.to_owned())))
            .collect(),
        _ => None,
    }
}

/// What is stored is one line, and an answer of `get` with the same secret.
fn check_stored(secret: &str, username: &str) {
    let (username, stored) = (username.to_owned(), secret.to_owned().into());
    let entry = Credential { username, secret: stored };
    let line = store_input("https://a.test", &entry).expect("JSON");
    assert!(!line.contains(&b'\n'));
    let json = Json::read(&line).expect("JSON");
    let fields = ["ServerURL", "Username", "Secret"].map(|name| json.last(name).text());
    assert_eq!(fields, [Some("https://a.test"), Some(&*entry.username), Some(secret)]);
    let again = get_answer(&line).expect("an answer").map(exposed);
    assert!(again.is_none_or(|again| again == exposed(entry)));
}

/// The message of a helper is short and clean, and no twelve letters of the secret are in it.
fn check_message(message: &str, stdout: &[u8], secret: &str) {
    assert!(screen::is_clean(message) && message.chars().count() <= 200, "{message:?}");
    let is_ours = message.starts_with("(its message is withheld") || message == "exit status: 0";
    if is_ours {
        return;
    }
    let said = screen::line(&String::from_utf8_lossy(stdout));
    assert!(said.is_empty() || message == screen::cut(&said, 200));
    let letters = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let (message, secret) = (letters(message), letters(secret));
    let parts = secret.as_bytes().windows(12).map(|part| str::from_utf8(part).expect("letters"));
    parts.for_each(|part| assert!(!message.contains(part), "{part}"));
}
