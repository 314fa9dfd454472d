use std::future::pending;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use tokio::signal;

use crate::mutex::lock;

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

/// What a signal does not end at once.
static WORK: Mutex<Work> = Mutex::new(Work { is_finishing: false, calls: 0, has_runtime: false });

struct Work {
    /// Whether the current work is finished in spite of a signal.
    is_finishing: bool,
    /// How many calls and claims of the database there are, which end themselves after a signal.
    calls: usize,
    /// Whether a runtime listens for signals too, and ends what it runs.
    has_runtime: bool,
}

/// How long a command without a runtime may take to end itself.
const GRACE: Duration = Duration::from_secs(1);

/// The same with a call of the database, which takes up to two seconds to give a claim back.
const CALL_GRACE: Duration = Duration::from_secs(3);

/// Listens from now on for the signals of [`interrupt`] on a thread of its own, for work that blocks the main
/// thread: a credential helper looks at [`cancels_helpers`] while it runs.
///
/// A command without a runtime that is blocked elsewhere is ended a second later, unless it finishes what it does.
pub(crate) fn watch() {
    static ONCE: AtomicBool = AtomicBool::new(false);
    // Where the system gives no random numbers, the runtime would panic at its start.
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
        while lock(&WORK).goes_on_after(begun.elapsed()) {
            thread::sleep(Duration::from_millis(100));
        }
        if !lock(&WORK).has_runtime {
            process::exit(by.exit_code().into());
        }
    });
}

impl Work {
    /// Whether a command without a runtime still has this long after a signal.
    fn goes_on_after(&self, elapsed: Duration) -> bool {
        let grace = if self.calls > 0 { CALL_GRACE } else { GRACE };
        self.is_finishing || elapsed < grace
    }
}

/// A call that ends itself soon after a signal, or a claim that is given back then, until it is dropped.
#[cfg(feature = "postgres")]
#[derive(Debug)]
pub(crate) struct Call(());

#[cfg(feature = "postgres")]
impl Call {
    pub(crate) fn begin() -> Self {
        lock(&WORK).calls += 1;
        Self(())
    }
}

#[cfg(feature = "postgres")]
impl Drop for Call {
    fn drop(&mut self) {
        lock(&WORK).calls -= 1;
    }
}

/// The signal that ends the program, once [`watch`] has seen one.
pub(crate) fn received() -> Option<Interrupt> {
    SEEN.get().copied()
}

/// Whether a credential helper has to stop: a signal was received, and no single-use request is under way
/// whose result it has to store.
pub(crate) fn cancels_helpers() -> bool {
    SEEN.get().is_some() && !lock(&WORK).is_finishing
}

/// Sets whether the current work is finished in spite of a signal.
pub(crate) fn set_finishing(is_finishing: bool) {
    lock(&WORK).is_finishing = is_finishing;
}

/// Says that a runtime listens for signals too.
pub(crate) fn set_runtime() {
    lock(&WORK).has_runtime = true;
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
