//! Commands of `WebDriver` (W3C), over HTTP or Marionette.

use std::error::Error;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::harness::{Browser, Screenshot};

/// A command: its name in Marionette, and its HTTP request.
pub(super) struct Command {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    /// After the path of the session.
    pub(super) path: String,
    pub(super) body: Value,
}

/// Sends commands to a browser.
pub(super) trait Transport {
    /// Returns the value of the response.
    fn call(&mut self, command: Command) -> Result<Value, Box<dyn Error>>;
}

/// The key of an element's id, by the standard.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser that takes such commands.
pub(super) struct Driven<T> {
    pub(super) transport: T,
    /// The name in files of screenshots.
    pub(super) name: &'static str,
}

impl<T: Transport> Driven<T> {
    fn post(
        &mut self,
        name: &'static str,
        path: impl Into<String>,
        body: Value,
    ) -> Result<Value, Box<dyn Error>> {
        self.transport.call(Command { name, method: "POST", path: path.into(), body })
    }

    fn get(&mut self, name: &'static str, path: &str) -> Result<Value, Box<dyn Error>> {
        let (path, body) = (path.to_owned(), json!({}));
        self.transport.call(Command { name, method: "GET", path, body })
    }
}

impl<T: Transport> Browser for Driven<T> {
    fn navigate(&mut self, address: &str) -> Result<(), Box<dyn Error>> {
        self.post("WebDriver:Navigate", "/url", json!({ "url": address })).map(drop)
    }

    fn click(&mut self, selector: &str) -> Result<(), Box<dyn Error>> {
        let by = json!({ "using": "css selector", "value": selector });
        let found = self.post("WebDriver:FindElement", "/element", by)?;
        let id = found[ELEMENT].as_str().ok_or("the browser finds no element")?.to_owned();
        let path = format!("/element/{id}/click");
        self.post("WebDriver:ElementClick", path, json!({ "id": id })).map(drop)
    }

    fn title(&mut self) -> Result<String, Box<dyn Error>> {
        let title = self.get("WebDriver:GetTitle", "/title")?;
        Ok(title.as_str().unwrap_or_default().to_owned())
    }

    fn screenshots(&mut self) -> Result<Vec<Screenshot>, Box<dyn Error>> {
        let picture = self.get("WebDriver:TakeScreenshot", "/screenshot")?;
        let png = BASE64_STANDARD.decode(picture.as_str().unwrap_or_default())?;
        Ok(vec![Screenshot { of: self.name.to_owned(), png }])
    }
}
