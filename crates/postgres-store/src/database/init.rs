use std::fmt::Write as _;

const SETUP: &str = include_str!("init.sql");

/// The SQL that sets up a database, with a row for each name that the members of the role `team` use. It can run again:
/// what exists stays. A row of another team is an error.
///
/// The role must exist. Its members get the role `login_cli_runner`, which reads and replaces documents and does
/// nothing else.
#[must_use]
pub fn setup_sql(team: &str, names: &[&str]) -> String {
    let mut sql = SETUP.to_owned();
    let role = quoted('"', team);
    // Neither `write!` fails: it writes to a string.
    let _ = write!(sql, "\nGRANT login_cli_runner TO {role};\n");
    for name in names {
        let name = literal(name);
        let team = literal(&role);
        let _ = writeln!(sql, "CALL login_cli.add_row({name}, {team}::regrole);");
    }
    sql + "\nDROP PROCEDURE login_cli.add_row;\nCOMMIT;\n"
}

fn quoted(quote: char, text: &str) -> String {
    let doubled = text.replace(quote, &format!("{quote}{quote}"));
    format!("{quote}{doubled}{quote}")
}

/// With `E`, a backslash means the same whatever `standard_conforming_strings` is.
fn literal(text: &str) -> String {
    format!("E{}", quoted('\'', &text.replace('\\', "\\\\")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_end_a_statement() {
        let sql = setup_sql("a\"; DROP", &["o'neil\\"]);
        assert!(sql.contains("GRANT login_cli_runner TO \"a\"\"; DROP\";"), "{sql}");
        assert!(sql.contains(r#"add_row(E'o''neil\\', E'"a""; DROP"'::regrole);"#), "{sql}");
    }
}
