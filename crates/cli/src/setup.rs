use std::cell::Cell;
use std::path::PathBuf;

use auth_store::AuthStore;
use http_client::{HttpClient, Options};
use login::CallbackPorts;
use oauth_callback_server::PortConflict;

use crate::args::{BrowserArgs, SharedArgs};
use crate::environment;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// What the flags and the environment that every command shares come to.
pub(crate) struct Setup {
    pub(crate) terminal: Terminal,
    /// What a person who interrupts now has to know.
    pub(crate) at_stake: Cell<Option<String>>,
    codex_home: Option<PathBuf>,
    ca_file: Option<PathBuf>,
}

impl Setup {
    pub(crate) fn new(args: &SharedArgs) -> Self {
        log_as_asked(args.verbose);
        Self {
            terminal: Terminal::new(args.color),
            at_stake: Cell::new(None),
            codex_home: environment::codex_home(args.codex_home.as_deref()),
            ca_file: args.ca_file.clone().or_else(environment::ca_file),
        }
    }

    /// Runs `work` on a runtime of this one thread. Whatever is left over when it ends, such as a
    /// browser that keeps its connection, is not waited for.
    pub(crate) fn block_on(
        &self,
        work: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), Failure> {
        // Where the system gives no random numbers, the runtime would panic on its way up.
        pkce::CodeVerifier::generate().map_err(login::Error::from)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::Runtime)?;
        let outcome = runtime.block_on(async {
            let outcome = work.await;
            let_go().await;
            outcome
        });
        runtime.shutdown_background();
        outcome
    }

    /// Where the credentials are kept.
    pub(crate) fn store(&self) -> Result<AuthStore, Failure> {
        self.codex_home.clone().map(AuthStore::new).ok_or(Failure::NoHome)
    }

    /// Where the browser may come back to.
    pub(crate) fn callback_ports(&self, ports: &[u16], args: &BrowserArgs) -> CallbackPorts {
        if args.cancel_previous && !cfg!(unix) {
            self.terminal.warn("--cancel-previous is not supported on this system");
        }
        let conflict =
            if args.cancel_previous { PortConflict::CancelPrevious } else { PortConflict::Fail };
        CallbackPorts { ports: ports.to_vec(), conflict, rendezvous: environment::rendezvous() }
    }

    /// The client for every request; it is built when the first one is sent.
    pub(crate) fn http(&self, user_agent: &'static str) -> Result<HttpClient, Failure> {
        let options = Options {
            ca_file: self.ca_file.clone(),
            proxy: environment::proxy(),
            ..Options::new(user_agent)
        };
        HttpClient::new(options).map_err(Failure::Setup)
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
const OURS: [&str; 7] = [
    "auth_store",
    "http_client",
    "login",
    "login_cli",
    "oauth_callback_server",
    "platform_api",
    "token_client",
];

fn log_as_asked(verbose: bool) {
    use tracing_subscriber::filter::Targets;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;

    let asked = [environment::log_level(), verbose.then_some(tracing::Level::DEBUG)];
    // A level is the greater the less it says.
    let Some(level) = asked.into_iter().flatten().max() else { return };
    let ours = Targets::new().with_targets(OURS.map(|target| (target, level)));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        // It would complain of a standard error that cannot be written to standard error.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(ours).with(lines).init();
}
