use serde::Deserialize;

use crate::error::{Call, Error, decoded};
use crate::id::OrganizationId;
use crate::list;
use crate::session::Session;

/// An organization of the user.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name. A very long name is truncated.
    #[serde(default, deserialize_with = "list::title")]
    pub title: Option<String>,
    /// Whether it is the default organization of the user.
    #[serde(default, deserialize_with = "list::flag")]
    pub is_default: bool,
    /// Whether it is the user's personal organization.
    #[serde(default, deserialize_with = "list::flag")]
    pub personal: bool,
}

#[derive(Deserialize)]
pub(crate) struct Organizations {
    #[serde(deserialize_with = "list::lenient")]
    pub(crate) data: Vec<Organization>,
}

const ORGANIZATIONS: &str = "/v1/organizations";

impl Session {
    /// The first 1,000 organizations of the user, in the order of the platform.
    ///
    /// # Errors
    ///
    /// [`Error`], with [`Call::Organizations`].
    pub async fn organizations(&self) -> Result<Vec<Organization>, Error> {
        let response = self.get(ORGANIZATIONS).send().await;
        let Organizations { data } = decoded(Call::Organizations, response)?;
        Ok(data)
    }
}

/// The organizations in search order: the default one, personal ones, then the rest. Within a rank, they keep
/// their order.
#[must_use]
pub fn by_preference(mut organizations: Vec<Organization>) -> Vec<Organization> {
    organizations.sort_by_key(|it| match (it.is_default, it.personal) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    });
    organizations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Vec<Organization>, serde_json::Error> {
        serde_json::from_str::<Organizations>(body).map(|list| list.data)
    }

    #[track_caller]
    fn ids(organizations: &[Organization], expected: &str) {
        let ids: Vec<_> = organizations.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids.join(" "), expected);
    }

    #[test]
    fn default_organization_is_first_then_personal_ones() {
        let listed = read(
            r#"{"data":[{"id":"r1"},{"id":"p1","personal":true},{"id":"r2"},{"id":"p2","personal":true},
                {"id":"d1","is_default":true},{"id":"d2","is_default":true,"personal":true}]}"#,
        );
        ids(&by_preference(listed.unwrap()), "d1 d2 p1 p2 r1 r2");
        ids(&by_preference(Vec::new()), "");
    }

    // threats 140 141
    #[test]
    fn absent_fields_have_defaults() {
        let null = r#"{"id":"a","title":null,"is_default":null,"personal":null,"more":{"x":1}}"#;
        for entry in [null, r#"{"id":"a"}"#] {
            let read = read(&format!(r#"{{"data":[{entry}]}}"#)).unwrap();
            let [one] = read.as_slice() else { panic!("{entry}") };
            assert_eq!((&one.title, one.is_default, one.personal), (&None, false, false));
        }
    }

    // threats 140
    #[test]
    fn any_title_is_accepted() {
        let long = "x".repeat(500_000);
        for title in [r"\u001b[2J\u202e\n", "\u{1f511}", long.as_str()] {
            let body = format!(r#"{{"data":[{{"id":"a","title":"{title}"}}]}}"#);
            ids(&read(&body).unwrap(), "a");
        }
    }

    // threats 141
    #[test]
    fn invalid_entry_does_not_hide_the_others() {
        for odd in [
            "{}",
            "null",
            "7",
            r#""a""#,
            "[]",
            r#"["a"]"#,
            r#"{"id":null}"#,
            r#"{"id":7}"#,
            r#"{"id":""}"#,
            r#"{"id":".."}"#,
            r#"{"id":"a\r\nb"}"#,
            r#"{"id":"a","is_default":"true"}"#,
        ] {
            let body = format!(r#"{{"data":[{{"id":"first"}},{odd},{{"id":"last"}}]}}"#);
            ids(&read(&body).unwrap(), "first last");
        }
    }

    // threats 141
    #[test]
    fn invalid_envelope_is_an_error() {
        for body in ["{}", r#"{"data":null}"#, r#"{"data":{}}"#, r#"{"data":"x"}"#, "null", "[7]"] {
            assert!(read(body).is_err(), "{body}");
        }
        assert!(read(r#"{"data":[],"data":[]}"#).is_err());
        ids(&read(r#"{"data":[]}"#).unwrap(), "");
    }
}
