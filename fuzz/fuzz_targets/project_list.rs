//! A list of projects, page by page, against a second reading of the same rules. Each line of an
//! input is one answer of a server; one that is asked more often than that begins again, so that only
//! the client can end the list.

#![no_main]

use fuzz::json::Json;
use fuzz::platform::{check_error, check_path, entries, flag, id, text, title};
use libfuzzer_sys::fuzz_target;
use platform_api::fuzzing::Listing;
use platform_api::{Call, OrganizationId, Project};

fuzz_target!(|input: &[u8]| {
    let lines: Vec<_> = input.split(|byte| *byte == b'\n').collect();
    let bodies: Vec<_> = lines.iter().map(|line| Json::read(line)).collect();
    let organization = OrganizationId::new("org/../1?a=b#c%2e").unwrap();
    let (mut listing, mut expected) = (Listing::default(), Expected::default());
    for (line, body) in lines.iter().zip(&bodies).cycle() {
        let page = body.as_ref().and_then(page);
        let after = match listing.add(line) {
            Err(error) => {
                assert!(page.is_none() || body.as_ref().is_some_and(Json::has_private_number));
                return check_error(&error, Call::Projects, &FIELDS, body.as_ref());
            }
            Ok(after) => after,
        };
        assert_eq!(after, expected.add(page.expect("this is no page")));
        let Some(after) = after else { break };
        check_path(&organization, Some(&after));
    }
    assert_eq!(listing.projects().iter().map(fields).collect::<Vec<_>>(), expected.projects);
});

const FIELDS: [&str; 4] = [".", "data", "has_more", "last_id"];

/// Its id, its title, and whether it is the initial one.
type Read = (String, Option<String>, bool);

fn fields(it: &Project) -> Read {
    (it.id.as_str().to_owned(), it.title.clone(), it.is_initial)
}

fn project(entry: &Json) -> Option<Read> {
    Some((id(entry)?, title(entry.last("title"))?, flag(entry.last("is_initial"))?))
}

/// The projects of an answer, and where the next answer begins, if it says that there is one.
type Page = (Vec<Read>, Option<String>);

fn page(body: &Json) -> Option<Page> {
    let projects = entries(body, project)?;
    let (has_more, last_id) = (flag(body.only("has_more")?)?, text(body.only("last_id")?)?);
    let last_read = || projects.last().map(|(id, ..)| id.clone());
    let next = if has_more { last_id.or_else(last_read) } else { None };
    Some((projects, next))
}

#[derive(Default)]
struct Expected {
    projects: Vec<Read>,
    begun: Vec<Option<String>>,
}

impl Expected {
    /// No answer is asked for twice, none after the fiftieth, and none behind what is no id.
    fn add(&mut self, (projects, next): Page) -> Option<String> {
        self.projects.extend(projects);
        let is_new = !self.begun.contains(&next);
        self.begun.push(next.clone());
        next.filter(|next| is_new && self.begun.len() < 50 && next.len() <= 256)
    }
}
