use std::io::Read;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use super::PATIENCE;

/// What a pipe has brought so far. A thread of its own empties it, so that the program never waits
/// for somebody to read.
pub(crate) struct Capture {
    shared: Arc<(Mutex<Seen>, Condvar)>,
}

#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    ended: bool,
}

impl Capture {
    pub(crate) fn of(pipe: Option<impl Read + Send + 'static>) -> Self {
        let shared = Arc::new((Mutex::new(Seen::default()), Condvar::new()));
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

    /// Waits until `find` finds something in what came so far, or until nothing more can come.
    pub(crate) fn find<T>(&self, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (seen, changed) = &*self.shared;
        let look = |seen: &Seen| find(&String::from_utf8_lossy(&seen.bytes));
        let seen = seen.lock().unwrap();
        let wait = |seen: &mut Seen| !seen.ended && look(seen).is_none();
        let (seen, _) = changed.wait_timeout_while(seen, PATIENCE, wait).unwrap();
        look(&seen)
    }

    /// Everything, once the pipe is closed. None when it stays open, which something that the program
    /// left behind would do.
    pub(crate) fn whole(&self) -> Option<Vec<u8>> {
        let (seen, changed) = &*self.shared;
        let open = |seen: &mut Seen| !seen.ended;
        let (seen, _) = changed.wait_timeout_while(seen.lock().unwrap(), PATIENCE, open).unwrap();
        seen.ended.then(|| seen.bytes.clone())
    }

    /// What came so far, for the text of a failure.
    pub(crate) fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.shared.0.lock().unwrap().bytes).into_owned()
    }
}

fn drain(mut pipe: impl Read, shared: &(Mutex<Seen>, Condvar)) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = pipe.read(&mut buffer) {
        shared.0.lock().unwrap().bytes.extend_from_slice(&buffer[..count]);
        shared.1.notify_all();
    }
}
