use std::io::Read;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::TEST_TIMEOUT;
#[cfg(target_os = "linux")]
use super::pty::Screen;

/// The output of a pipe so far. A thread reads the pipe, so that the program never blocks.
#[derive(Clone)]
pub(crate) struct Capture {
    shared: Arc<(Mutex<Seen>, Condvar)>,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) bytes: Vec<u8>,
    ended: bool,
    /// The screen, if the output is a terminal.
    #[cfg(target_os = "linux")]
    pub(crate) screen: Option<Screen>,
}

impl Seen {
    fn take(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        #[cfg(target_os = "linux")]
        self.screen.iter_mut().for_each(|screen| screen.write(bytes));
    }

    /// The readable text.
    fn text(&self) -> String {
        #[cfg(target_os = "linux")]
        if let Some(screen) = &self.screen {
            return screen.contents();
        }
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Capture {
    pub(crate) fn new(pipe: Option<impl Read + Send + 'static>) -> Self {
        Self::into(Seen::default(), pipe)
    }

    /// The same for a terminal with this screen.
    #[cfg(target_os = "linux")]
    pub(crate) fn shown(terminal: impl Read + Send + 'static, screen: Screen) -> Self {
        Self::into(Seen { screen: Some(screen), ..Seen::default() }, Some(terminal))
    }

    fn into(seen: Seen, pipe: Option<impl Read + Send + 'static>) -> Self {
        let shared = Arc::new((Mutex::new(seen), Condvar::new()));
        let capture = Self { shared: Arc::clone(&shared) };
        thread::spawn(move || {
            if let Some(pipe) = pipe {
                drain(pipe, &shared);
            }
            shared.0.lock().unwrap().ended = true;
            shared.1.notify_all();
        });
        capture
    }

    /// Waits until `find` returns a value or the output ends.
    pub(crate) fn find<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        self.look(|seen| find(&seen.text()))
    }

    /// The same with access to the screen and the bytes.
    pub(crate) fn look<T>(&self, look: impl Fn(&Seen) -> Option<T>) -> Option<T> {
        let (seen, changed) = &*self.shared;
        let seen = seen.lock().unwrap();
        let wait = |seen: &mut Seen| !seen.ended && look(seen).is_none();
        let (seen, _) = changed.wait_timeout_while(seen, TEST_TIMEOUT, wait).unwrap();
        look(&seen)
    }

    /// The current state.
    #[cfg(target_os = "linux")]
    pub(crate) fn now<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.shared.0.lock().unwrap())
    }

    /// The complete output after the pipe closes; `None` if another process keeps it open.
    pub(crate) fn whole(&self) -> Option<String> {
        let (seen, changed) = &*self.shared;
        let open = |seen: &mut Seen| !seen.ended;
        let (seen, _) =
            changed.wait_timeout_while(seen.lock().unwrap(), TEST_TIMEOUT, open).unwrap();
        assert!(str::from_utf8(&seen.bytes).is_ok(), "the output is no UTF-8: {}", seen.text());
        seen.ended.then(|| seen.text())
    }

    /// The output so far, for a failure message.
    pub(crate) fn so_far(&self) -> String {
        self.shared.0.lock().unwrap().text()
    }
}

fn drain(mut pipe: impl Read, shared: &(Mutex<Seen>, Condvar)) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = pipe.read(&mut buffer) {
        shared.0.lock().unwrap().take(&buffer[..count]);
        shared.1.notify_all();
    }
}
