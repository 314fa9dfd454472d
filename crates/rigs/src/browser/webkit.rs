//! `WebKit` in its `MiniBrowser` for GTK, with `WebKitWebDriver`, on a screen of Xvfb.

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Program, Stdio};

use serde_json::{Value, json};

use super::port;
use super::webdriver::{Command, Driven, Transport};

const DRIVER: &str = "WebKitWebDriver";

/// The folders of internal programs in distributions.
const FOLDERS: [&str; 4] =
    ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/libexec", "/usr/lib64"];

/// The CA certificates of the system.
const AUTHORITIES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// The installed browser, if no part is missing.
pub(super) fn find() -> Option<PathBuf> {
    for (program, option) in [(DRIVER, "--help"), ("Xvfb", "-help")] {
        let mut program = Program::new(program);
        program.arg(option).stdout(Stdio::null()).stderr(Stdio::null()).status().ok()?;
    }
    let entries = FOLDERS.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let is_webkit = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("webkit"))
    };
    let folders = entries.map(|entry| entry.path()).filter(is_webkit);
    folders.map(|folder| folder.join("MiniBrowser")).find(|path| path.is_file())
}

/// A driver and its screen. Both end with this value.
pub(super) struct Http {
    driver: Child,
    screen: Child,
    port: u16,
    session: String,
    pub(super) version: String,
}

/// Starts it. Extra CA certificates are added in a mount namespace, which replaces the list of the
/// system for this browser.
pub(super) fn start(
    browser: &Path,
    authorities: Option<&str>,
) -> Result<Driven<Http>, Box<dyn Error>> {
    let (screen, display) = screen()?;
    let port = port::free()?;
    let folder = tempfile::TempDir::new()?;
    let mut program = match authorities {
        None => Program::new(DRIVER),
        Some(authorities) => {
            let list = folder.path().join("authorities.pem");
            let all = fs::read_to_string(AUTHORITIES)? + authorities;
            fs::File::create(&list)?.write_all(all.as_bytes())?;
            let script = format!("mount --bind {} {AUTHORITIES} && exec \"$@\"", list.display());
            let mut program = Program::new("unshare");
            program.args(["-Urm", "sh", "-c", &script, "sh", DRIVER]);
            program
        }
    };
    program.arg(format!("--port={port}")).env("DISPLAY", display).env("HOME", folder.path());
    let driver =
        program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let (session, version) = (String::new(), String::new());
    let mut transport = Http { driver, screen, port, session, version };
    drop(port::connect(port)?);
    let options = json!({ "binary": browser, "args": ["--automation"] });
    let session = transport.call(Command {
        name: "WebDriver:NewSession",
        method: "POST",
        path: String::new(),
        body: json!({
            "capabilities": { "alwaysMatch": { "webkitgtk:browserOptions": options } }
        }),
    })?;
    let version = session["capabilities"]["browserVersion"].as_str().unwrap_or_default();
    transport.version = format!("WebKitGTK {version}");
    transport.session = format!("/{}", session["sessionId"].as_str().unwrap_or_default());
    Ok(Driven { transport, name: "webkit" })
}

/// A virtual screen and its name.
fn screen() -> Result<(Child, String), Box<dyn Error>> {
    let mut screen = Program::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut number = String::new();
    BufReader::new(screen.stdout.take().ok_or("no pipe")?).read_line(&mut number)?;
    Ok((screen, format!(":{}", number.trim())))
}

impl Transport for Http {
    fn call(&mut self, command: Command) -> Result<Value, Box<dyn Error>> {
        let Command { name, method, path, body } = command;
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let mut connection = port::connect(self.port)?;
        write!(
            connection,
            "{method} /session{}{path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.session,
            self.port,
            body.len()
        )?;
        let mut response = String::new();
        connection.read_to_string(&mut response)?;
        let (_, body) = response.split_once("\r\n\r\n").ok_or("the driver sends no response")?;
        let mut value: Value = serde_json::from_str(body)?;
        match value["value"].take() {
            error if error.get("error").is_some() => {
                Err(format!("the browser refuses {name}: {}", error["message"]).into())
            }
            value => Ok(value),
        }
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        // The browser ends with the session.
        let end = Command {
            name: "WebDriver:DeleteSession",
            method: "DELETE",
            path: String::new(),
            body: Value::Null,
        };
        let _ = self.call(end);
        for child in [&mut self.driver, &mut self.screen] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
