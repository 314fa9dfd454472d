use std::collections::HashSet;

use super::ParseError;
use crate::ParseErrorKind;

/// As deep as `serde_json` reads.
const MAX_DEPTH: usize = 127;

/// Refuses an object that has a name twice. Parsers disagree about which of the two counts, so a file
/// that two programs share must not have one. `value` is valid JSON; it is read once, from start to end.
pub(super) fn check_unique(text: &str, value: &str) -> Result<(), ParseError> {
    let error = |at: usize, kind| Err(ParseError::at_value(text, &value[at..], kind));
    // The names so far of each object that has not ended; `None` is an array.
    let mut open: Vec<Option<HashSet<String>>> = Vec::new();
    let (mut at, mut is_name) = (0, false);
    while let Some(byte) = value.as_bytes().get(at) {
        let mut end = at + 1;
        match byte {
            b'{' | b'[' if open.len() == MAX_DEPTH => return error(at, ParseErrorKind::Syntax),
            b'{' | b'[' => {
                is_name = *byte == b'{';
                open.push(is_name.then(HashSet::new));
            }
            b'}' | b']' => drop(open.pop()),
            b',' => is_name = open.last().is_some_and(Option::is_some),
            b'"' => {
                end = end_of_string(value, at);
                if let Some(Some(names)) = open.last_mut().filter(|_| is_name) {
                    let Ok(name) = serde_json::from_str(&value[at..end]) else {
                        return error(at, ParseErrorKind::Syntax);
                    };
                    if !names.insert(name) {
                        return error(at, ParseErrorKind::DuplicateKey);
                    }
                }
                is_name = false;
            }
            _ => {}
        }
        at = end;
    }
    Ok(())
}

/// The offset behind the string that begins at `start`.
fn end_of_string(value: &str, start: usize) -> usize {
    let mut bytes = value.bytes().enumerate().skip(start + 1);
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return at + 1,
            b'\\' => drop(bytes.next()),
            _ => {}
        }
    }
    value.len()
}
