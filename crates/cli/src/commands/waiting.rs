use std::io::{self, IsTerminal as _};
use std::time::Duration;

use auth_store::Location;
use diagnostics::Sudo;
use login::stored::AtRisk;
use login::{Authorization, Event, UserInputs};
use oauth_callback_server::InvalidCallbackUrl;
use terminal_ui::{Hint, Keyboard, Terminal, in_words, say};
use url::Url;

use super::events;
use crate::args::{BrowserArgs, SharedArgs};
use crate::failure::{chain, key_may_exist, login_hint, network_hint, rejected};
use crate::opener::Opener;
use crate::setup::{Setup, TOKENS_AT_STAKE};
use crate::{browser, environment, user_input};

/// What the person is asked to do.
pub(crate) struct Invitation<'a> {
    pub(crate) purpose: &'static str,
    pub(crate) args: &'a BrowserArgs,
    pub(crate) other_ways: OtherWays,
}

/// What helps a person whose browser cannot come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherWays {
    /// They paste its address here.
    Address,
    /// They do, or type a code on another device.
    AddressOrDevice,
}

impl Invitation<'_> {
    /// Sends the person to the browser, and listens to their keyboard, or to the program that follows.
    /// The keyboard is theirs again when it is dropped.
    pub(crate) fn extend(
        &self,
        setup: &Setup,
        authorization: &mut Authorization,
    ) -> Option<Keyboard> {
        let opener = Opener::chosen(self.args, authorization.port());
        events::invited(&setup.output, &opener, self.args.timeout, authorization);
        self.say_where(setup.terminal, &opener, authorization.url());
        let (keyboard, inputs) = self.listen(setup);
        let offers = match keyboard {
            Some(_) => self.other_ways.offered_to(&opener),
            None => self.other_ways.offered_elsewhere(&opener),
        };
        offers.iter().for_each(|offer| setup.terminal.say(&setup.to_text(offer)));
        if self.args.qr {
            // It is long, so it comes last: a camera has to see all of it.
            setup.terminal.qr(authorization.url().as_str(), ROWS_OF_STATUS);
        }
        setup.waits("Waiting for the browser", Some(self.args.timeout));
        if opener == Opener::ThisProgram {
            if let Some(missing) = environment::missing_browser() {
                let instead = "the default browser is tried instead";
                setup
                    .terminal
                    .warn(&format!("BROWSER names {missing}, which is not there; {instead}"));
            }
            authorization.open_browser_with(browser::open);
        }
        if let Some(inputs) = inputs {
            authorization.with_inputs(inputs);
        }
        keyboard
    }

    /// In the order in which a person needs it: the address first, how the browser comes back after it.
    fn say_where(&self, terminal: Terminal, opener: &Opener, url: &Url) {
        let purpose = self.purpose;
        terminal.say(&match opener {
            Opener::Person(_) => format!("Open this address to {purpose}:"),
            Opener::ThisProgram => {
                format!("Your browser opens to {purpose}. If it does not, open this address:")
            }
        });
        terminal.url(url.as_str());
        if let Opener::Person(help) = opener {
            help.sentences.iter().for_each(|sentence| terminal.say(sentence));
            help.command.iter().for_each(|command| terminal.command(command));
        }
    }

    fn listen(&self, setup: &Setup) -> (Option<Keyboard>, Option<UserInputs>) {
        let device_key = (self.other_ways == OtherWays::AddressOrDevice).then_some('d');
        if setup.terminal.is_interactive()
            && let Some((keyboard, inputs)) = user_input::from_keyboard(device_key)
        {
            return (Some(keyboard), Some(inputs));
        }
        let is_followed = setup.output.is_stream() && !io::stdin().is_terminal();
        (None, is_followed.then(user_input::from_program))
    }
}

impl OtherWays {
    /// Where a browser opens here, it comes back here, and needs no word about a paste.
    fn offered_to(self, opener: &Opener) -> Vec<Hint> {
        const PASTE: &str = "If the browser ends on a page that does not load, paste the address of \
                             that page here, and press Enter.";
        let offers: &[&str] = match (self, opener) {
            (Self::Address, Opener::ThisProgram) => &[],
            (Self::AddressOrDevice, Opener::ThisProgram) => {
                &["No browser here? Press d, for a code to type on another device."]
            }
            (Self::Address, Opener::Person(_)) => &[PASTE],
            (Self::AddressOrDevice, Opener::Person(_)) => {
                &[PASTE, "Or press d, for a code to type on another device."]
            }
        };
        offers.iter().copied().map(say).collect()
    }

    /// Where nobody can be asked, and the browser may not find its way back.
    fn offered_elsewhere(self, opener: &Opener) -> Vec<Hint> {
        match (self, opener) {
            (Self::AddressOrDevice, Opener::Person(help)) if !help.sentences.is_empty() => {
                vec![say("Or use ").run("login --device").then(", which needs no way back.")]
            }
            _ => Vec::new(),
        }
    }
}

/// `the stored sign-in, the sign-in of profile work`
pub(super) fn stored_sign_ins(at_risk: &AtRisk) -> String {
    let this = at_risk.this.then(|| "the stored sign-in".to_owned());
    let others = at_risk.others.iter().map(|name| format!("the sign-in of {name}"));
    this.into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

/// Warns whoever is about to make root's what may be meant for themselves.
pub(crate) fn warn_of_sudo(setup: &Setup, shared: &SharedArgs, store: &Location) {
    if let Some(sudo) = environment::sudo(shared.codex_home.as_deref()) {
        setup.terminal.warn(&sudo_warning(&sudo, store));
    }
}

fn sudo_warning(sudo: &Sudo, store: &Location) -> String {
    let owner = match &sudo.user {
        _ if sudo.is_folder_foreign => "and belong to the owner of that folder".to_owned(),
        _ if sudo.is_home_foreign => "and belong to root there".to_owned(),
        Some(user) => format!("not to {user}'s"),
        None => "not to your own".to_owned(),
    };
    format!(
        "running as root through sudo: the credentials go to {store}, {owner}; run it without sudo to \
         sign in as yourself"
    )
}

/// Says what happens while the person waits, also to the program that asked for it.
pub(crate) fn tell(setup: &Setup, event: &Event<'_>) {
    events::happened(&setup.output, event);
    tell_person(setup, event);
}

/// Says it to the person alone, and remembers what they would have to know if they stopped it now.
pub(crate) fn tell_person(setup: &Setup, event: &Event<'_>) {
    remember(setup, event);
    wait(setup, event);
    if let Some(text) = news(event) {
        setup.terminal.say(&text);
    }
    if let Some(text) = trouble(event) {
        setup.terminal.warn(&text);
    }
    if let Some(hint) = advice(event, setup.terminal.is_interactive()) {
        setup.terminal.hint(&setup.to_text(&hint));
    }
    if let Event::DeviceCode { verification_uri, user_code, expires_in } = event {
        show_device_code(setup, (verification_uri, user_code), *expires_in);
    }
}

/// Where to go with which code, and what to be wary of: who gets somebody else to type it is signed in
/// as them ([RFC 8628 §5.4](https://www.rfc-editor.org/rfc/rfc8628#section-5.4)).
fn show_device_code(
    setup: &Setup,
    (verification_uri, user_code): (&str, &str),
    expires_in: Duration,
) {
    let terminal = setup.terminal;
    terminal.say("On any device, open this address, sign in, and type the code below it:");
    terminal.url(verification_uri);
    terminal.say("Type it on that page alone, and give it to nobody.");
    if setup.has_qr.get() {
        terminal.qr(verification_uri, ROWS_OF_CODE + ROWS_OF_STATUS);
    }
    terminal.code(user_code);
    setup.waits("Waiting", Some(rounded(expires_in)));
}

/// The line that says what is waited for, and the empty one above it.
const ROWS_OF_STATUS: usize = 2;

/// A code to type, between empty lines.
const ROWS_OF_CODE: usize = 3;

/// A whole second, of which some thousandths are gone already.
fn rounded(time: Duration) -> Duration {
    Duration::from_secs((time + Duration::from_millis(500)).as_secs())
}

/// What can be done about it.
fn advice(event: &Event<'_>, can_paste: bool) -> Option<Hint> {
    match event {
        Event::CallbackRejected(kind) => Some(say(rejected::hint(*kind, can_paste))),
        Event::Unreachable(error) => network_hint(error),
        Event::AddressRefused(refusal) => Some(say(address(*refusal))),
        Event::DeviceCodeFailed(error) => login_hint(error),
        _ => None,
    }
}

fn address(refusal: InvalidCallbackUrl) -> &'static str {
    match refusal {
        InvalidCallbackUrl::NotAnAddress => {
            "a code alone cannot be checked: paste all that stands in the address bar of that page, \
             from http:// on"
        }
        InvalidCallbackUrl::AuthorizationUrl => {
            "open it in a browser, sign in, and paste the address of the page where that ends"
        }
        InvalidCallbackUrl::StateMismatch => {
            "paste all of the address of the page where the address above has led, and of no older one"
        }
        _ => "paste all that stands in the address bar of the page that does not load",
    }
}

fn remember(setup: &Setup, event: &Event<'_>) {
    match event {
        Event::CreatingApiKey { name } => setup.begin_key(key_may_exist(name)),
        Event::Storing => setup.begin_storing(),
        Event::Kept { location } => {
            let kept = format!("the credentials are in {location} all the same");
            setup.kept(say(kept));
        }
        Event::ExchangingCode => setup.begin_spending(
            "Ending the sign-in, so that no token is left behind.",
            say(TOKENS_AT_STAKE),
        ),
        Event::Refreshing => setup.begin_spending(
            "Finishing the refresh, so that the sign-in is not lost.",
            say("a refresh was under way, and its answer may be lost: if ")
                .run("token")
                .then(" now says that the sign-in is not valid any more, sign in again with ")
                .run("login"),
        ),
        Event::Refreshed | Event::Removed => setup.end_spending(),
        Event::Revoked => setup.kept(
            say("the sign-in was revoked, and may still be stored; to remove it: ").run("logout"),
        ),
        _ => {}
    }
}

/// What is waited for from here on.
fn wait(setup: &Setup, event: &Event<'_>) {
    match event {
        Event::WaitingForAnotherProgram => {
            setup.waits("Another program is using the stored sign-in; waiting for it", None);
        }
        Event::DeviceCodeFailed(_) => setup.waits_for_the_first(),
        Event::CallbackReceived | Event::Refreshing | Event::Kept { .. } => setup.waits_no_more(),
        _ => {}
    }
}

/// What goes its way, and only takes time.
fn news(event: &Event<'_>) -> Option<String> {
    Some(match event {
        Event::ReachedAgain(server) => format!("{server} can be reached now."),
        Event::WaitingForProject { seen, failure, again_in } => {
            let seen = failure.map_or_else(|| seen.to_string(), |failure| chain(failure));
            format!("Not yet: {seen}. Looking again in {}.", in_words(*again_in))
        }
        _ => return None,
    })
}

/// What does not, and ends nothing.
fn trouble(event: &Event<'_>) -> Option<String> {
    Some(match event {
        Event::BrowserNotOpened => {
            "no browser could be started; open the address above yourself".to_owned()
        }
        Event::Unreachable(error) => format!("{}; trying again", chain(error)),
        Event::RefreshPostponed(error) => {
            format!("{}; the old token is good for a little longer", chain(error))
        }
        Event::AddressRefused(refusal) => {
            format!("that is not the address of the page where the browser ends: {refusal}")
        }
        Event::CallbackRejected(kind) => rejected::what(*kind).to_owned(),
        Event::DeviceCodePostponed(error) => format!("{}; trying again", chain(error)),
        Event::DeviceCodeFailed(error) => {
            format!("{}; the browser is still waited for", chain(error))
        }
        Event::TokensLost => TOKENS_AT_STAKE.to_owned(),
        Event::NotRevoked(error) => format!(
            "tokens that are not stored any more could not be revoked, and may still be valid: {}",
            chain(error)
        ),
        Event::OtherProgramsSignIn { auth_mode } => format!(
            "this sign-in was made by another program (mode {}); it is removed here, and not revoked",
            printable::excerpt(auth_mode, 40)
        ),
        Event::RevocationWithheld(at_risk) => format!(
            "the tokens of this sign-in were not revoked, because that could end {}; they expire by \
             themselves",
            stored_sign_ins(at_risk)
        ),
        _ => return None,
    })
}
