use std::sync::mpsc;
use std::{io, thread};

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The handle of a running server.
pub(crate) enum Running {
    Tasks(Vec<JoinHandle<()>>),
    Thread { stop: Option<oneshot::Sender<()>>, thread: Option<thread::JoinHandle<()>> },
}

impl Running {
    /// Starts a server in its own thread and runtime.
    pub(crate) fn in_thread<T, F>(
        name: &str,
        start: impl FnOnce() -> F + Send + 'static,
    ) -> io::Result<(T, Self)>
    where
        T: Send + 'static,
        F: Future<Output = T>,
    {
        let (started, starting) = mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(start, &started, stopped))?;
        let server = starting.recv().map_err(io::Error::other)??;
        Ok((server, Self::Thread { stop: Some(stop), thread: Some(thread) }))
    }

    /// Stops, and returns when the ports are free.
    pub(crate) async fn stop(&mut self) {
        if let Self::Tasks(tasks) = self {
            for task in tasks {
                task.abort();
                let _ = task.await;
            }
        }
    }

    /// Stops without waiting for tasks.
    pub(crate) fn end(&mut self) {
        match self {
            Self::Tasks(tasks) => tasks.iter().for_each(JoinHandle::abort),
            Self::Thread { stop, thread } => {
                // Its runtime ends with the thread, and the sockets with the runtime.
                drop(stop.take());
                if let Some(thread) = thread.take() {
                    let _ = thread.join();
                }
            }
        }
    }
}

fn run<T, F: Future<Output = T>>(
    start: impl FnOnce() -> F,
    started: &mpsc::Sender<io::Result<T>>,
    stopped: oneshot::Receiver<()>,
) {
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Err(error) => drop(started.send(Err(error))),
        Ok(runtime) => runtime.block_on(async {
            let _ = started.send(Ok(start().await));
            // Dropping the sender is the signal; nothing is ever sent.
            let _ = stopped.await;
        }),
    }
}

/// Waits for a future in a thread with its own runtime, since the caller's may have another one.
pub(crate) fn block_on<T: Send>(future: impl Future<Output = T> + Send) -> io::Result<T> {
    let run =
        || Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future));
    let panicked = |_| Err(io::Error::other("the thread panicked"));
    thread::scope(|scope| scope.spawn(run).join()).unwrap_or_else(panicked)
}
