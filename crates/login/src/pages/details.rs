use super::text::one_line_html;

/// What a page shows: terms and their values. An absent value has no row.
pub type Details<'a> = &'a [(&'a str, Option<&'a str>)];

/// A row for each value; nothing without values. `bdi` keeps a name that is written from right to left
/// from turning its row around.
pub(super) fn list(rows: Details<'_>) -> String {
    let row = |&(term, value): &(&str, Option<&str>)| {
        let value = one_line_html(value?)?;
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
        let rows = [
            ("Name", Some("Ada <Lovelace>")),
            ("Email", Some("ada@example.com")),
            ("Plan", Some("plus")),
            ("Organization", Some("Analytical Engines")),
            ("API key", None),
        ];
        let expected = "<dl>\n\
            <div><dt>Name</dt><dd><bdi>Ada &lt;Lovelace&gt;</bdi></dd></div>\n\
            <div><dt>Email</dt><dd><bdi>ada@example.com</bdi></dd></div>\n\
            <div><dt>Plan</dt><dd class=\"plan\"><bdi>plus</bdi></dd></div>\n\
            <div><dt>Organization</dt><dd><bdi>Analytical Engines</bdi></dd></div>\n\
            </dl>";
        assert_eq!(list(&rows), expected);
    }

    // threats 140
    #[test]
    fn absent_or_blank_value_has_no_row() {
        let blank = ("Organization", Some(" \u{200b}\n"));
        assert_eq!(list(&[blank, ("Project", None)]), "");
        assert_eq!(list(&[]), "");
        let half = list(&[blank, ("Project", Some("p"))]);
        assert_eq!(half, "<dl>\n<div><dt>Project</dt><dd><bdi>p</bdi></dd></div>\n</dl>");
    }
}
