//! Headless Chromium, which reaches only this machine.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::devtools::DevTools;
use super::harness::{Browser, Screenshot};
use super::net_log::{self, Exchange};
use super::port;

/// The names of its program.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A foreign host, and one that resolves to this machine (DNS rebinding).
pub(super) const FOREIGN_HOST: &str = "attacker.test";
pub(super) const REBOUND_HOST: &str = "evil.test";

/// The screen of a picture.
#[derive(Clone, Copy)]
struct Screen {
    width: u32,
    height: u32,
    is_phone: bool,
}

const DESKTOP: Screen = Screen { width: 1280, height: 800, is_phone: false };
const PHONE: Screen = Screen { width: 390, height: 844, is_phone: true };

/// A browser with a fresh profile and one tab. It ends with this value.
pub(super) struct Chromium {
    child: Child,
    devtools: DevTools<ChildStdin>,
    tab: String,
    folder: TempDir,
}

/// An installed browser and its version.
pub(super) fn find() -> Option<(&'static str, String)> {
    NAMES.into_iter().find_map(|name| Some((name, port::version(name)?)))
}

impl Chromium {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// It cannot be started, or does not respond.
    pub(super) fn start(name: &str) -> Result<Self, Box<dyn Error>> {
        let folder = TempDir::new()?;
        let mut child = command(name, folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(to), Some(from)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the browser has no pipes".into());
        };
        let devtools = DevTools::new(to, from);
        let mut browser = Self { child, devtools, tab: String::new(), folder };
        browser.open_tab()?;
        Ok(browser)
    }

    fn open_tab(&mut self) -> Result<(), Box<dyn Error>> {
        let page = json!({ "url": "about:blank" });
        let target = self.devtools.call(None, "Target.createTarget", &page)?;
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = self.devtools.call(None, "Target.attachToTarget", &attach)?;
        session["sessionId"].as_str().unwrap_or_default().clone_into(&mut self.tab);
        for domain in ["Page", "Runtime"] {
            self.call(&format!("{domain}.enable"), &json!({}))?;
        }
        Ok(())
    }

    fn call(&mut self, method: &str, params: &Value) -> Result<Value, Box<dyn Error>> {
        self.devtools.call(Some(&self.tab), method, params)
    }

    /// Runs a script in the page, and waits for its value.
    ///
    /// # Errors
    ///
    /// The script fails.
    pub(super) fn run(&mut self, script: &str) -> Result<Value, Box<dyn Error>> {
        let params = json!({
            "expression": script, "awaitPromise": true, "returnByValue": true, "userGesture": true
        });
        let mut ran = self.call("Runtime.evaluate", &params)?;
        match ran.get("exceptionDetails") {
            Some(failure) => Err(format!("a script fails: {}", failure["text"]).into()),
            None => Ok(ran["result"]["value"].take()),
        }
    }

    /// Whether no script of this page has logged, thrown or shown anything.
    pub(super) fn has_no_script_activity(&self) -> bool {
        const NOISES: [&str; 3] =
            ["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Page.javascriptDialogOpening"];
        self.devtools.count_events(&NOISES) == 0
    }

    /// Switches the policy of pages off or on.
    ///
    /// # Errors
    ///
    /// The browser refuses.
    pub(super) fn ignore_policies(&mut self, ignore: bool) -> Result<(), Box<dyn Error>> {
        self.call("Page.setBypassCSP", &json!({ "enabled": ignore }))?;
        Ok(())
    }

    /// The page on a screen, in `light` or `dark` colours, as a PNG.
    fn screenshot(&mut self, screen: Screen, scheme: &str) -> Result<Vec<u8>, Box<dyn Error>> {
        let Screen { width, height, is_phone } = screen;
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 2, "mobile": is_phone });
        self.call("Emulation.setDeviceMetricsOverride", &size)?;
        let scheme = json!({ "name": "prefers-color-scheme", "value": scheme });
        self.call("Emulation.setEmulatedMedia", &json!({ "features": [scheme] }))?;
        let shot = self.call("Page.captureScreenshot", &json!({ "format": "png" }))?;
        Ok(BASE64_STANDARD.decode(shot["data"].as_str().unwrap_or_default())?)
    }

    /// Ends it, and returns all requests and responses.
    ///
    /// # Errors
    ///
    /// It does not end, or leaves no log.
    pub(super) fn close(mut self) -> Result<Vec<Exchange>, Box<dyn Error>> {
        self.devtools.call(None, "Browser.close", &json!({}))?;
        self.devtools.hang_up();
        self.child.wait()?;
        net_log::read(&fs::read(self.folder.path().join(NET_LOG))?)
    }
}

impl Browser for Chromium {
    fn navigate(&mut self, address: &str) -> Result<(), Box<dyn Error>> {
        self.devtools.forget();
        let result = self.call("Page.navigate", &json!({ "url": address }))?;
        if let Some(error) = result["errorText"].as_str() {
            return Err(format!("the browser finds no page: {error}").into());
        }
        self.devtools.wait_for("Page.loadEventFired")
    }

    /// Waits for the next page too.
    fn click(&mut self, selector: &str) -> Result<(), Box<dyn Error>> {
        self.devtools.forget();
        self.run(&format!("document.querySelector({}).click()", Value::from(selector)))?;
        self.devtools.wait_for("Page.loadEventFired")
    }

    fn title(&mut self) -> Result<String, Box<dyn Error>> {
        Ok(self.run("document.title")?.as_str().unwrap_or_default().to_owned())
    }

    fn screenshots(&mut self) -> Result<Vec<Screenshot>, Box<dyn Error>> {
        let mut screenshots = Vec::new();
        for (size, screen) in [("desktop", DESKTOP), ("phone", PHONE)] {
            for scheme in ["light", "dark"] {
                let png = self.screenshot(screen, scheme)?;
                screenshots.push(Screenshot { of: format!("{size}-{scheme}"), png });
            }
        }
        Ok(screenshots)
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const NET_LOG: &str = "net-log.json";

/// The pipe uses the descriptors 3 and 4, which a shell sets up.
fn command(name: &str, folder: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#, name]);
    command.args(["--headless", "--disable-gpu", "--remote-debugging-pipe"]);
    // It would not start as root otherwise, and opens only pages of this machine.
    command.arg("--no-sandbox");
    // Shared memory may be too small in a container.
    command.arg("--disable-dev-shm-usage");
    command.args(["--no-first-run", "--no-default-browser-check", "--no-proxy-server"]);
    command.args(["--disable-quic", "--disable-background-networking"]);
    command.args(["--disable-component-update", "--disable-sync", "--disable-extensions"]);
    // Other browsers do not protect loopback ports: the test is about the callback server.
    command.arg("--disable-features=LocalNetworkAccessChecks,HttpsUpgrades");
    command.arg(format!(
        "--host-resolver-rules=MAP {FOREIGN_HOST} 127.0.0.1, MAP {REBOUND_HOST} 127.0.0.1, \
         MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
    ));
    command.arg(option("--user-data-dir=", &folder.join("profile")));
    command.arg(option("--log-net-log=", &folder.join(NET_LOG)));
    command
}

fn option(name: &str, value: &Path) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from(name);
    option.push(value);
    option
}
