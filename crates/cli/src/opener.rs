//! Who opens the browser, and how it reaches the callback port.

use diagnostics::RemoteContext;

use crate::args::BrowserArgs;
use crate::environment;

/// What opens the authorization URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opener {
    Program,
    /// The user, with help on how their browser reaches the callback.
    User(ForwardingHelp),
}

/// How the user's browser reaches a port here: sentences, and what to run on the user's side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ForwardingHelp {
    pub(crate) sentences: Vec<String>,
    pub(crate) command: Option<String>,
}

/// How to sign in from a container. A published port does not reach the loopback address inside.
pub(crate) const OUT_OF_THE_CONTAINER: &str =
    "use --network=host for the container, or mount ~/.codex from outside";

impl Opener {
    /// As the options say and the host allows, for a callback on this port.
    pub(crate) fn chosen(args: &BrowserArgs, port: u16) -> Self {
        let host = environment::host();
        let help = |context: RemoteContext| ForwardingHelp::new(&context, port);
        if args.no_browser {
            // Many containers share the network of their machine, which cannot be seen from within.
            let context = host.remote_context().filter(|it| *it != RemoteContext::Container);
            return Self::User(context.map(help).unwrap_or_default());
        }
        host.browser_obstacle().map_or(Self::Program, |context| Self::User(help(context)))
    }
}

impl ForwardingHelp {
    fn new(context: &RemoteContext, port: u16) -> Self {
        let reach = format!("The browser on your side has to reach port {port} here");
        let sentences = match context {
            // One that is a tab of a browser forwards its ports to other addresses than `localhost`.
            RemoteContext::Codespace(_) => vec![
                format!("{reach}: VS Code forwards it (Ports view)."),
                "Where the codespace is a tab of a browser, run on your side:".to_owned(),
            ],
            RemoteContext::Editor => vec![format!("{reach}: the editor forwards it (Ports view).")],
            RemoteContext::Ssh(_) | RemoteContext::Pod => {
                vec![format!("{reach}. On your side, run:")]
            }
            RemoteContext::Container => vec![
                format!("A browser outside of this container may not reach port {port} in it:"),
                format!("{OUT_OF_THE_CONTAINER}."),
            ],
            RemoteContext::NoDisplay => vec![format!(
                "No browser is started without a screen. One elsewhere has to reach port {port} here."
            )],
        };
        Self { sentences, command: context.forward_command(port) }
    }
}
