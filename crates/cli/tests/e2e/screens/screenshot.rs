use url::Url;

use super::TerminalSetup;
use crate::support::TerminalRun;

/// A screen in which values that change in every run are replaced by fixed values of the same
/// width.
pub(super) struct Screenshot {
    pub(super) text: String,
    /// The text with style names.
    pub(super) marked: String,
}

/// A row, and the row with style names.
type Row = (String, String);

impl Screenshot {
    pub(super) fn take(setup: &TerminalSetup, person: &TerminalRun<'_>) -> Self {
        let mut rows: Vec<Row> = person.rows();
        if rows.iter().any(|(row, _)| row.starts_with("http")) {
            replace_address(&mut rows, &person.auth_url(), setup);
        }
        let join = |rows: Vec<String>| {
            let text = rows.join("\n").replace(setup.home(), TerminalSetup::HOME);
            let text = text.replace(setup.world.host(), "127.0.0.1:55555");
            rewound(&text).trim_end().to_owned()
        };
        let (text, marked) = rows.into_iter().unzip();
        Self { text: join(text), marked: join(marked) }
    }

    /// Drops all rows before the first one that starts with `beginning`.
    pub(super) fn from(self, beginning: &str) -> Self {
        let place = self.text.lines().position(|row| row.starts_with(beginning)).unwrap();
        let cut = |text: &str| text.lines().skip(place).collect::<Vec<_>>().join("\n");
        Self { text: cut(&self.text), marked: cut(&self.marked) }
    }
}

/// Replaces the URL, which fills several rows, by the one for OpenAI.
fn replace_address(rows: &mut Vec<Row>, url: &Url, setup: &TerminalSetup) {
    let columns = usize::from(setup.columns);
    let first = rows.iter().position(|(row, _)| row.starts_with("http")).unwrap();
    let last = first + url.as_str().len().div_ceil(columns);
    let shown: String = rows[first..last].iter().map(|(row, _)| row.as_str()).collect();
    assert_eq!(shown, url.as_str(), "the address is not whole");
    let style = rows[first].1.strip_suffix(&rows[first].0).unwrap().to_owned();
    let url = at_openai(url, setup);
    let chunks =
        url.as_bytes().chunks(columns).map(|row| String::from_utf8_lossy(row).into_owned());
    let chunks: Vec<Row> = chunks.map(|row| (row.clone(), format!("{style}{row}"))).collect();
    rows.splice(first..last, chunks);
}

/// The URL with the registered issuer and port and a fixed challenge and state.
fn at_openai(url: &Url, setup: &TerminalSetup) -> String {
    let pairs = |name: &str| url.query_pairs().find(|(it, _)| it == name).unwrap().1.into_owned();
    let redirect_uri = Url::parse(&pairs("redirect_uri")).unwrap();
    let port = format!("localhost%3A{}", redirect_uri.port().unwrap());
    url.as_str()
        .replace(setup.world.sandbox.issuer_url(), "https://auth.openai.com")
        .replace(&port, "localhost%3A1455")
        .replace(&pairs("code_challenge"), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
        .replace(&pairs("state"), "af0ifjsldkjZ3xKXW8Vq0LmTnYp5sRcUeGhJkQwDz1o")
}

/// Resets the spinner and the clock.
fn rewound(text: &str) -> String {
    let turned = |c| if "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏".contains(c) { '⠋' } else { c };
    let text: String = text.chars().map(turned).collect();
    let fixed = |(before, after): (&str, &str)| {
        let start = before.rfind(' ').map_or(0, |place| place + 1);
        let time = if before.len() - start == 5 { "14:59" } else { "0:59" };
        format!("{}{time} left{after}", &before[..start])
    };
    let text = text.split_once(" left").map_or(text.clone(), fixed);
    text.lines().map(|row| format!("{}\n", at_once(row))).collect()
}

/// Replaces `connected in 5 ms` at the end of a row.
fn at_once(row: &str) -> String {
    match row.split_once("connected in ") {
        Some((before, time)) if time.ends_with(" ms") => format!("{before}connected in 5 ms"),
        _ => row.to_owned(),
    }
}
