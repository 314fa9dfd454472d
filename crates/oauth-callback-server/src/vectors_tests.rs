//! The queries and pasted texts in `fuzz/vectors`: the first line of a file is the outcome, the rest is the input.

use std::fs;
use std::path::Path;

use crate::classify::{AuthorizationResponse, Rules, classify_callback};
use crate::pasted_callback::classify_url;
use crate::query::Parameters;
use crate::{RedirectHost, State};

fn rules() -> Rules {
    Rules {
        port: 1455,
        redirect_host: RedirectHost::Localhost,
        callback_path: "/auth/callback".to_owned(),
        form_post: false,
        state: State::new("c3RhdGUtb2YtdGhlLWZ1enotdGFyZ2V0cy0wMDAwMDA"),
        issuer: Some("https://issuer.example".to_owned()),
        iss_required: false,
    }
}

fn outcome<E: std::fmt::Debug>(response: Result<AuthorizationResponse, E>) -> String {
    match response {
        Ok(AuthorizationResponse::Code(code, _)) => format!("Code {:?}", code.expose()),
        Ok(response) => format!("{response:?}"),
        Err(error) => format!("{error:?}"),
    }
}

#[track_caller]
fn assert_vectors(parser: &str, files: usize, outcome: impl Fn(&str) -> String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/vectors").join(parser);
    let vectors = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut checked = 0;
    for path in vectors {
        let vector = fs::read_to_string(&path).unwrap();
        let (expected, input) = vector.split_once('\n').unwrap();
        assert_eq!(outcome(input), expected, "{}", path.display());
        checked += 1;
    }
    assert!(checked >= files, "{checked} files");
}

// threats 8 9 10 11 12 13 14 15 16 17 18 19 37
#[test]
fn callback_queries_have_the_outcome_of_their_vector() {
    assert_vectors("callback_query", 100, |query| {
        outcome(classify_callback(&rules(), &Parameters::parse(query)))
    });
}

// threats 10 190 218
#[test]
fn pasted_texts_have_the_outcome_of_their_vector() {
    assert_vectors("pasted_url", 100, |text| outcome(classify_url(&rules(), text)));
}
