//! A list of organizations, against a second reading of the same rules: no entry hides another, and
//! none is made up.

#![no_main]

use fuzz::json::Json;
use fuzz::platform::{check_error, check_path, entries, flag, id, title};
use libfuzzer_sys::fuzz_target;
use platform_api::fuzzing::organizations;
use platform_api::{Call, Organization, by_preference};

fuzz_target!(|body: &[u8]| {
    let json = Json::read(body);
    let expected = json.as_ref().and_then(|json| entries(json, organization));
    match (organizations(body), expected) {
        (Ok(read), Some(expected)) => check_list(read, &expected),
        (Err(error), expected) => {
            assert!(expected.is_none() || json.as_ref().is_some_and(Json::has_private_number));
            check_error(&error, Call::Organizations, &[".", "data"], json.as_ref());
        }
        (Ok(read), None) => panic!("{read:?}"),
    }
});

/// Its id, its title, whether it is the default one, and whether it is personal.
type Read = (String, Option<String>, bool, bool);

fn organization(entry: &Json) -> Option<Read> {
    let (default, personal) = (flag(entry.last("is_default")), flag(entry.last("personal")));
    Some((id(entry)?, title(entry.last("title"))?, default?, personal?))
}

fn fields(it: &Organization) -> Read {
    (it.id.as_str().to_owned(), it.title.clone(), it.is_default, it.personal)
}

fn check_list(read: Vec<Organization>, expected: &[Read]) {
    assert_eq!(read.iter().map(fields).collect::<Vec<_>>(), expected);
    read.iter().take(3).for_each(|it| check_path(&it.id, None));
    let ranked = (0..3).map(|rank| expected.iter().filter(move |it| preference(it) == rank));
    let looked_at: Vec<_> = by_preference(read).iter().map(fields).collect();
    assert!(looked_at.iter().eq(ranked.flatten()), "{looked_at:?}");
}

/// The default ones, then the personal ones, then the rest.
fn preference((_, _, is_default, personal): &Read) -> u8 {
    match (is_default, personal) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    }
}
