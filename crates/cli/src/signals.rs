use std::future::pending;

use tokio::signal;

/// A signal that ends the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupt {
    /// Ctrl-C.
    CtrlC,
    /// `SIGTERM`, `SIGQUIT` (Ctrl-\\), or a terminal that is gone.
    Terminated,
}

/// `SIGXFSZ`, which a file beyond `ulimit -f` brings; Linux, macOS and the BSDs agree on its number.
#[cfg(unix)]
const FILE_TOO_LARGE: i32 = 25;

/// Listens from now on for a signal that ends the program. A signal that cannot be listened for
/// keeps the system's default, which ends the program as well.
#[cfg(unix)]
pub(crate) fn interrupt() -> impl Future<Output = Interrupt> {
    use signal::unix::{Signal, SignalKind, signal};
    let listen = |kind: SignalKind| signal(kind).ok();
    async fn heard(signal: Option<Signal>) {
        match signal {
            Some(mut signal) => drop(signal.recv().await),
            None => pending().await,
        }
    }
    // Heard by nobody: with a handler, the write fails and says why, as on a full disk. Without one,
    // the signal would end the program.
    let _ = listen(SignalKind::from_raw(FILE_TOO_LARGE));
    let interrupted = listen(SignalKind::interrupt());
    let (terminated, hung_up) = (listen(SignalKind::terminate()), listen(SignalKind::hangup()));
    // By default it would end the program before the terminal is given back.
    let quit = listen(SignalKind::quit());
    async {
        tokio::select! {
            () = heard(interrupted) => Interrupt::CtrlC,
            () = heard(terminated) => Interrupt::Terminated,
            () = heard(hung_up) => Interrupt::Terminated,
            () = heard(quit) => Interrupt::Terminated,
        }
    }
}

/// Listens from now on for a signal that ends the program.
#[cfg(windows)]
pub(crate) fn interrupt() -> impl Future<Output = Interrupt> {
    let (interrupted, closed) =
        (signal::windows::ctrl_c().ok(), signal::windows::ctrl_close().ok());
    async {
        let interrupted = async {
            match interrupted {
                Some(mut signal) => drop(signal.recv().await),
                None => pending().await,
            }
        };
        let closed = async {
            match closed {
                Some(mut signal) => drop(signal.recv().await),
                None => pending().await,
            }
        };
        tokio::select! {
            () = interrupted => Interrupt::CtrlC,
            () = closed => Interrupt::Terminated,
        }
    }
}
