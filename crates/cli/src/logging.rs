use terminal_ui::{LogWriter, Terminal};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::environment;

/// Only our own crates log: what other libraries log can have secrets in it.
const TARGETS: [&str; 9] = [
    "auth_store",
    "http_client",
    "login",
    "login_cli",
    "native_oauth",
    "oauth_callback_server",
    "platform_api",
    "shared_file",
    "token_client",
];

/// Logs to standard error, with the level of `--verbose` or the environment.
pub(crate) fn start(verbose: bool, terminal: Terminal) {
    let named = environment::log_level().unwrap_or_else(|problem| {
        terminal.warn(&format!("{problem}, and is ignored"));
        None
    });
    let levels = [named, verbose.then_some(Level::DEBUG)];
    // The greater level logs more.
    let Some(level) = levels.into_iter().flatten().max() else { return };
    let ours = Targets::new().with_targets(TARGETS.map(|target| (target, level)));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(|| LogWriter)
        .with_ansi(false)
        // Otherwise it reports that standard error cannot be written to standard error.
        .log_internal_errors(false);
    tracing_subscriber::registry().with(ours).with(lines).init();
}
