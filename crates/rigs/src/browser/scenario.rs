//! What happens in Chromium, in order.

use std::error::Error;

use sandbox::{Account, Endpoint};

use super::attacks::{self, HOSTILE, is_unharmed};
use super::chromium::{Chromium, FOREIGN_HOST};
use super::harness::{Browser as _, Harness, choose};
use super::net_log::Exchange;
use super::other_origin;
use crate::report::{Line, Report, Verdict};

/// Chromium, and a server of another origin.
pub(super) struct ChromiumScenario<'a> {
    harness: &'a Harness<'a>,
    browser: Chromium,
    foreign_port: u16,
    report: Report,
}

impl<'a> ChromiumScenario<'a> {
    pub(super) fn prepare(harness: &'a Harness<'a>, browser: &str) -> Result<Self, Box<dyn Error>> {
        let (browser, foreign_port) = (Chromium::start(browser)?, other_origin::serve()?);
        Ok(Self { harness, browser, foreign_port, report: Report::default() })
    }

    /// Runs it to its end, or until an attack succeeds.
    ///
    /// # Errors
    ///
    /// Chromium leaves no network log.
    pub(super) fn run(mut self) -> Result<Report, Box<dyn Error>> {
        if let Err(error) = self.sign_ins() {
            self.report.claim("every sign-in goes to its end", error.to_string(), false);
        }
        let Self { harness, browser, mut report, .. } = self;
        let exchanges = browser.close()?;
        let attacks = attacks::lines(&exchanges);
        // A browser that tries nothing proves nothing.
        let tried = attacks.iter().filter(|line| line.verdict != Verdict::NotChecked).count();
        report.claim("attacks that the browser tried", tried.to_string(), tried > 0);
        attacks.into_iter().for_each(|line| report.add(line));
        report.add(icons(&exchanges));
        report.add(referers(&exchanges, &harness.sandbox.canaries()));
        Ok(report)
    }

    fn sign_ins(&mut self) -> Result<(), Box<dyn Error>> {
        self.attacked_sign_in()?;
        self.hostile_error()?;
        self.harness.sign_ins(&mut self.browser, &mut self.report)
    }

    fn attacked_sign_in(&mut self) -> Result<(), Box<dyn Error>> {
        let waiting = self.harness.start("login", &[])?;
        let redirect_uri = &waiting.redirect_uri;
        attacks::with_wrong_state(&mut self.browser, self.foreign_port, redirect_uri)?;
        self.check_no_token_request("no token request with a wrong state");
        let state = &waiting.state;
        attacks::with_right_state(&mut self.browser, self.foreign_port, redirect_uri, state)?;
        self.check_no_token_request("no token request with the right state");
        attacks::with_script(&mut self.browser, redirect_uri)?;
        let (title, unharmed) = is_unharmed(&mut self.browser)?;
        self.report.claim("a script in an error that is not ours does nothing", title, unharmed);

        choose(&mut self.browser, &waiting, Account::OWNER)?;
        let title = self.browser.title()?;
        let is_done = title == "Signed in";
        self.report.claim("the real sign-in ends on its page", format!("\"{title}\""), is_done);
        waiting.check_exit(&mut self.report, "and the program ends with", 0)?;
        let exchanged = self.harness.sandbox.requests_at(&Endpoint::TokenCode);
        let codes: Vec<_> = exchanged
            .iter()
            .flat_map(sandbox::Recorded::form)
            .filter(|(name, _)| name == "code")
            .collect();
        let issued = self.harness.sandbox.issued().codes;
        let is_real = codes.len() == 1 && issued.contains(&codes[0].1);
        let seen = format!("{} code exchanged", codes.len());
        self.report.claim("one code was exchanged, the real one", seen, is_real);
        Ok(())
    }

    /// An error with the right `state`, as the authorization server sends it.
    fn hostile_error(&mut self) -> Result<(), Box<dyn Error>> {
        let waiting = self.harness.start("login", &[])?;
        let pairs = [
            ("error", "access_denied"),
            ("error_description", HOSTILE),
            ("state", waiting.state.as_str()),
        ];
        self.browser.navigate(attacks::callback(&waiting.redirect_uri, &pairs).as_str())?;
        let (title, unharmed) = is_unharmed(&mut self.browser)?;
        self.report.claim("a script in the real error does nothing", title, unharmed);
        waiting.check_exit(&mut self.report, "and the program ends with", 1)
    }

    fn check_no_token_request(&mut self, claim: &str) {
        let count = self.harness.sandbox.requests_at(&Endpoint::Token).len();
        self.report.claim(claim, format!("{count} requests"), count == 0);
    }
}

/// A browser requests an icon with the page as the `Referer`, as it does for the foreign page. Our
/// policy prevents the request; if there is one, it must have no `Referer`.
fn icons(exchanges: &[Exchange]) -> Line {
    let icons_of = |host: &str| {
        let is_of_host = |it: &Exchange| it.header("host").is_some_and(|it| it.starts_with(host));
        let icons = exchanges.iter().filter(|it| it.target == "/favicon.ico");
        icons.filter(|it| is_of_host(it)).collect::<Vec<_>>()
    };
    let (ours, foreign) = (icons_of("localhost:"), icons_of(FOREIGN_HOST));
    let names_its_page = |icon: &&Exchange| icon.header("referer").is_some();
    let verdict = match (ours.iter().any(names_its_page), foreign.iter().any(names_its_page)) {
        (true, _) => Verdict::Wrong,
        (false, true) => Verdict::Met,
        (false, false) => Verdict::NotChecked,
    };
    let seen = format!("asked {}×, elsewhere {}×", ours.len(), foreign.len());
    Line::new("a request for an icon names no page of ours", seen, verdict)
}

/// The address of a callback holds the code and the state.
fn referers(exchanges: &[Exchange], secrets: &[String]) -> Line {
    let tells = |referer: &str| {
        referer.contains("code=") || secrets.iter().any(|secret| referer.contains(secret))
    };
    let referers: Vec<_> = exchanges.iter().filter_map(|it| it.header("referer")).collect();
    let telling = referers.iter().filter(|referer| tells(referer)).count();
    let seen = format!("{telling} of {}", referers.len());
    Line::claim("no Referer at all has a code or a state", seen, telling == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange(target: &str, headers: &[&str]) -> Exchange {
        Exchange {
            target: target.to_owned(),
            headers: headers.iter().copied().map(str::to_owned).collect(),
            ..Exchange::default()
        }
    }

    #[test]
    fn icon_request_with_referer_is_detected() {
        let icon = |headers: &[&str]| icons(&[exchange("/favicon.ico", headers)]).verdict;
        assert_eq!(icon(&["Host: attacker.test:1", "Referer: http://a/"]), Verdict::Met);
        assert_eq!(icon(&["Host: localhost:1", "Referer: http://a/"]), Verdict::Wrong);
        assert_eq!(icon(&["Host: localhost:1"]), Verdict::NotChecked);
    }

    #[test]
    fn referer_with_a_secret_is_detected() {
        let of = |referer: &str| {
            referers(&[exchange("/", &["Host: h", referer])], &["s3cret".to_owned()]).verdict
        };
        assert_eq!(of("Referer: http://attacker.test/"), Verdict::Met);
        assert_eq!(of("Referer: http://localhost/?state=s3cret"), Verdict::Wrong);
        assert_eq!(of("Referer: http://localhost/?code=c"), Verdict::Wrong);
    }
}
