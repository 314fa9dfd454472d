use sandbox::{Body, Endpoint, Fault, Reply, Scenario, Then};
use serde_json::json;

use super::jwks;
use crate::client::sandbox;

fn date(scenario: Scenario) -> String {
    let response = jwks(&sandbox(scenario)).unwrap();
    let mut dates = response.headers.lines().filter_map(|line| line.strip_prefix("date: "));
    let date = dates.next().unwrap().to_owned();
    assert_eq!(dates.next(), None);
    date
}

#[test]
fn date_header_follows_the_scenario_clock() {
    let at = |now, clock_offset| Scenario { now: Some(now), clock_offset, ..Scenario::default() };
    // RFC 9110 §5.6.7.
    assert_eq!(date(at(784_111_777, 0)), "Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(date(at(784_111_777, -37)), "Sun, 06 Nov 1994 08:49:00 GMT");
    assert_eq!(date(at(i64::MAX, 1)), "Fri, 31 Dec 9999 23:59:59 GMT");
    assert_eq!(date(at(i64::MIN, -1)), "Thu, 01 Jan 1970 00:00:00 GMT");
    let century = 100 * 365 * 24 * 60 * 60;
    let later = date(Scenario { clock_offset: century, ..Scenario::default() });
    assert!(later.contains(" 21"), "{later}");

    let headers = vec![("Date".to_owned(), "yesterday".to_owned())];
    let reply = Then::Respond(Reply { status: 200, headers, body: Body::Json(json!({})) });
    let faults = vec![Fault::new(Endpoint::Jwks, reply)];
    assert_eq!(date(Scenario { faults, ..Scenario::default() }), "yesterday");
}
