use std::fmt;

/// What a search for a project found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchSummary {
    /// Organizations that were searched.
    pub organizations: usize,
    /// Of these, the ones without access.
    pub inaccessible: usize,
    /// Projects that were found and do not match.
    pub projects: usize,
}

impl SearchSummary {
    /// `: checked …` for the end of a message; empty if every search `failed`.
    pub(crate) fn as_suffix(&self, failed: bool) -> String {
        if failed && *self == Self::default() { String::new() } else { format!(": {self}") }
    }
}

impl fmt::Display for SearchSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { organizations, inaccessible, projects } = self;
        if *organizations == 0 {
            return f.write_str("no organization found");
        }
        write!(
            f,
            "checked {organizations} organizations and {projects} projects, \
             but no default project is ready yet"
        )?;
        match *inaccessible {
            0 => Ok(()),
            1 => f.write_str(" (no access to 1 organization)"),
            count => write!(f, " (no access to {count} organizations)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 127 133 135
    #[test]
    fn summary_is_one_line() {
        let mut seen = SearchSummary::default();
        assert_eq!(seen.to_string(), "no organization found");
        (seen.organizations, seen.projects) = (2, 3);
        let line = "checked 2 organizations and 3 projects, but no default project is ready yet";
        assert_eq!(seen.to_string(), line);
        seen.inaccessible = 1;
        assert_eq!(seen.to_string(), format!("{line} (no access to 1 organization)"));
        seen.inaccessible = 2;
        assert_eq!(seen.to_string(), format!("{line} (no access to 2 organizations)"));
    }
}
