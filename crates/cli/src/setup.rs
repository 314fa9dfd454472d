use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::time::Duration;

use http_client::{CaCertificates, HttpClient, Options};
use login::stored::StoredSignIn;
use login::{BindOptions, openai};
use terminal_ui::{Hint, LogWriter, StatusLine, Terminal, say};
use token_client::TokenClient;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::args::{CallbackArgs, ProfileName, SharedArgs};
use crate::environment;
use crate::failure::Failure;
use crate::output::Output;
use crate::profiles::Profiles;
use crate::{core_dump, signals};

/// What this program calls itself.
pub(crate) const USER_AGENT: &str = concat!("login-cli/", env!("CARGO_PKG_VERSION"));

/// What a person has to know who stops a sign-in while it has tokens that are stored nowhere.
pub(crate) const TOKENS_AT_STAKE: &str =
    "the issuer may have issued tokens that are stored nowhere; they expire by themselves";

/// What the flags and the environment that every command shares come to.
pub(crate) struct Setup {
    pub(crate) terminal: Terminal,
    pub(crate) output: Output,
    /// What a person who interrupts now has to know.
    at_stake: Cell<Option<Hint>>,
    /// The same about a key that may be left behind.
    key_at_stake: Cell<Option<Hint>>,
    /// Whether an address is shown as a QR code as well.
    pub(crate) has_qr: Cell<bool>,
    /// What is finished before an interruption ends the program, because something is being spent.
    finishing: Cell<Option<&'static str>>,
    /// Ends a sign-in in order.
    pub(crate) cancellation: CancellationToken,
    /// What is waited for at the moment, the newest last.
    waiting: RefCell<Vec<StatusLine>>,
    /// What a program that takes this one's place may do.
    pub(crate) core_dumps: core_dump::Before,
    args: SharedArgs,
}

impl Setup {
    pub(crate) fn new(args: &SharedArgs) -> Self {
        let terminal = environment::terminal(args.color);
        log_as_asked(args.verbose, terminal);
        Self {
            terminal,
            output: Output::new(args.json, args.color),
            at_stake: Cell::default(),
            key_at_stake: Cell::default(),
            has_qr: Cell::new(false),
            finishing: Cell::new(None),
            cancellation: CancellationToken::new(),
            waiting: RefCell::default(),
            core_dumps: core_dump::forbid(),
            args: args.clone(),
        }
    }

    /// A hint as this person would type its commands.
    pub(crate) fn to_text(&self, hint: &Hint) -> String {
        hint.to_text(&self.args.command_prefix())
    }

    /// The same in one line.
    pub(crate) fn to_plain_text(&self, hint: &Hint) -> String {
        hint.to_plain_text(&self.args.command_prefix())
    }

    /// Runs `work` on a runtime of this one thread, until it is done, or a signal ends it, or nobody is
    /// left who follows it. Whatever is left over then, such as a browser that keeps its connection, is
    /// not waited for.
    pub(crate) fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        // Where the system gives no random numbers, the runtime would panic on its way up.
        pkce::CodeVerifier::generate().map_err(login::Error::from)?;
        signals::set_runtime();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::Runtime)?;
        let outcome = runtime.block_on(async {
            let outcome = self.until_interrupted(work).await;
            self.waits_no_more();
            let_go().await;
            outcome
        });
        runtime.shutdown_background();
        outcome
    }

    /// What is being spent is not given up at once: an answer that is on its way may hold the only
    /// token that still works.
    async fn until_interrupted<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        const GRACE: Duration = Duration::from_millis(1500);
        let interrupt = signals::interrupt();
        let mut work = pin!(work);
        let by = tokio::select! {
            biased;
            outcome = &mut work => return outcome,
            by = interrupt => by,
            failure = self.deserted() => return Err(failure),
        };
        if let Some(sentence) = self.finishing.get() {
            self.terminal.say(sentence);
            self.cancellation.cancel();
            // Whether it worked does not matter any more, only that it has ended.
            if timeout(GRACE, work).await.is_ok() {
                self.tokens_are_safe();
            }
        }
        Err(Failure::Interrupted { by, at_stake: self.take_at_stake() })
    }

    /// Waits until nobody follows what happens any more, and nothing is at stake: nobody would hear of
    /// what became of it.
    async fn deserted(&self) -> Failure {
        loop {
            let error = self.output.deserted().await;
            let at_stake = self.take_at_stake();
            if at_stake.is_none() {
                return Failure::Output(error);
            }
            self.at_stake.set(at_stake);
        }
    }

    /// Something is being spent: an interruption says `finishing`, waits a moment, and where that was
    /// not enough, tells the person what is `at_stake`.
    pub(crate) fn begin_spending(&self, finishing: &'static str, at_stake: Hint) {
        self.set_finishing(Some(finishing));
        self.key_at_stake.set(None);
        self.at_stake.set(Some(at_stake));
    }

    /// A sign-in is being stored, and with it the key that may have been created.
    pub(crate) fn begin_storing(&self) {
        self.set_finishing(Some("Finishing the sign-in, which is being stored."));
        let key = self.key_at_stake.take().map(|key| say("; ").and(key)).unwrap_or_default();
        let status = say("the sign-in may be stored: ").run("status").then(" shows whether it is");
        self.at_stake.set(Some(status.and(key)));
    }

    /// Nothing is being spent any more.
    pub(crate) fn end_spending(&self) {
        self.set_finishing(None);
        self.take_at_stake();
    }

    /// The credentials are kept; only a page is missing.
    pub(crate) fn kept(&self, at_stake: Hint) {
        self.end_spending();
        self.at_stake.set(Some(at_stake));
    }

    fn take_at_stake(&self) -> Option<Hint> {
        match (self.key_at_stake.take(), self.at_stake.take()) {
            (Some(key), Some(rest)) => Some(key.then("; ").and(rest)),
            (key, rest) => key.or(rest),
        }
    }

    fn set_finishing(&self, sentence: Option<&'static str>) {
        self.finishing.set(sentence);
        signals::set_finishing(sentence.is_some());
    }

    /// The end of a command whose credential helper was stopped because of a signal.
    pub(crate) fn check_interrupted(&self) -> Result<(), Failure> {
        match signals::seen() {
            Some(by) if self.finishing.get().is_none() => {
                Err(Failure::Interrupted { by, at_stake: self.take_at_stake() })
            }
            _ => Ok(()),
        }
    }

    /// A key may be left behind as well, if the person stops now.
    pub(crate) fn begin_key(&self, key_may_exist: String) {
        self.key_at_stake.set(Some(say(key_may_exist)));
    }

    /// The tokens of a sign-in that was cancelled are revoked, or it was said why not.
    fn tokens_are_safe(&self) {
        let rest = self.at_stake.take().filter(|rest| *rest != say(TOKENS_AT_STAKE));
        self.at_stake.set(rest);
    }

    /// From now on this is waited for as well, up to so long.
    pub(crate) fn waits(&self, text: &str, limit: Option<Duration>) {
        self.waiting.borrow_mut().push(self.terminal.status_line(text, limit));
    }

    /// What came after the first is not waited for any more.
    pub(crate) fn waits_for_the_first(&self) {
        self.waiting.borrow_mut().truncate(1);
    }

    /// Nothing is waited for any more.
    pub(crate) fn waits_no_more(&self) {
        self.waiting.take();
    }

    /// The sign-in of this profile, and the client that it belongs to.
    pub(crate) fn stored_sign_in(
        &self,
        profiles: &Profiles,
        profile: &ProfileName,
        args: &SharedArgs,
    ) -> Result<StoredSignIn, Failure> {
        let (store, others) = (profiles.store_of(profile), profiles.other_stores(profile));
        let client_id = args.client_id.as_deref().unwrap_or(openai::SIGN_IN_CLIENT_ID);
        let provider = openai::provider(args.issuer.clone());
        let client = TokenClient::new(self.http(USER_AGENT), provider, client_id);
        let sign_in = StoredSignIn::new(store, client, environment::now);
        let sign_in = sign_in.with_other_stores(others);
        Ok(if args.client_id.is_some() { sign_in.require_client() } else { sign_in })
    }

    /// Where the browser may come back to: as asked for, or as usual.
    pub(crate) fn callback_ports(&self, args: &CallbackArgs, usual: BindOptions) -> BindOptions {
        match args.ports.as_slice() {
            [] => usual,
            ports => BindOptions { ports: ports.to_vec(), fallback_ports: Vec::new(), ..usual },
        }
    }

    /// The client for every request; it is built when the first one is sent.
    pub(crate) fn http(&self, user_agent: &'static str) -> HttpClient {
        HttpClient::new(self.http_options(user_agent))
    }

    /// The policy of that client.
    pub(crate) fn http_options(&self, user_agent: &'static str) -> Options {
        let asked_for =
            self.args.ca_file.as_ref().map(|path| CaCertificates::file("--ca-file", path));
        Options {
            extra_ca_certificates: asked_for.or_else(environment::extra_ca_certificates),
            system_ca_certificates: environment::system_ca_certificates(),
            proxy: environment::proxy(),
            ..Options::new(user_agent)
        }
    }

    /// The client of a sign-in. What is wrong with a file of authorities or with the proxy is found
    /// before the person goes through a browser.
    pub(crate) fn checked_http(&self, user_agent: &'static str) -> Result<HttpClient, Failure> {
        let http = self.http(user_agent);
        http.check().map_err(Failure::Setup)?;
        Ok(http)
    }
}

/// Lets the tasks that were left take a few steps, and no more: a browser that waits for a sign-in
/// which was interrupted is told so.
async fn let_go() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}

/// Only our own crates are heard: what the libraries underneath log is not ours to vouch for.
const OURS: [&str; 8] = [
    "auth_store",
    "http_client",
    "login",
    "login_cli",
    "native_oauth",
    "oauth_callback_server",
    "platform_api",
    "token_client",
];

fn log_as_asked(verbose: bool, terminal: Terminal) {
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;

    let named = environment::log_level().unwrap_or_else(|problem| {
        terminal.warn(&format!("{problem}, and is ignored"));
        None
    });
    let asked = [named, verbose.then_some(tracing::Level::DEBUG)];
    // A level is the greater the less it says.
    let Some(level) = asked.into_iter().flatten().max() else { return };
    let ours = Targets::new().with_targets(OURS.map(|target| (target, level)));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| LogWriter)
        .with_ansi(false)
        // It would complain of a standard error that cannot be written to standard error.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(ours).with(lines).init();
}
