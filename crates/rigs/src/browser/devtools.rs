//! The `DevTools` protocol over `--remote-debugging-pipe`: JSON messages, each followed by a NUL. It
//! needs neither a driver nor a WebSocket client.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Enough on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A connection to the browser.
pub(super) struct DevTools<W> {
    to: W,
    from: Receiver<Value>,
    last_id: u64,
    events: Vec<Value>,
}

impl<W: Write> DevTools<W> {
    /// A thread reads the messages, so that waiting can time out.
    pub(super) fn new(to: W, from: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || listen(from, &sender));
        Self { to, from: receiver, last_id: 0, events: Vec::new() }
    }

    /// Sends a command and returns its result. Without a session it is for the browser, with one for
    /// its tab.
    ///
    /// # Errors
    ///
    /// The browser refuses, or does not respond.
    pub(super) fn call(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: &Value,
    ) -> Result<Value, Box<dyn Error>> {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        self.to.write_all(format!("{message}\0").as_bytes())?;
        self.to.flush()?;
        let mut response = self.next(method, |message| message["id"] == id)?;
        match response.get("error") {
            Some(error) => Err(format!("the browser refuses {method}: {error}").into()),
            None => Ok(response["result"].take()),
        }
    }

    /// Waits for an event, unless it has happened since [`DevTools::forget`].
    ///
    /// # Errors
    ///
    /// It does not happen.
    pub(super) fn wait_for(&mut self, event: &str) -> Result<(), Box<dyn Error>> {
        if self.count_events(&[event]) == 0 {
            let message = self.next(event, |message| message["method"] == event)?;
            self.events.push(message);
        }
        Ok(())
    }

    /// How many of these events have happened.
    pub(super) fn count_events(&self, names: &[&str]) -> usize {
        let is_one = |event: &&Value| names.iter().any(|name| event["method"] == *name);
        self.events.iter().filter(is_one).count()
    }

    /// Forgets what has happened so far.
    pub(super) fn forget(&mut self) {
        self.events.clear();
    }

    /// Waits until the browser closes the pipe.
    pub(super) fn hang_up(&self) {
        while self.from.recv_timeout(DEADLINE).is_ok() {}
    }

    /// The next message of this kind. Events on the way there are kept.
    fn next(
        &mut self,
        what: &str,
        is_it: impl Fn(&Value) -> bool,
    ) -> Result<Value, Box<dyn Error>> {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let message = self.from.recv_timeout(left);
            let message = message.map_err(|_| format!("the browser is silent about {what}"))?;
            if is_it(&message) {
                return Ok(message);
            }
            self.events.push(message);
        }
    }
}

/// Reads until either end is closed.
fn listen(from: impl Read, sender: &Sender<Value>) {
    for message in BufReader::new(from).split(0) {
        let message = message.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        if message.is_none_or(|message| sender.send(message).is_err()) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiving(messages: &'static str) -> DevTools<Vec<u8>> {
        DevTools::new(Vec::new(), messages.as_bytes())
    }

    #[test]
    fn call_returns_its_result_and_keeps_earlier_events() {
        let mut browser =
            receiving("{\"method\":\"Page.loaded\"}\0{\"id\":1,\"result\":{\"a\":2}}\0");
        let response = browser.call(Some("tab"), "Page.navigate", &json!({ "url": "x" })).unwrap();
        assert_eq!(response, json!({ "a": 2 }));
        let sent: Value = serde_json::from_slice(browser.to.strip_suffix(b"\0").unwrap()).unwrap();
        let expected = json!({
            "id": 1, "method": "Page.navigate", "params": { "url": "x" }, "sessionId": "tab"
        });
        assert_eq!(sent, expected);

        browser.wait_for("Page.loaded").unwrap();
        assert_eq!(browser.count_events(&["Page.loaded", "Page.other"]), 1);
        browser.forget();
        assert_eq!(browser.count_events(&["Page.loaded"]), 0);
    }

    #[test]
    fn error_response_and_closed_browser_are_errors() {
        let mut browser = receiving("{\"id\":1,\"error\":{\"message\":\"no\"}}\0");
        assert!(browser.call(None, "A.b", &Value::Null).unwrap_err().to_string().contains("no"));
        assert!(browser.wait_for("A.c").is_err());
    }
}
