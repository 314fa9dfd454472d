//! Attacks by a page of another origin, each of which has to be refused.

use std::error::Error;

use url::Url;

use super::chromium::{Chromium, FOREIGN_HOST, REBOUND_HOST};
use super::harness::Browser as _;
use super::net_log::Exchange;
use crate::report::{Line, Verdict};

/// The attacks, as named in `attack.html` or below, and in words.
const FORMS: [(&str, &str); 16] = [
    ("img", "<img>"),
    ("iframe", "<iframe>"),
    ("object", "<object>"),
    ("script", "<script src>"),
    ("style", "<link rel=stylesheet>"),
    ("prefetch", "<link rel=prefetch>"),
    ("cors", "fetch, cors"),
    ("no-cors", "fetch, no-cors with credentials"),
    ("preflight", "fetch with a header of its own"),
    ("events", "EventSource"),
    ("post", "form POST, into a frame"),
    ("get", "form GET, into a frame"),
    ("rebound", "rebound host name, typed or linked"),
    ("rebound-fetch", "fetch by a page of the rebound name"),
    (LINK, "link with a made-up state"),
    (SCRIPT, "link with a script for an error"),
];

const LINK: &str = "link";
const SCRIPT: &str = "link-script";

/// The suffixes of the two rounds. The second has the right `state`, as if it had been guessed: then
/// only the form of a request shows the attack.
const WRONG: &str = "-wrong";
const RIGHT: &str = "-right";

/// A script in the description of an error.
pub(super) const HOSTILE: &str = "\"><script>document.title='harmed';console.log('harmed');alert('harmed')</script>\
     <img src=x onerror=\"document.title='harmed'\">";

/// The title of a page, and whether it has no element of [`HOSTILE`]. The policy would block a script,
/// but the page must not contain it.
pub(super) fn is_unharmed(browser: &mut Chromium) -> Result<(String, bool), Box<dyn Error>> {
    let foreign = browser.run("document.querySelectorAll('script, img').length")?;
    let title = browser.title()?;
    let has_its_title = !title.is_empty() && title != "harmed";
    Ok((format!("\"{title}\""), foreign == 0 && has_its_title && browser.has_no_script_activity()))
}

/// The address of a callback.
pub(super) fn callback(redirect_uri: &Url, pairs: &[(&str, &str)]) -> Url {
    let mut url = redirect_uri.clone();
    url.query_pairs_mut().extend_pairs(pairs);
    url
}

/// Every form with a wrong `state`.
pub(super) fn with_wrong_state(
    browser: &mut Chromium,
    foreign_port: u16,
    redirect_uri: &Url,
) -> Result<(), Box<dyn Error>> {
    let made_up = "A".repeat(43);
    let url = callback(redirect_uri, &[("code", "made-up"), ("state", &made_up)]);
    from_elsewhere(browser, foreign_port, &url, WRONG)?;
    from_rebound_name(browser, &url, WRONG)?;
    browser.navigate(with_marker(&url, LINK, WRONG).as_str())
}

/// Every form but the link with the right `state`: a link to the callback is what the authorization
/// server sends, and there the code is wrong.
pub(super) fn with_right_state(
    browser: &mut Chromium,
    foreign_port: u16,
    redirect_uri: &Url,
    state: &str,
) -> Result<(), Box<dyn Error>> {
    let url = callback(redirect_uri, &[("code", "injected"), ("state", state)]);
    from_elsewhere(browser, foreign_port, &url, RIGHT)?;
    from_rebound_name(browser, &url, RIGHT)
}

/// A script in the description of an error with a wrong `state`.
pub(super) fn with_script(
    browser: &mut Chromium,
    redirect_uri: &Url,
) -> Result<(), Box<dyn Error>> {
    let pairs = [("error", "access_denied"), ("error_description", HOSTILE), ("state", "made-up")];
    browser.navigate(with_marker(&callback(redirect_uri, &pairs), SCRIPT, WRONG).as_str())
}

fn from_elsewhere(
    browser: &mut Chromium,
    foreign_port: u16,
    url: &Url,
    suffix: &str,
) -> Result<(), Box<dyn Error>> {
    browser.navigate(&format!("http://{FOREIGN_HOST}:{foreign_port}/"))?;
    let attack = format!("attack('{url}', '{suffix}')");
    browser.run(&attack).map(drop)
}

/// The rebound name resolves to the port, so its pages have the same origin for the browser. A script
/// runs in the page, as one of the page that was loaded before the rebinding would.
fn from_rebound_name(
    browser: &mut Chromium,
    url: &Url,
    suffix: &str,
) -> Result<(), Box<dyn Error>> {
    let mut rebound = with_marker(url, "rebound", suffix);
    rebound.set_host(Some(REBOUND_HOST))?;
    let fetched = with_marker(url, "rebound-fetch", suffix);
    let place = &fetched[url::Position::BeforePath..];
    browser.ignore_policies(true)?;
    browser.navigate(rebound.as_str())?;
    browser.run(&format!("fetch('{place}').catch(() => null).then(() => null)"))?;
    browser.ignore_policies(false)
}

fn with_marker(url: &Url, form: &str, suffix: &str) -> Url {
    callback(url, &[("form", &format!("{form}{suffix}"))])
}

/// A line for each attack.
pub(super) fn lines(exchanges: &[Exchange]) -> Vec<Line> {
    FORMS.iter().map(|(form, words)| line(exchanges, form, words)).collect()
}

fn line(exchanges: &[Exchange], form: &str, words: &str) -> Line {
    let statuses = |suffix| statuses(exchanges, &format!("{form}{suffix}"));
    let (wrong, right) = (statuses(WRONG), statuses(RIGHT));
    let only_wrong = form == LINK || form == SCRIPT;
    let verdict = match (wrong.is_empty(), right.is_empty() && !only_wrong) {
        (false, false) if wrong.iter().chain(&right).all(is_refusal) => Verdict::Met,
        (false, false) => Verdict::Wrong,
        _ => Verdict::NotChecked,
    };
    let right = if only_wrong { String::new() } else { shown(&right) };
    Line::new(
        &format!("refused: {words}"),
        format!("{} {right}", shown(&wrong)).trim_end(),
        verdict,
    )
}

fn statuses(exchanges: &[Exchange], form: &str) -> Vec<Option<u16>> {
    let of_form = exchanges.iter().filter(|exchange| exchange.parameter("form") == Some(form));
    of_form.map(|exchange| exchange.status).collect()
}

/// A request without a response may have been accepted.
fn is_refusal(status: &Option<u16>) -> bool {
    status.is_some_and(|status| (400..500).contains(&status))
}

fn shown(statuses: &[Option<u16>]) -> String {
    let one = |status: &Option<u16>| {
        status.map_or_else(|| "no response".to_owned(), |status| status.to_string())
    };
    match statuses {
        [] => "not sent".to_owned(),
        statuses => statuses.iter().map(one).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation_and_finding(form: &str, sent: &[(&str, Option<u16>)]) -> (String, Verdict) {
        let exchange = |&(form, status): &(&str, _)| Exchange {
            target: format!("/auth/callback?state=s&form={form}"),
            status,
            ..Exchange::default()
        };
        let exchanges: Vec<_> = sent.iter().map(exchange).collect();
        let line = line(&exchanges, form, "words");
        (line.seen.clone(), line.verdict)
    }

    #[test]
    fn attack_fails_only_if_both_requests_are_refused() {
        let both = |wrong, right| {
            observation_and_finding("img", &[("img-wrong", wrong), ("img-right", right)])
        };
        assert_eq!(both(Some(400), Some(403)), ("400 403".to_owned(), Verdict::Met));
        assert_eq!(both(Some(403), Some(302)).1, Verdict::Wrong);
        assert_eq!(both(Some(200), Some(403)).1, Verdict::Wrong);
        assert_eq!(both(Some(403), Some(500)).1, Verdict::Wrong);
        assert_eq!(both(Some(403), None), ("403 no response".to_owned(), Verdict::Wrong));
    }

    #[test]
    fn attack_that_is_not_sent_is_not_checked() {
        assert_eq!(
            observation_and_finding("img", &[("img-wrong", Some(403))]).1,
            Verdict::NotChecked
        );
        assert_eq!(
            observation_and_finding("img", &[("iframe-wrong", Some(403))]).0,
            "not sent not sent"
        );
        assert_eq!(
            observation_and_finding(LINK, &[("link-wrong", Some(400))]),
            ("400".to_owned(), Verdict::Met)
        );
    }
}
