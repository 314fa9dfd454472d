//! The sign-ins that run in every browser.

use std::error::Error;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use sandbox::{Account, Sandbox, Scenario};
use tempfile::TempDir;
use url::Url;

use crate::program::{self, Running};
use crate::report::Report;

/// What every browser can do.
pub(super) trait Browser {
    /// Opens an address as if it was typed, and waits for its page.
    fn navigate(&mut self, address: &str) -> Result<(), Box<dyn Error>>;
    /// Clicks on the element of a selector.
    fn click(&mut self, selector: &str) -> Result<(), Box<dyn Error>>;
    /// The title of the page.
    fn title(&mut self) -> Result<String, Box<dyn Error>>;
    /// Pictures of the page.
    fn screenshots(&mut self) -> Result<Vec<Screenshot>, Box<dyn Error>>;
}

/// A screenshot.
pub(super) struct Screenshot {
    /// The browser, or the screen.
    pub(super) of: String,
    pub(super) png: Vec<u8>,
}

/// The program, the issuer, and the folder of screenshots.
pub(super) struct Harness<'a> {
    pub(super) program: PathBuf,
    pub(super) sandbox: Sandbox,
    home: TempDir,
    screenshots: Option<&'a Path>,
}

/// A sign-in that waits for the browser.
pub(super) struct Waiting {
    running: Running,
    pub(super) address: Url,
    pub(super) redirect_uri: Url,
    pub(super) state: String,
}

impl<'a> Harness<'a> {
    pub(super) fn prepare(
        program: PathBuf,
        screenshots: Option<&'a Path>,
    ) -> Result<Self, Box<dyn Error>> {
        let sandbox = Sandbox::start_in_thread(Scenario::default())?;
        Ok(Self { program, sandbox, home: TempDir::new()?, screenshots })
    }

    pub(super) fn start(&self, command: &str, options: &[&str]) -> Result<Waiting, Box<dyn Error>> {
        let mut program = program::command_without_user_settings(&self.program, self.home.path());
        program.env("HOME", self.home.path());
        let servers = [self.sandbox.issuer_url(), self.sandbox.api_url()];
        program.args([command, "--issuer", servers[0], "--api-base", servers[1]]);
        // The limit for a page that does not load.
        program.args(["--no-browser", "--port", "0", "--timeout", "2m"]).args(options);
        let mut running = Running::start(&mut program)?;
        let address: Url = running.address()?.parse()?;
        let redirect_uri = parameter(&address, "redirect_uri")?.parse()?;
        let state = parameter(&address, "state")?;
        Ok(Waiting { running, address, redirect_uri, state })
    }

    /// A sign-in for every last page.
    pub(super) fn sign_ins(
        &self,
        browser: &mut dyn Browser,
        report: &mut Report,
    ) -> Result<(), Box<dyn Error>> {
        for (claim, ending) in ENDINGS {
            self.sign_in(browser, report, claim, &ending)?;
        }
        Ok(())
    }

    /// One of them.
    pub(super) fn sign_in(
        &self,
        browser: &mut dyn Browser,
        report: &mut Report,
        claim: &str,
        ending: &Ending,
    ) -> Result<(), Box<dyn Error>> {
        let mut waiting = self.start(ending.command, ending.options)?;
        choose(browser, &waiting, ending.account)?;
        let title = title_soon(browser, ending.title)?;
        report.claim(claim, format!("\"{title}\""), title == ending.title);
        self.take_pictures(browser, ending.picture)?;
        let (status, _) = waiting.running.ended()?;
        report.claim(
            "and the program ends with",
            status.to_string(),
            status.code() == Some(ending.exit),
        );
        Ok(())
    }

    /// Screenshots of the page, which the server serves only once.
    pub(super) fn take_pictures(
        &self,
        browser: &mut dyn Browser,
        name: &str,
    ) -> Result<(), Box<dyn Error>> {
        let Some(folder) = self.screenshots else { return Ok(()) };
        let title = browser.title()?;
        fs::create_dir_all(folder)?;
        for Screenshot { of, png } in browser.screenshots()? {
            File::create(folder.join(format!("{name}-{of}.png")))?.write_all(&png)?;
        }
        // The page with the link redirects by itself.
        if browser.title()? == title { Ok(()) } else { Err("the page left too early".into()) }
    }
}

impl Waiting {
    /// Waits until the program prints this on standard error.
    pub(super) fn says(&mut self, text: &str) -> Result<(), Box<dyn Error>> {
        while let Some(line) = self.running.next_line()? {
            if line.contains(text) {
                return Ok(());
            }
        }
        Err(format!("it ends and does not say: {text}").into())
    }

    pub(super) fn check_exit(
        mut self,
        report: &mut Report,
        claim: &str,
        expected: i32,
    ) -> Result<(), Box<dyn Error>> {
        let (status, _) = self.running.ended()?;
        report.claim(claim, status.to_string(), status.code() == Some(expected));
        Ok(())
    }
}

/// How a sign-in ends.
pub(super) struct Ending {
    pub(super) command: &'static str,
    pub(super) options: &'static [&'static str],
    pub(super) account: &'static str,
    pub(super) title: &'static str,
    pub(super) picture: &'static str,
    pub(super) exit: i32,
}

pub(super) const SIGNED_IN: Ending = Ending {
    command: "login",
    options: &[],
    account: Account::OWNER,
    title: "Signed in",
    picture: "signed-in",
    exit: 0,
};

/// A member has no API organization, so a required key fails after the callback.
const ENDINGS: [(&str, Ending); 7] = [
    ("a sign-in ends on its page", SIGNED_IN),
    ("and so does another one", SIGNED_IN),
    (
        "a denied sign-in ends on its page",
        Ending {
            account: Account::DENIER,
            title: "Sign-in was not granted",
            picture: "denied",
            exit: 1,
            ..SIGNED_IN
        },
    ),
    (
        "a sign-in that fails afterwards ends on its page",
        Ending {
            options: &["--require-api-key"],
            account: Account::MEMBER,
            title: "Sign-in failed",
            picture: "failed",
            exit: 1,
            ..SIGNED_IN
        },
    ),
    (
        "without an API organization, signed in",
        Ending { account: Account::MEMBER, picture: "signed-in-without-key", ..SIGNED_IN },
    ),
    (
        "with setup left, on that page",
        Ending {
            account: Account::NEW_OWNER,
            title: "Signed in, one step left",
            picture: "finish-setup",
            ..SIGNED_IN
        },
    ),
    (
        "a new key ends on its page",
        Ending {
            command: "create-key",
            title: "API key created",
            picture: "key-created",
            ..SIGNED_IN
        },
    ),
];

/// Chooses an account on the sign-in page.
pub(super) fn choose(
    browser: &mut dyn Browser,
    waiting: &Waiting,
    account: &str,
) -> Result<(), Box<dyn Error>> {
    browser.navigate(waiting.address.as_str())?;
    browser.click(&format!("button[data-email='{account}']"))
}

/// Waits for this title, and returns the last one.
pub(super) fn title_soon(
    browser: &mut dyn Browser,
    expected: &str,
) -> Result<String, Box<dyn Error>> {
    const SOON: Duration = Duration::from_secs(10);
    const PAUSE: Duration = Duration::from_millis(50);
    let begun = Instant::now();
    loop {
        let title = browser.title()?;
        if title == expected || begun.elapsed() > SOON {
            return Ok(title);
        }
        thread::sleep(PAUSE);
    }
}

fn parameter(address: &Url, name: &str) -> Result<String, String> {
    let mut pairs = address.query_pairs();
    let found = pairs.find(|(other, _)| other == name).map(|(_, value)| value.into_owned());
    found.ok_or_else(|| format!("the address to open has no {name}"))
}
