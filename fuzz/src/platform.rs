//! The lists of the platform, read once more.

use http_client::{BaseUrl, DecodeError};
use platform_api::fuzzing::{CONTENT_TYPE, projects_path};
use platform_api::{Call, Error, OrganizationId};

use crate::ascii::is_visible;
use crate::json::{Json, PRIVATE_NUMBER};

/// The first thousand entries of a list that can be read; `None` where this is no list.
pub fn entries<T>(body: &Json, entry: fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    match body.only("data").filter(|data| data.is_readable(1))? {
        Json::List(all) if body.has_names() => {
            Some(all.iter().filter(|it| it.is_object()).filter_map(entry).take(1000).collect())
        }
        _ => None,
    }
}

/// Whatever can be one segment of a path, and is no longer than an id.
pub fn id(entry: &Json) -> Option<String> {
    let is_segment = |id: &&str| is_visible(id) && id.len() <= 256 && !matches!(*id, "." | "..");
    entry.last("id").text().filter(is_segment).map(str::to_owned)
}

/// A text or none.
pub fn text(value: &Json) -> Option<Option<String>> {
    match value {
        Json::Null => Some(None),
        value => value.text().map(|text| Some(text.to_owned())),
    }
}

/// A title or none, of which 256 characters count.
pub fn title(value: &Json) -> Option<Option<String>> {
    Some(text(value)?.map(|title| title.chars().take(256).collect()))
}

/// A truth value, where none is false.
pub fn flag(value: &Json) -> Option<bool> {
    match value {
        Json::Null => Some(false),
        Json::Bool(flag) => Some(*flag),
        _ => None,
    }
}

/// An error says what was asked and names a field, none but ours; and what is JSON is never called
/// anything else.
pub fn check_error(error: &Error, call: Call, fields: &[&str], body: Option<&Json>) {
    let Error::InvalidResponse { call: named, source } = error else { panic!("{error:?}") };
    assert_eq!(*named, call);
    match source {
        DecodeError::Shape { field } => {
            assert!(fields.contains(&field.as_str()) || field.ends_with(PRIVATE_NUMBER), "{field}");
        }
        DecodeError::NotJson { status: 200, content_type } => {
            assert_eq!(content_type.as_deref(), Some(CONTENT_TYPE));
            assert!(body.is_none_or(|body| !body.is_readable(0)));
        }
        DecodeError::NotAnObject => assert!(body.is_none_or(|body| !body.is_object())),
        other => panic!("{other:?}"),
    }
}

/// An id and a cursor stay in the one segment and the one parameter that they were put in.
pub fn check_path(organization: &OrganizationId, after: Option<&str>) {
    let base: BaseUrl = "https://api.example".parse().unwrap();
    let url = base.join(&projects_path(organization, after));
    let segments: Vec<_> = url.path_segments().into_iter().flatten().collect();
    let ["dashboard", "organizations", id, "projects"] = segments[..] else { panic!("{url}") };
    let id = percent_encoding::percent_decode_str(id).decode_utf8();
    assert_eq!(id.as_deref(), Ok(organization.as_str()));
    let parameters: Vec<_> = url.query_pairs().collect();
    let expected = [("detail", "basic"), ("limit", "100")].into_iter();
    let expected = expected.chain(after.map(|cursor| ("after", cursor)));
    assert!(parameters.iter().map(|(name, value)| (&**name, &**value)).eq(expected), "{url}");
    assert_eq!((url.host_str(), url.fragment()), (Some("api.example"), None));
}
