use crate::pages::text::Shown;

/// Who signed in, as far as the tokens say; what is absent is not shown.
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
    /// Why there is no API key, where a person may expect one.
    pub no_api_key: Option<&'a str>,
}

impl UserInfo<'_> {
    pub(super) fn to_html(self) -> String {
        list(&[
            Row::new("Name", self.name),
            Row::new("Email", self.email),
            Row { class: " class=\"plan\"", ..Row::new("Plan", self.plan) },
            Row::new("Organization", self.organization),
            Row::new("API key", self.no_api_key),
        ])
    }
}

/// Where a new API key belongs; what is absent is not shown. The key itself is on no page.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyProject<'a> {
    /// The organization, by its title or else its id.
    pub organization: Option<&'a str>,
    /// The project, by its title or else its id.
    pub project: Option<&'a str>,
}

impl KeyProject<'_> {
    pub(super) fn to_html(self) -> String {
        list(&[Row::new("Organization", self.organization), Row::new("Project", self.project)])
    }
}

struct Row<'a> {
    term: &'static str,
    class: &'static str,
    value: Option<&'a str>,
}

impl<'a> Row<'a> {
    fn new(term: &'static str, value: Option<&'a str>) -> Self {
        Self { term, class: "", value }
    }

    /// `bdi` keeps a name that is written from right to left from turning its row around.
    fn to_html(&self) -> Option<String> {
        let Self { term, class, value } = self;
        let value = Shown::new((*value)?)?;
        Some(format!("<div><dt>{term}</dt><dd{class}><bdi>{value}</bdi></dd></div>\n"))
    }
}

/// Nothing at all when there is no row: an empty list would be a line without a meaning.
fn list(rows: &[Row<'_>]) -> String {
    let rows: String = rows.iter().filter_map(Row::to_html).collect();
    if rows.is_empty() {
        return rows;
    }
    format!("<dl>\n{rows}</dl>")
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
        let blank = KeyProject { organization: None, project: Some(" \u{200b}\n") };
        assert_eq!(blank.to_html(), "");
        assert_eq!(UserInfo::default().to_html(), "");
        let half = KeyProject { project: Some("p"), ..blank };
        assert_eq!(half.to_html(), "<dl>\n<div><dt>Project</dt><dd><bdi>p</bdi></dd></div>\n</dl>");
    }
}
