//! The network log of Chromium, with requests that no page and no developer tool shows, such as those
//! for icons.

use std::collections::BTreeMap;
use std::error::Error;

use serde_json::Value;

/// A request as it was sent, and the status of its response.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Exchange {
    /// The method and the path with its query, as in the request line.
    pub(super) method: String,
    pub(super) target: String,
    /// Its headers, each as `Name: value`.
    pub(super) headers: Vec<String>,
    /// `None` without a response.
    pub(super) status: Option<u16>,
}

impl Exchange {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter().filter_map(|header| header.split_once(": "));
        headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The last value of a parameter in the query, as it was sent.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.filter(|(other, _)| *other == name).map(|(_, value)| value).next_back()
    }
}

/// Reads a log.
///
/// # Errors
///
/// It is no log, or lacks the two events.
pub(super) fn read(log: &[u8]) -> Result<Vec<Exchange>, Box<dyn Error>> {
    let log: Value = serde_json::from_slice(log)?;
    let names = &log["constants"]["logEventTypes"];
    let sent = number(names, "HTTP_TRANSACTION_SEND_REQUEST_HEADERS")?;
    let got = number(names, "HTTP_TRANSACTION_READ_RESPONSE_HEADERS")?;
    let mut exchanges = Vec::new();
    // A source sends one request at a time, and another one after a redirect.
    let mut open = BTreeMap::new();
    for event in log["events"].as_array().into_iter().flatten() {
        let (kind, source) = (event["type"].as_u64(), event["source"]["id"].as_u64());
        if kind == Some(sent) && event["params"]["line"].is_string() {
            open.insert(source, exchanges.len());
            exchanges.push(request(&event["params"]));
        } else if kind == Some(got)
            && let Some(exchange) = open.get(&source).and_then(|at| exchanges.get_mut(*at))
        {
            let exchange: &mut Exchange = exchange;
            exchange.status = status(&event["params"]).or(exchange.status);
        }
    }
    Ok(exchanges)
}

fn number(names: &Value, name: &str) -> Result<u64, String> {
    names[name].as_u64().ok_or_else(|| format!("the browser's log does not know {name}"))
}

fn request(params: &Value) -> Exchange {
    let line = params["line"].as_str().unwrap_or_default();
    let mut words = line.split_whitespace().map(str::to_owned);
    Exchange {
        method: words.next().unwrap_or_default(),
        target: words.next().unwrap_or_default(),
        headers: lines(params).map(str::to_owned).collect(),
        status: None,
    }
}

fn status(params: &Value) -> Option<u16> {
    lines(params).next()?.split(' ').nth(1)?.parse().ok()
}

fn lines(params: &Value) -> impl Iterator<Item = &str> {
    params["headers"].as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = r#"{
        "constants": { "logEventTypes": {
            "HTTP_TRANSACTION_SEND_REQUEST_HEADERS": 1, "HTTP_TRANSACTION_READ_RESPONSE_HEADERS": 2
        } },
        "events": [
            { "type": 1, "source": { "id": 7 }, "params": {
                "line": "GET /a?b=c&form=img HTTP/1.1\r\n", "headers": ["Host: h", "Referer: r: s"] } },
            { "type": 1, "source": { "id": 8 }, "params": { "line": "POST / HTTP/1.1\r\n" } },
            { "type": 2, "source": { "id": 7 }, "params": { "headers": ["HTTP/1.1 302 Found"] } },
            { "type": 1, "source": { "id": 7 }, "params": { "line": "GET /next HTTP/1.1\r\n" } },
            { "type": 2, "source": { "id": 7 }, "params": { "headers": ["HTTP/1.1 200 OK"] } },
            { "type": 3, "source": { "id": 7 } }
        ]
    }"#;

    #[test]
    fn requests_are_matched_with_their_responses() {
        let exchanges = read(LOG.as_bytes()).unwrap();
        let seen: Vec<_> = exchanges
            .iter()
            .map(|it| (it.method.as_str(), it.target.as_str(), it.status))
            .collect();
        let expected = [
            ("GET", "/a?b=c&form=img", Some(302)),
            ("POST", "/", None),
            ("GET", "/next", Some(200)),
        ];
        assert_eq!(seen, expected);
        assert_eq!(exchanges[0].header("referer"), Some("r: s"));
        assert_eq!(exchanges[0].parameter("form"), Some("img"));
        assert_eq!(exchanges[1].header("referer"), None);
        assert_eq!(exchanges[1].parameter("form"), None);
    }

    #[test]
    fn invalid_net_log_is_an_error() {
        assert!(read(b"{}").is_err());
        assert!(read(b"no log").is_err());
    }
}
