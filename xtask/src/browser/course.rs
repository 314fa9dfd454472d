//! What is done in the browser, in order.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sandbox::{Account, Endpoint, Sandbox, Scenario};
use tempfile::TempDir;
use url::Url;

use super::attacks::{self, HOSTILE, is_unharmed};
use super::chromium::{Chromium, DESKTOP, FOREIGN_HOST, PHONE, Screen};
use super::foreign;
use super::net_log::Exchange;
use super::report::{Line, Report, Verdict};
use crate::program::{self, Running};

/// Everything that takes part.
pub(super) struct Course<'a> {
    program: PathBuf,
    sandbox: Sandbox,
    home: TempDir,
    browser: Chromium,
    foreign_port: u16,
    pictures: Option<&'a Path>,
    report: Report,
}

/// A sign-in that waits for the browser.
struct Waiting {
    running: Running,
    address: Url,
    redirect_uri: Url,
    state: String,
}

impl<'a> Course<'a> {
    pub(super) fn prepare(
        program: PathBuf,
        browser: &str,
        pictures: Option<&'a Path>,
    ) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            program,
            sandbox: Sandbox::start_in_thread(Scenario::default())?,
            home: TempDir::new()?,
            browser: Chromium::start(browser)?,
            foreign_port: foreign::serve()?,
            pictures,
            report: Report::default(),
        })
    }

    /// Runs it to its end, or to where an attack has ended it.
    ///
    /// # Errors
    ///
    /// The browser does not say what happened.
    pub(super) fn run(mut self) -> Result<Report, Box<dyn Error>> {
        if let Err(error) = self.sign_ins() {
            self.report.claim("every sign-in goes to its end", error.to_string(), false);
        }
        let Self { browser, sandbox, mut report, .. } = self;
        let exchanges = browser.close()?;
        report.attacks = attacks::lines(&exchanges);
        report.claims.push(icons(&exchanges));
        report.claims.push(referers(&exchanges, &sandbox.canaries()));
        Ok(report)
    }

    fn sign_ins(&mut self) -> Result<(), Box<dyn Error>> {
        self.attacked_sign_in()?;
        self.hostile_error()?;
        self.denied_sign_in()?;
        self.failed_sign_in()?;
        self.sign_in_without_a_key()?;
        self.sign_in_with_setup_left()?;
        self.create_key()
    }

    fn attacked_sign_in(&mut self) -> Result<(), Box<dyn Error>> {
        let waiting = self.start("login")?;
        let redirect_uri = &waiting.redirect_uri;
        attacks::with_wrong_state(&mut self.browser, self.foreign_port, redirect_uri)?;
        self.claim_no_token_request("no token request with a wrong state");
        let state = &waiting.state;
        attacks::with_right_state(&mut self.browser, self.foreign_port, redirect_uri, state)?;
        self.claim_no_token_request("no token request with the right state");
        attacks::with_script(&mut self.browser, redirect_uri)?;
        let (title, unharmed) = is_unharmed(&mut self.browser)?;
        self.report.claim("a script in an error that is not ours does nothing", title, unharmed);

        self.choose(&waiting, Account::OWNER)?;
        self.claim_title("the real sign-in ends on its page", "Signed in")?;
        self.take_pictures("signed-in")?;
        self.claim_exit("and the program with", waiting, 0)?;
        let redeemed = self.sandbox.requests_at(&Endpoint::TokenCode);
        let codes: Vec<_> = redeemed
            .iter()
            .flat_map(sandbox::Recorded::form)
            .filter(|(name, _)| name == "code")
            .collect();
        let issued = self.sandbox.issued().codes;
        let is_real = codes.len() == 1 && issued.contains(&codes[0].1);
        let seen = format!("{} code redeemed", codes.len());
        self.report.claim("one code was redeemed, the real one", seen, is_real);
        Ok(())
    }

    /// The right state, as the authorization server itself would send it.
    fn hostile_error(&mut self) -> Result<(), Box<dyn Error>> {
        let waiting = self.start("login")?;
        let pairs = [
            ("error", "access_denied"),
            ("error_description", HOSTILE),
            ("state", waiting.state.as_str()),
        ];
        self.browser.go(attacks::callback(&waiting.redirect_uri, &pairs).as_str())?;
        let (title, unharmed) = is_unharmed(&mut self.browser)?;
        self.report.claim("a script in the real error does nothing", title, unharmed);
        self.claim_exit("and the program ends with", waiting, 1)
    }

    fn denied_sign_in(&mut self) -> Result<(), Box<dyn Error>> {
        let waiting = self.start("login")?;
        self.choose(&waiting, Account::DENIER)?;
        self.claim_title("a denied sign-in ends on its page", "Sign-in was not granted")?;
        self.take_pictures("denied")?;
        self.claim_exit("and the program with", waiting, 1)
    }

    /// A member has no API organization, and the key that is required shows that after the callback.
    fn failed_sign_in(&mut self) -> Result<(), Box<dyn Error>> {
        let waiting = self.start_with("login", &["--require-api-key"])?;
        self.choose(&waiting, Account::MEMBER)?;
        self.claim_title("a sign-in that fails afterwards ends on its page", "Sign-in failed")?;
        self.take_pictures("failed")?;
        self.claim_exit("and the program with", waiting, 1)
    }

    fn sign_in_without_a_key(&mut self) -> Result<(), Box<dyn Error>> {
        let waiting = self.start("login")?;
        self.choose(&waiting, Account::MEMBER)?;
        self.claim_title("without an API organization, signed in", "Signed in")?;
        self.take_pictures("signed-in-without-key")?;
        self.claim_exit("and the program with", waiting, 0)
    }

    fn sign_in_with_setup_left(&mut self) -> Result<(), Box<dyn Error>> {
        let waiting = self.start("login")?;
        self.choose(&waiting, Account::NEW_OWNER)?;
        self.claim_title("with setup left, on that page", "Signed in, one step left")?;
        self.take_pictures("finish-setup")?;
        self.claim_exit("and the program with", waiting, 0)
    }

    /// Its last page has the code in its address.
    fn create_key(&mut self) -> Result<(), Box<dyn Error>> {
        let waiting = self.start("create-key")?;
        self.choose(&waiting, Account::OWNER)?;
        self.claim_title("a new key ends on its page", "API key created")?;
        self.take_pictures("key-created")?;
        self.claim_exit("and the program with", waiting, 0)
    }

    fn start(&self, command: &str) -> Result<Waiting, Box<dyn Error>> {
        self.start_with(command, &[])
    }

    fn start_with(&self, command: &str, options: &[&str]) -> Result<Waiting, Box<dyn Error>> {
        let mut program = program::untouched(&self.program, self.home.path());
        program.env("HOME", self.home.path());
        let servers = [self.sandbox.issuer_url(), self.sandbox.api_url()];
        program.args([command, "--issuer", servers[0], "--api-base", servers[1]]);
        // Nobody waits longer than that for a page that does not come.
        program.args(["--no-browser", "--port", "0", "--timeout", "2m"]).args(options);
        let mut running = Running::start(&mut program)?;
        let address: Url = running.address()?.parse()?;
        let redirect_uri = parameter(&address, "redirect_uri")?.parse()?;
        let state = parameter(&address, "state")?;
        Ok(Waiting { running, address, redirect_uri, state })
    }

    /// Chooses an account on the sign-in page.
    fn choose(&mut self, waiting: &Waiting, account: &str) -> Result<(), Box<dyn Error>> {
        self.browser.go(waiting.address.as_str())?;
        self.browser.click(&format!("button[data-email='{account}']"))
    }

    fn claim_no_token_request(&mut self, claim: &str) {
        let count = self.sandbox.requests_at(&Endpoint::Token).len();
        self.report.claim(claim, format!("{count} requests"), count == 0);
    }

    fn claim_title(&mut self, claim: &str, expected: &str) -> Result<(), Box<dyn Error>> {
        let title = self.browser.title()?;
        self.report.claim(claim, format!("\"{title}\""), title == expected);
        Ok(())
    }

    fn claim_exit(
        &mut self,
        claim: &str,
        mut waiting: Waiting,
        expected: i32,
    ) -> Result<(), Box<dyn Error>> {
        let (status, _) = waiting.running.ended()?;
        self.report.claim(claim, status.to_string(), status.code() == Some(expected));
        Ok(())
    }

    /// The page as it was served: it could not be asked for a second time.
    fn take_pictures(&mut self, name: &str) -> Result<(), Box<dyn Error>> {
        const SIZES: [(&str, Screen); 2] = [("desktop", DESKTOP), ("phone", PHONE)];
        let Some(folder) = self.pictures else {
            return Ok(());
        };
        let title = self.browser.title()?;
        fs::create_dir_all(folder)?;
        for (size, screen) in SIZES {
            for scheme in ["light", "dark"] {
                let picture = self.browser.screenshot(screen, scheme)?;
                let path = folder.join(format!("{name}-{size}-{scheme}.png"));
                File::create(path)?.write_all(&picture)?;
            }
        }
        // The page with the link goes on by itself.
        if self.browser.title()? == title { Ok(()) } else { Err("the page left too early".into()) }
    }
}

fn parameter(address: &Url, name: &str) -> Result<String, String> {
    let mut pairs = address.query_pairs();
    let found = pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned());
    found.ok_or_else(|| format!("the address to open has no {name}"))
}

/// A browser asks for an icon by itself, and names the page that it is for, as it does for the
/// foreign page. The policy of ours keeps it from asking; if it asks, it may name nothing.
fn icons(exchanges: &[Exchange]) -> Line {
    let icons_of = |host: &str| {
        let is_of_host = |it: &Exchange| it.header("host").is_some_and(|it| it.starts_with(host));
        let icons = exchanges.iter().filter(|it| it.target == "/favicon.ico");
        icons.filter(|it| is_of_host(it)).collect::<Vec<_>>()
    };
    let (ours, foreign) = (icons_of("localhost:"), icons_of(FOREIGN_HOST));
    let names_its_page = |icon: &&Exchange| icon.header("referer").is_some();
    let verdict = match (ours.iter().any(names_its_page), foreign.iter().any(names_its_page)) {
        (true, _) => Verdict::Broken,
        (false, true) => Verdict::Held,
        (false, false) => Verdict::Untried,
    };
    Line {
        tried: "a request for an icon names no page of ours".to_owned(),
        seen: format!("asked {}×, elsewhere {}×", ours.len(), foreign.len()),
        verdict,
    }
}

/// The address of a callback holds the code and the state.
fn referers(exchanges: &[Exchange], secrets: &[String]) -> Line {
    let tells = |referer: &str| {
        referer.contains("code=") || secrets.iter().any(|secret| referer.contains(secret))
    };
    let referers: Vec<_> = exchanges.iter().filter_map(|it| it.header("referer")).collect();
    let telling = referers.iter().filter(|referer| tells(referer)).count();
    Line {
        tried: "no Referer at all has a code or a state".to_owned(),
        seen: format!("{telling} of {}", referers.len()),
        verdict: Verdict::of(telling == 0),
    }
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
    fn an_icon_that_names_its_page_is_found() {
        let icon = |headers: &[&str]| icons(&[exchange("/favicon.ico", headers)]).verdict;
        assert_eq!(icon(&["Host: attacker.test:1", "Referer: http://a/"]), Verdict::Held);
        assert_eq!(icon(&["Host: localhost:1", "Referer: http://a/"]), Verdict::Broken);
        assert_eq!(icon(&["Host: localhost:1"]), Verdict::Untried);
    }

    #[test]
    fn a_referer_with_a_secret_is_found() {
        let of = |referer: &str| {
            referers(&[exchange("/", &["Host: h", referer])], &["s3cret".to_owned()]).verdict
        };
        assert_eq!(of("Referer: http://attacker.test/"), Verdict::Held);
        assert_eq!(of("Referer: http://localhost/?state=s3cret"), Verdict::Broken);
        assert_eq!(of("Referer: http://localhost/?code=c"), Verdict::Broken);
    }
}
