use std::fmt;

use serde::Deserialize;

/// Declares an id type.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Any visible ASCII: an id goes into a header and
        /// into a path.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses an id that was typed or stored.
            ///
            /// # Errors
            ///
            /// [`MalformedId`] if the text is not a valid id.
            pub fn new(text: impl Into<String>) -> Result<Self, MalformedId> {
                well_formed(text.into()).map(Self)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as one segment of a path.
            pub(crate) fn segment(&self) -> impl fmt::Display {
                urlencoding::encode(&self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = MalformedId;

            fn try_from(text: String) -> Result<Self, MalformedId> {
                Self::new(text)
            }
        }
    };
}

id!(
    /// The id of an organization, such as `org-…`.
    OrganizationId
);
id!(
    /// The id of a project, such as `proj_…`.
    ProjectId
);

/// An invalid id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an id is at most {LONGEST} characters of visible ASCII, and neither empty nor `.` nor `..`"
)]
pub struct MalformedId;

/// Far longer than real ids. It limits the memory of a response.
const LONGEST: usize = 256;

/// `.` and `..` change the path, even when they are percent-encoded
/// ([URL Standard](https://url.spec.whatwg.org/#double-dot-path-segment)).
fn well_formed(text: String) -> Result<String, MalformedId> {
    let visible = text.len() <= LONGEST && text.chars().all(|c| c.is_ascii_graphic());
    if visible && !["", ".", ".."].contains(&text.as_str()) { Ok(text) } else { Err(MalformedId) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_one_path_segment() {
        for (id, segment) in [
            ("org-AbC_1.2~3", "org-AbC_1.2~3"),
            ("a/b", "a%2Fb"),
            ("a/../b", "a%2F..%2Fb"),
            ("a?b#c%2F", "a%3Fb%23c%252F"),
            ("a&b=c;d+e", "a%26b%3Dc%3Bd%2Be"),
            ("...", "..."),
        ] {
            let id = OrganizationId::new(id).unwrap();
            assert_eq!(id.segment().to_string(), segment);
        }
    }

    // threats 141
    #[test]
    fn id_that_would_change_the_path_is_invalid() {
        let long = "x".repeat(LONGEST + 1);
        for text in ["", ".", "..", "a b", "a\r\nb", "\u{1b}[2J", "\u{fc}", "\0", &long] {
            assert_eq!(ProjectId::new(text).unwrap_err(), MalformedId, "{text:?}");
        }
    }
}
