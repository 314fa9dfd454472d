//! What to do about a port that is taken.

use std::path::Path;

use crate::listen::Listeners;
use crate::port_owner::PortInUse;

/// What to do when each of the ports is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PortConflict {
    /// To give up. Nothing is sent to anybody.
    #[default]
    Fail,
    /// To ask a wait of the same user and program, which has opened the same
    /// [`control_socket`](crate::BindOptions::control_socket), to give way; it ends with
    /// [`WaitError::Replaced`](crate::WaitError::Replaced). It is asked there, and never at the
    /// port, so that nothing is sent to an unknown service. This takes at most two seconds. Only on
    /// Unix; elsewhere it is as [`PortConflict::Fail`].
    CancelPrevious,
}

/// The socket at which this wait can be asked to give way.
#[cfg(unix)]
pub(crate) type ControlSocket = crate::control_socket::ControlSocket;

/// There is none on this system.
#[cfg(not(unix))]
#[derive(Debug)]
pub(crate) enum ControlSocket {}

/// A wait at which nobody can ask is a wait all the same.
#[cfg(unix)]
pub(crate) fn meet(folder: &Path, port: u16) -> Option<ControlSocket> {
    let refused = |error: &std::io::Error| tracing::debug!(%error, "nobody can ask for the port");
    ControlSocket::open(folder, port).inspect_err(refused).ok()
}

#[cfg(not(unix))]
pub(crate) fn meet(_folder: &Path, _port: u16) -> Option<ControlSocket> {
    None
}

/// Who asked for the port. It is theirs when this is dropped.
#[cfg(unix)]
pub(crate) type Requester = tokio::net::UnixStream;

#[cfg(not(unix))]
pub(crate) type Requester = std::convert::Infallible;

/// Waits until a newer wait asks for the port.
#[cfg(unix)]
pub(crate) async fn asked(control: Option<&ControlSocket>) -> Requester {
    match control {
        Some(control) => match control.asked().await {
            Ok(requester) => requester,
            Err(error) => {
                tracing::debug!(%error, "nobody can ask for the port");
                std::future::pending().await
            }
        },
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
pub(crate) async fn asked(_meeting: Option<&ControlSocket>) -> Requester {
    std::future::pending().await
}

/// Takes the place of the first wait that gives way.
#[cfg(unix)]
pub(crate) fn take_over(folder: &Path, taken: &[PortInUse]) -> Option<Listeners> {
    taken.iter().find_map(|PortInUse { port, .. }| {
        let asked = crate::control_socket::ask(folder, *port);
        asked.inspect_err(|error| tracing::debug!(%error, port, "no wait gives way")).ok()?;
        crate::listen::listen_on(*port).ok()
    })
}

#[cfg(not(unix))]
pub(crate) fn take_over(_folder: &Path, _taken: &[PortInUse]) -> Option<Listeners> {
    None
}
