//! `login-cli doctor`: what prevents a sign-in, and how to fix it. It changes nothing and sends no secret.
//!
//! `diagnostics` runs the checks and rates them; this file and `doctor_network` have their sentences.

use std::time::Duration;

use auth_store::LockHolder;
use diagnostics::{
    BrowserFinding, Check, ClockFinding, Finding, LocalhostFinding, Options, PortFinding, PortRole,
    Ports, RemoteContext, Server, ServerFinding, SessionFinding, Status, StoreFinding,
};
use login::openai::{CREATE_API_KEY_PORT, SIGN_IN_OTHER_PORT, SIGN_IN_PORT};
use login::{LOCK_TIMEOUT, can_open_browser, stored};
use terminal_ui::{command, roughly, say};

use super::doctor_network::{api, configuration, server};
use super::doctor_report::{Row, document, summary, table};
use super::status;
use crate::args::shell_word;
use crate::context::{Context, USER_AGENT};
use crate::error::CliError;
use crate::opener::OUT_OF_THE_CONTAINER;
use crate::output::columns;
use crate::{codex_cli, environment};

/// The time limit of all checks together.
const TIMEOUT: Duration = Duration::from_secs(11);

const PORTS: Ports = Ports {
    sign_in: SIGN_IN_PORT,
    sign_in_fallback: SIGN_IN_OTHER_PORT,
    create_api_key: CREATE_API_KEY_PORT,
};

/// `login-cli doctor`.
pub(crate) async fn run(context: &Context) -> Result<(), CliError> {
    let options = Options {
        store: context.profiles()?.store(),
        ports: PORTS,
        http: context.http_options(USER_AGENT),
        issuer: context.args.issuer.clone(),
        api_base: context.args.api_base.clone(),
        variable: environment::variable,
        path: environment::path(),
        can_open_browser,
        has_ended: stored::has_ended,
        now: environment::now,
        timeout: TIMEOUT,
    };
    let prefix = context.args.command_prefix();
    let mut rows: Vec<Row> = Vec::new();
    let mut show = |new: Vec<Row>| {
        context.output.styled(&table(&new, &prefix, columns()))?;
        rows.extend(new);
        Ok::<_, CliError>(())
    };
    #[cfg(feature = "postgres")]
    let durability = durability(context);
    diagnostics::run(options, |checks| show(checks.into_iter().map(row).collect())).await?;
    #[cfg(feature = "postgres")]
    if let Some(row) = durability.await {
        show(vec![row])?;
    }
    let count = rows.iter().filter(|row| row.status == Status::Problem).count();
    let error = (count > 0).then_some(CliError::Problems { count });
    context.output.styled(&summary(&rows))?;
    context.finish(document(&rows, &prefix), error)
}

/// What a token in the database survives; `None` at the time limit. The question is sent now.
#[cfg(feature = "postgres")]
fn durability(context: &Context) -> impl Future<Output = Option<Row>> + use<> {
    let deadline = tokio::time::Instant::now() + TIMEOUT;
    let database = super::store::database(context);
    let ask = database
        .map(|database| tokio::task::spawn_blocking(move || super::store::durability(&database)));
    async move { tokio::time::timeout_at(deadline, ask?).await.ok()?.ok()? }
}

fn row(Check { status, finding }: Check) -> Row {
    let (area, row) = match finding {
        Finding::Store(finding) => ("store", store(finding)),
        Finding::Port(finding) => ("ports", port(finding)),
        Finding::Localhost(finding) => ("names", localhost(&finding, status)),
        Finding::Browser(finding) => ("browser", browser(&finding)),
        Finding::Session(finding) => ("session", session(&finding)),
        Finding::Network(finding) => ("network", configuration(finding)),
        Finding::Server(ServerFinding { server: Server::Issuer, step }) => ("issuer", server(step)),
        Finding::Server(ServerFinding { server: Server::Api, step }) => ("api", api(step)),
        Finding::Clock(finding) => ("clock", clock(&finding, status)),
    };
    Row { area, status, ..row }
}

fn store(finding: StoreFinding) -> Row {
    let failed = |name, error| Row::failed(name, login::Error::Store(error));
    match finding {
        StoreFinding::Writable { location, is_missing: true } => {
            Row::new("place", format!("{location} (the first sign-in creates the folder)"))
        }
        StoreFinding::Writable { location, .. } => Row::new("place", location.to_string()),
        StoreFinding::Unusable(error) => failed("place", error),
        StoreFinding::TimedOut => Row::new("place", "the credential store does not respond")
            .remedy("unlock it, or store the credentials in a file with --store file"),
        StoreFinding::NotSignedIn => Row::new("sign-in", "none yet"),
        StoreFinding::SignedIn { document, has_ended } => {
            let token = status::access_token(&document, environment::now());
            let token =
                token.map(|words| format!("; the access token {words}")).unwrap_or_default();
            let row = Row::new("sign-in", format!("{}{token}", status::how(&document)));
            if has_ended { row.remedy(command("login")) } else { row }
        }
        StoreFinding::Unreadable(error) => failed("sign-in", error),
        StoreFinding::Private => Row::new("mode", "other users cannot read the file"),
        StoreFinding::ReadableByOthers(location) => {
            Row::new("mode", "other users can read the file")
                .remedy(format!("chmod 600 {}", shell_word(&location.to_string())))
        }
        StoreFinding::Unusual(warning) => Row::new("unusual", warning.to_string()),
        StoreFinding::Unknown(error) => failed("mode", error),
        StoreFinding::IgnoredByCodex(obstacle) => Row::new("Codex CLI", codex_cli::note(&obstacle)),
        StoreFinding::Unlocked => Row::new("lock", "not held by another program"),
        StoreFinding::Locked(holder) => locked(holder.as_ref()),
        StoreFinding::NotLockable(error) => failed("lock", error),
    }
}

fn locked(holder: Option<&LockHolder>) -> Row {
    let holder = holder.map_or_else(|| "another program".to_owned(), ToString::to_string);
    let limit = LOCK_TIMEOUT.as_secs();
    Row::new("lock", format!("held by {holder}")).remedy(format!(
        "a sign-in waits up to {limit} seconds for the lock; if it stays held, stop that program"
    ))
}

fn port(finding: PortFinding) -> Row {
    let (is_in_use, is_own_sign_in) = (finding.is_in_use(), finding.is_own_sign_in());
    let PortFinding { port, role, outcome } = finding;
    let Err(error) = outcome else { return Row::new(port.to_string(), free(role)) };
    let row = Row::failed(port.to_string(), login::Error::from(login::OAuthError::Bind(error)));
    match role {
        PortRole::SignIn { .. } if is_own_sign_in => row,
        PortRole::SignIn { is_fallback_free: true } if is_in_use => {
            row.adding(&format!("; login uses {SIGN_IN_OTHER_PORT}")).only_remedy(None)
        }
        // A login does not evade a port that the system forbids.
        PortRole::SignIn { is_fallback_free: true } => {
            row.only_remedy(command(format!("login --port {SIGN_IN_OTHER_PORT}")))
        }
        PortRole::SignIn { .. } if is_in_use => row.only_remedy(say(
            "end one of the two programs; OpenAI has registered no other port for login",
        )),
        PortRole::SignIn { .. } => row,
        PortRole::SignInFallback { .. } => row.only_remedy(None),
        PortRole::CreateApiKey if cfg!(target_os = "macos") && is_in_use => row
            .adding("; create-key needs it")
            .only_remedy(say("turn off AirPlay Receiver in the settings, if it holds the port")),
        PortRole::CreateApiKey => row.adding("; create-key needs it"),
    }
}

fn free(role: PortRole) -> String {
    match role {
        PortRole::SignIn { .. } => "free, for login".to_owned(),
        PortRole::SignInFallback { .. } => format!("free, for login if {SIGN_IN_PORT} is in use"),
        PortRole::CreateApiKey => "free, for create-key".to_owned(),
    }
}

const FIX_LOCALHOST: &str = if cfg!(windows) {
    "in C:\\Windows\\System32\\drivers\\etc\\hosts, map localhost to 127.0.0.1 and ::1"
} else {
    "in /etc/hosts, map localhost to 127.0.0.1 and ::1, and to nothing else"
};

fn localhost(finding: &LocalhostFinding, status: Status) -> Row {
    let found = match finding {
        LocalhostFinding::TimedOut => "the lookup of localhost takes too long".to_owned(),
        LocalhostFinding::Unresolved(error) => format!("localhost has no address: {error}"),
        LocalhostFinding::Addresses(all) => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            let enough = if status == Status::Note { " only, which is enough" } else { "" };
            format!("localhost is {}{enough}", all.join(" and "))
        }
    };
    let row = Row::new("localhost", found);
    if status >= Status::Warning { row.remedy(FIX_LOCALHOST) } else { row }
}

fn browser(finding: &BrowserFinding) -> Row {
    let row = |found: &str| Row::new("launcher", found);
    let by_hand = || command("login --no-browser").then(", and open the URL yourself");
    match finding {
        BrowserFinding::Available => row("found"),
        BrowserFinding::Remote(RemoteContext::Codespace(_) | RemoteContext::Editor) => {
            row("not used: a browser here would not open in front of you").remedy(by_hand())
        }
        BrowserFinding::Remote(_) => row("not used: there is no display")
            .remedy(say("open the URL yourself, or use ").run("login --device")),
        BrowserFinding::Missing(program) => {
            row(&format!("BROWSER names {program}, which does not exist"))
                .remedy(say("set BROWSER to another program, or ").and(by_hand()))
        }
        BrowserFinding::NoLauncher => {
            row("not found").remedy(say("set BROWSER to a program, or ").and(by_hand()))
        }
        BrowserFinding::TimedOut => {
            row("the program that finds the default browser does not respond").remedy(by_hand())
        }
    }
}

fn session(finding: &SessionFinding) -> Row {
    match finding {
        SessionFinding::Local => Row::new("local", "on this machine: no SSH, container or WSL"),
        SessionFinding::SshWithDisplay => Row::new("ssh", "SSH, with a display for the browser"),
        SessionFinding::Wsl(port) => {
            Row::new("wsl", format!("WSL: the browser of Windows has to reach port {port} here"))
                .remedy("if it does not: set localhostForwarding=true under [wsl2] in .wslconfig")
        }
        SessionFinding::Remote { context, port } => {
            let login = match *port {
                SIGN_IN_PORT => "login --no-browser".to_owned(),
                other => format!("login --no-browser --port {other}"),
            };
            remote(context, *port)
                .remedy(say("here: ").run(login))
                .remedy(say("without port forwarding: ").run("login --device"))
        }
    }
}

/// Where this is, and how the port is forwarded to the user's side.
fn remote(context: &RemoteContext, port: u16) -> Row {
    let command = || context.forward_command(port).unwrap_or_default();
    let on_your_side = || say("on your side: ").run_other(command());
    let (name, place, forwarding) = match context {
        RemoteContext::Codespace(_) => {
            let by_editor = "VS Code forwards it (Ports view); otherwise, ";
            ("codespace", "a codespace", say(by_editor).and(on_your_side()))
        }
        RemoteContext::Editor => {
            ("editor", "a remote editor", say("forward it in the editor's Ports view"))
        }
        RemoteContext::Ssh(_) => ("ssh", "SSH", on_your_side()),
        RemoteContext::Pod => ("container", "a pod", on_your_side()),
        RemoteContext::Container | RemoteContext::NoDisplay => {
            return Row::new("container", "a container: a browser outside may not reach its ports")
                .remedy(OUT_OF_THE_CONTAINER);
        }
    };
    let reach = format!("{place}: the browser on your side has to reach port {port} here");
    Row::new(name, reach).remedy(forwarding)
}

const SET_CLOCK: &str = if cfg!(target_os = "linux") {
    "set the clock, for example with: sudo timedatectl set-ntp true"
} else {
    "set the clock, or let the system set it"
};

fn clock(finding: &ClockFinding, status: Status) -> Row {
    let found = match finding {
        ClockFinding::NoServer => "no server sent its time".to_owned(),
        ClockFinding::NoDate { host } => format!("{host} does not tell the time"),
        ClockFinding::Offset { host, ahead } => {
            let side = if ahead.is_negative() { "behind" } else { "ahead of" };
            // A server sends whole seconds.
            let offset = Some(ahead.unsigned_abs()).filter(|it| *it >= Duration::from_secs(2));
            match offset.and_then(roughly) {
                Some(words) => format!("{words} {side} {host}"),
                None => format!("the same as on {host}"),
            }
        }
    };
    let row = Row::new("time", found);
    if status >= Status::Warning { row.remedy(SET_CLOCK) } else { row }
}

#[cfg(test)]
mod tests {
    use std::io;

    use jiff::SignedDuration;

    use super::*;

    #[track_caller]
    fn assert_localhost(addresses: &[&str], status: Status, found: &str) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let row = localhost(&LocalhostFinding::Addresses(addresses), status);
        assert_eq!((row.found.as_str(), !row.remedy.is_empty()), (found, status > Status::Note));
    }

    #[test]
    fn localhost_is_shown_with_its_addresses() {
        assert_localhost(&["::1", "127.0.0.1"], Status::Ok, "localhost is 127.0.0.1 and ::1");
        let only = "localhost is 127.0.0.1 only, which is enough";
        assert_localhost(&["127.0.0.1"], Status::Note, only);
        assert_localhost(&["10.0.0.7"], Status::Problem, "localhost is 10.0.0.7");
        let unresolved = LocalhostFinding::Unresolved(io::Error::other("no such name"));
        let row = localhost(&unresolved, Status::Warning);
        assert_eq!(row.found, "localhost has no address: no such name");
        assert_eq!(row.remedy, [FIX_LOCALHOST.into()]);
    }

    #[track_caller]
    fn assert_clock(ahead_seconds: i64, found: &str) {
        let ahead = SignedDuration::from_millis(ahead_seconds * 1000 + 900);
        let finding = ClockFinding::Offset { host: "auth.test".to_owned(), ahead };
        assert_eq!(clock(&finding, Status::Ok).found, found);
    }

    #[test]
    fn clock_offset_is_rounded() {
        assert_clock(1, "the same as on auth.test");
        assert_clock(-61, "1 minute behind auth.test");
        assert_clock(300, "5 minutes ahead of auth.test");
        assert_clock(-10 * 365 * 86_400, "3649 days behind auth.test");
    }
}
