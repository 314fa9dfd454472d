use super::text::visible;

/// Who signed in. Absent values are not shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct UserInfo<'a> {
    /// The person's name.
    pub name: Option<&'a str>,
    /// The person's email address.
    pub email: Option<&'a str>,
    /// The ChatGPT plan, such as `plus`.
    pub plan: Option<&'a str>,
    /// The organization, by its title or else its id.
    pub organization: Option<&'a str>,
    /// Why there is no API key, if one was requested.
    pub no_api_key: Option<&'a str>,
}

impl UserInfo<'_> {
    pub(super) fn to_html(self) -> String {
        list(&[
            ("Name", self.name),
            ("Email", self.email),
            ("Plan", self.plan),
            ("Organization", self.organization),
            ("API key", self.no_api_key),
        ])
    }
}

/// A row for each value; nothing without values. `bdi` keeps a name that is written from right to left
/// from turning its row around.
pub(super) fn list(rows: &[(&str, Option<&str>)]) -> String {
    let row = |&(term, value): &(&str, Option<&str>)| {
        let value = visible(value?)?;
        let class = if term == "Plan" { " class=\"plan\"" } else { "" };
        Some(format!("<div><dt>{term}</dt><dd{class}><bdi>{value}</bdi></dd></div>\n"))
    };
    let rows: String = rows.iter().filter_map(row).collect();
    if rows.is_empty() { rows } else { format!("<dl>\n{rows}</dl>") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_has_its_row_in_order() {
        let who = UserInfo {
            name: Some("Ada <Lovelace>"),
            email: Some("ada@example.com"),
            plan: Some("plus"),
            organization: Some("Analytical Engines"),
            no_api_key: None,
        };
        let expected = "<dl>\n\
            <div><dt>Name</dt><dd><bdi>Ada &lt;Lovelace&gt;</bdi></dd></div>\n\
            <div><dt>Email</dt><dd><bdi>ada@example.com</bdi></dd></div>\n\
            <div><dt>Plan</dt><dd class=\"plan\"><bdi>plus</bdi></dd></div>\n\
            <div><dt>Organization</dt><dd><bdi>Analytical Engines</bdi></dd></div>\n\
            </dl>";
        assert_eq!(who.to_html(), expected);
    }

    // threats 140
    #[test]
    fn absent_or_blank_value_has_no_row() {
        let blank = ("Organization", Some(" \u{200b}\n"));
        assert_eq!(list(&[blank, ("Project", None)]), "");
        assert_eq!(UserInfo::default().to_html(), "");
        let half = list(&[blank, ("Project", Some("p"))]);
        assert_eq!(half, "<dl>\n<div><dt>Project</dt><dd><bdi>p</bdi></dd></div>\n</dl>");
    }
}
