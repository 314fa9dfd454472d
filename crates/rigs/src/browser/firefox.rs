//! Headless Firefox over Marionette: JSON messages, each after its length.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command as Program, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::port;
use super::webdriver::{Command, Driven, Transport};

/// The names of its program.
const NAMES: [&str; 2] = ["firefox-esr", "firefox"];

/// An installed browser and its version.
pub(super) fn find() -> Option<(&'static str, String)> {
    NAMES.into_iter().find_map(|name| Some((name, port::version(name)?)))
}

/// A browser with a fresh profile. It ends with this value.
pub(super) struct Marionette {
    child: Child,
    connection: BufReader<TcpStream>,
    last_id: u64,
    _profile: TempDir,
}

/// Starts it with these preferences.
pub(super) fn start(
    name: &str,
    preferences: &[(&str, bool)],
) -> Result<Driven<Marionette>, Box<dyn Error>> {
    let (profile, port) = (TempDir::new()?, port::free()?);
    let mut settings = File::create(profile.path().join("user.js"))?;
    writeln!(settings, "user_pref(\"marionette.port\", {port});")?;
    for (name, value) in preferences {
        writeln!(settings, "user_pref(\"{name}\", {value});")?;
    }
    let child = Program::new(name)
        .args(["--headless", "--marionette", "--no-remote", "--profile"])
        .arg(profile.path())
        .env("HOME", profile.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let connection = BufReader::new(port::connect(port)?);
    let mut transport = Marionette { child, connection, last_id: 0, _profile: profile };
    // Its greeting.
    transport.read()?;
    transport.call(Command {
        name: "WebDriver:NewSession",
        method: "POST",
        path: String::new(),
        body: json!({ "capabilities": { "alwaysMatch": {} } }),
    })?;
    Ok(Driven { transport, name: "firefox" })
}

impl Marionette {
    fn read(&mut self) -> Result<Value, Box<dyn Error>> {
        let mut length = Vec::new();
        self.connection.read_until(b':', &mut length)?;
        let digits = std::str::from_utf8(&length)?.trim_end_matches(':');
        let mut message = vec![0; digits.parse()?];
        self.connection.read_exact(&mut message)?;
        Ok(serde_json::from_slice(&message)?)
    }
}

impl Transport for Marionette {
    fn call(&mut self, command: Command) -> Result<Value, Box<dyn Error>> {
        self.last_id += 1;
        let message = json!([0, self.last_id, command.name, command.body]).to_string();
        write!(self.connection.get_mut(), "{}:{message}", message.len())?;
        let mut response = self.read()?;
        match &response[2] {
            Value::Null => Ok(match response[3].get_mut("value") {
                Some(value) => value.take(),
                None => response[3].take(),
            }),
            error => Err(format!("the browser refuses {}: {error}", command.name).into()),
        }
    }
}

impl Drop for Marionette {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
