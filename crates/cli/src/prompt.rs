use std::io::{self, IsTerminal as _};

use login::{Authorization, UserInputs};
use serde_json::json;
use terminal_ui::{Hint, Keyboard, Terminal, say};
use url::Url;

use crate::args::BrowserArgs;
use crate::context::Context;
use crate::events::{ROWS_OF_STATUS, seconds};
use crate::opener::Opener;
use crate::{browser_process, environment, user_input};

/// Asks the user to sign in with a browser.
pub(crate) struct Prompt<'a> {
    pub(crate) purpose: &'static str,
    pub(crate) args: &'a BrowserArgs,
    pub(crate) alternatives: Alternatives,
}

/// What helps if the browser cannot return to this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alternatives {
    /// Pasting its URL here.
    Paste,
    /// That, or a code for another device.
    PasteOrDeviceCode,
}

impl Prompt<'_> {
    /// Shows the URL, opens the browser, and reads the input of the user or of the program that reads
    /// the events. The keyboard is read until the result is dropped.
    pub(crate) fn show(
        &self,
        context: &Context,
        authorization: &mut Authorization,
    ) -> Option<Keyboard> {
        let opener = Opener::chosen(self.args, authorization.port());
        self.emit(context, &opener, authorization);
        self.show_url(context.terminal, &opener, authorization.url());
        let (keyboard, inputs) = self.inputs(context);
        let offers = self.alternatives.offers(&opener, keyboard.is_some());
        offers.iter().for_each(|offer| context.terminal.say(&context.to_text(offer)));
        if self.args.qr {
            // It is last, because a camera has to see all of it.
            context.terminal.qr(authorization.url().as_str(), ROWS_OF_STATUS);
        }
        context.status_lines.push("Waiting for the browser", Some(self.args.timeout));
        if opener == Opener::Program {
            warn_of_missing_browser(context.terminal);
            authorization.open_browser_with(browser_process::open);
        }
        if let Some(inputs) = inputs {
            authorization.with_inputs(inputs);
        }
        keyboard
    }

    fn emit(&self, context: &Context, opener: &Opener, authorization: &Authorization) {
        let (opened_by, help) = match opener {
            Opener::Program => ("program", None),
            Opener::User(help) => ("user", Some(help)),
        };
        context.output.event(&json!({
            "event": "url",
            "url": authorization.url().as_str(),
            "port": authorization.port(),
            "opened_by": opened_by,
            "help": help.map(|help| help.sentences.as_slice()).unwrap_or_default(),
            "command": help.and_then(|help| help.command.as_ref()),
        }));
        let timeout = seconds(self.args.timeout);
        context.output.event(&json!({ "event": "waiting", "timeout_seconds": timeout }));
    }

    /// The URL is first, and how the browser returns is after it.
    fn show_url(&self, terminal: Terminal, opener: &Opener, url: &Url) {
        let purpose = self.purpose;
        terminal.say(&match opener {
            Opener::User(_) => format!("Open this address to {purpose}:"),
            Opener::Program => {
                format!("Your browser opens to {purpose}. If it does not, open this address:")
            }
        });
        terminal.url(url.as_str());
        if let Opener::User(help) = opener {
            help.sentences.iter().for_each(|sentence| terminal.say(sentence));
            help.command.iter().for_each(|command| terminal.command(command));
        }
    }

    fn inputs(&self, context: &Context) -> (Option<Keyboard>, Option<UserInputs>) {
        let device_key = (self.alternatives == Alternatives::PasteOrDeviceCode).then_some('d');
        if context.terminal.is_interactive()
            && let Some((keyboard, inputs)) = user_input::from_keyboard(device_key)
        {
            return (Some(keyboard), Some(inputs));
        }
        let is_program = context.output.is_stream() && !io::stdin().is_terminal();
        (None, is_program.then(user_input::from_program))
    }
}

fn warn_of_missing_browser(terminal: Terminal) {
    if let Some(missing) = environment::missing_browser() {
        let instead = "trying the default browser";
        terminal.warn(&format!("BROWSER is {missing}, which does not exist; {instead}"));
    }
}

impl Alternatives {
    /// What to print below the URL. A browser that this program opens returns here: there is nothing to
    /// paste.
    fn offers(self, opener: &Opener, has_keyboard: bool) -> Vec<Hint> {
        let has_device_code = self == Self::PasteOrDeviceCode;
        match opener {
            Opener::Program if has_keyboard && has_device_code => {
                vec![say("No browser here? Press d, for a code to type on another device.")]
            }
            Opener::User(_) if has_keyboard => {
                let press = "Or press d, for a code to type on another device.";
                let device_code = has_device_code.then(|| say(press));
                [say(PASTE)].into_iter().chain(device_code).collect()
            }
            Opener::User(_) if has_device_code => {
                vec![
                    say("Or use ")
                        .run("login --device")
                        .then(", which needs no connection back to this machine."),
                ]
            }
            _ => Vec::new(),
        }
    }
}

const PASTE: &str = "If the browser ends on a page that does not load, paste the address of that page here, \
                     and press Enter.";
