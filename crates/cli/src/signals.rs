use std::future::pending;
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::signal;

/// A signal that ends the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interrupt {
    /// Ctrl-C.
    CtrlC,
    /// `SIGTERM`, `SIGQUIT` (Ctrl-\\), or a terminal that is gone.
    Terminated,
}

/// The signal that [`watch`] has seen. A signal reaches the whole process, and so does this.
static SEEN: OnceLock<Interrupt> = OnceLock::new();

/// Whether the current work is finished in spite of a signal.
static IS_FINISHING: AtomicBool = AtomicBool::new(false);

/// How many calls are under way that end themselves after a signal.
static CALLS: AtomicUsize = AtomicUsize::new(0);

/// How long a command without a runtime may take to end itself.
const GRACE: Duration = Duration::from_secs(1);

/// The same with a call of the database, which takes up to two seconds to give a claim back.
const CALL_GRACE: Duration = Duration::from_secs(3);

/// Whether a runtime listens for signals too, and ends what it runs.
static HAS_RUNTIME: AtomicBool = AtomicBool::new(false);

/// Listens from now on for the signals of [`interrupt`] on a thread of its own, for work that blocks the main
/// thread: a credential helper looks at [`cancels_helpers`] while it runs.
///
/// A command without a runtime that is blocked elsewhere is ended a second later, unless it finishes what it does.
pub(crate) fn watch() {
    static ONCE: AtomicBool = AtomicBool::new(false);
    // Where the system gives no random numbers, the runtime would panic on its way up.
    if ONCE.swap(true, Ordering::Relaxed) || pkce::CodeVerifier::generate().is_err() {
        return;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return;
    };
    let signal = {
        let _context = runtime.enter();
        interrupt()
    };
    // Without the thread, only the runtime of a command handles signals.
    let _ = thread::Builder::new().name("signals".to_owned()).spawn(move || {
        let by = runtime.block_on(signal);
        let _ = SEEN.set(by);
        let begun = Instant::now();
        while begun.elapsed() < GRACE || is_busy(begun) {
            thread::sleep(Duration::from_millis(100));
        }
        if !HAS_RUNTIME.load(Ordering::Relaxed) {
            process::exit(by.exit_code().into());
        }
    });
}

/// Whether the command has something to finish, or a call of the database has to give a claim back.
fn is_busy(since: Instant) -> bool {
    let is_calling = CALLS.load(Ordering::Relaxed) > 0 && since.elapsed() < CALL_GRACE;
    IS_FINISHING.load(Ordering::Relaxed) || is_calling
}

/// A call that ends itself soon after a signal, until it is dropped.
#[cfg(feature = "postgres")]
pub(crate) struct Call(());

#[cfg(feature = "postgres")]
impl Call {
    pub(crate) fn begin() -> Self {
        CALLS.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

#[cfg(feature = "postgres")]
impl Drop for Call {
    fn drop(&mut self) {
        CALLS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The signal that ends the program, once [`watch`] has seen one.
pub(crate) fn received() -> Option<Interrupt> {
    SEEN.get().copied()
}

/// Whether a credential helper has to stop: a signal was received, and no single-use request is under way
/// whose result it has to store.
pub(crate) fn cancels_helpers() -> bool {
    SEEN.get().is_some() && !IS_FINISHING.load(Ordering::Relaxed)
}

/// Sets whether the current work is finished in spite of a signal.
pub(crate) fn set_finishing(is_finishing: bool) {
    IS_FINISHING.store(is_finishing, Ordering::Relaxed);
}

/// Says that a runtime listens for signals too.
pub(crate) fn set_runtime() {
    HAS_RUNTIME.store(true, Ordering::Relaxed);
}

impl Interrupt {
    /// 128 and the number of the signal, as a shell has it.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::CtrlC => 130,
            Self::Terminated => 143,
        }
    }
}

/// `SIGXFSZ`, which a file beyond `ulimit -f` brings; Linux, macOS and the BSDs agree on its number.
#[cfg(unix)]
const FILE_TOO_LARGE: i32 = 25;

/// Registers handlers for the signals that end the program. A signal without a handler keeps the
/// system's default, which ends the program as well.
#[cfg(unix)]
pub(crate) fn interrupt() -> impl Future<Output = Interrupt> {
    use signal::unix::{SignalKind, signal};
    let listen = |kind: SignalKind| signal(kind).ok();
    // With a handler, which does nothing, the write fails with an error, as on a full disk. Without one,
    // the signal would end the program.
    let _ = listen(SignalKind::from_raw(FILE_TOO_LARGE));
    let interrupted = listen(SignalKind::interrupt());
    let (terminated, hung_up) = (listen(SignalKind::terminate()), listen(SignalKind::hangup()));
    // By default it would end the program before the terminal is given back.
    let quit = listen(SignalKind::quit());
    async {
        tokio::select! {
            Some(()) = async { interrupted?.recv().await } => Interrupt::CtrlC,
            Some(()) = async { terminated?.recv().await } => Interrupt::Terminated,
            Some(()) = async { hung_up?.recv().await } => Interrupt::Terminated,
            Some(()) = async { quit?.recv().await } => Interrupt::Terminated,
            else => pending().await,
        }
    }
}

/// Listens from now on for a signal that ends the program.
#[cfg(windows)]
pub(crate) fn interrupt() -> impl Future<Output = Interrupt> {
    use signal::windows::{ctrl_c, ctrl_close};
    let (interrupted, closed) = (ctrl_c().ok(), ctrl_close().ok());
    async {
        tokio::select! {
            Some(()) = async { interrupted?.recv().await } => Interrupt::CtrlC,
            Some(()) = async { closed?.recv().await } => Interrupt::Terminated,
            else => pending().await,
        }
    }
}
