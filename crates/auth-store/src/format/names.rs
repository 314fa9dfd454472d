use std::collections::HashSet;

use serde_json::value::RawValue;

use super::ParseError;
use crate::Problem;
use crate::object::Members;

/// As deep as `serde_json` reads.
const MAX_DEPTH: usize = 127;

/// Refuses an object that has a name twice. Parsers disagree about which of the two counts, so a file
/// that two programs share must not have one.
pub(super) fn check_unique(text: &str, value: &str) -> Result<(), ParseError> {
    check(text, value, MAX_DEPTH)
}

fn check(text: &str, value: &str, depth: usize) -> Result<(), ParseError> {
    let error = |value, problem| Err(ParseError::at_value(text, value, problem));
    let Ok(children) = children(value) else { return error(value, Problem::Syntax) };
    if depth == 0 && !children.is_empty() {
        return error(value, Problem::Syntax);
    }
    let mut names = HashSet::new();
    for (name, value) in children {
        if name.is_some_and(|name| !names.insert(name)) {
            return error(value, Problem::DuplicateKey);
        }
        check(text, value, depth - 1)?;
    }
    Ok(())
}

/// What is in an object or an array, with the names in the object.
fn children(value: &str) -> serde_json::Result<Vec<(Option<String>, &str)>> {
    Ok(match value.as_bytes().first() {
        Some(b'{') => {
            let Members(members) = serde_json::from_str(value)?;
            members.into_iter().map(|(name, value)| (Some(name), value)).collect()
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(value)?;
            elements.into_iter().map(|element| (None, element.get())).collect()
        }
        _ => Vec::new(),
    })
}
