//! A text that a person pastes in place of the callback. A code in it is one that the plain URL with this code has too.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oauth_callback_server::fuzzing::{CALLBACK_PATH, Outcome, PORT, STATE, pasted_url};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

fuzz_target!(|text: &str| {
    let Some(outcome) = pasted_url(text) else { return };
    match &outcome {
        Outcome::Code(code) => {
            let code = utf8_percent_encode(code, NON_ALPHANUMERIC);
            let url = format!("http://localhost:{PORT}{CALLBACK_PATH}?code={code}&state={STATE}");
            assert_eq!(pasted_url(&url), Some(outcome), "{url}");
        }
        Outcome::StateMismatch | Outcome::BadRequest => panic!("{outcome:?} is no response"),
        _ => {}
    }
});
