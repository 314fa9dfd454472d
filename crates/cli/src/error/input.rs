use serde_json::json;
use terminal_ui::{Hint, say};

use super::{Explanation, advise};
use crate::stdin::BadSecret;

/// Why the secret on standard input is not taken. `example` shows what is expected.
pub(super) fn explain(bad: &BadSecret, example: Hint) -> Explanation {
    let (cause, hint) = match bad {
        BadSecret::ApiKey => ("api_key", say("read it with --with-api-key")),
        BadSecret::AccessToken => ("access_token", say("read it with --with-access-token")),
        BadSecret::IdToken => {
            let instead =
                "an ID token only identifies you: use the access token that came with it, as ";
            ("id_token", say(instead).run("token").then(" prints it"))
        }
        BadSecret::Expired(_) => {
            ("expired", say("get a new one from its issuer, or sign in with ").run("login"))
        }
        BadSecret::SeveralLines | BadSecret::UnfinishedPaste => {
            let again = "copy it again, without a line break in it, and paste it as one line";
            ("malformed", say(again))
        }
        _ => ("malformed", example),
    };
    advise(hint).fields(json!({ "cause": cause }))
}
