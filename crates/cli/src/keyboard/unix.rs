use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, sleep};
use std::time::Duration;

use login::{Input, Inputs};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use zeroize::Zeroize as _;

use super::entry::Entry;
use terminal_ui::show_typed;
use terminal_ui::{HiddenInput, has_person, is_foreground_job, reapply};

/// The person's keyboard, as long as it is listened to. The terminal is given back when this is
/// dropped.
pub(crate) struct Keyboard {
    is_over: Arc<AtomicBool>,
    _unseen: HiddenInput,
}

/// As often as it is looked whether the terminal is ours, and whether it is over.
const TICK: Duration = Duration::from_millis(250);

/// A paste has no pause that is longer, and nobody types faster.
const PAUSE: Duration = Duration::from_millis(40);

impl Keyboard {
    /// Listens, where a person sits at it who is not busy with another program. Where there is a key
    /// for a device code, it is `d`.
    pub(crate) fn listen(has_device_key: bool) -> Option<(Self, Inputs)> {
        if !has_person() {
            return None;
        }
        let (tell, inputs) = unbounded_channel();
        let _unseen = HiddenInput::begin();
        let is_over = Arc::new(AtomicBool::new(false));
        let listener = Listener { is_over: is_over.clone(), has_device_key, tell };
        // Where the system has no thread to give, the browser is waited for all the same.
        Builder::new().name("keyboard".into()).spawn(move || listener.run()).ok()?;
        Some((Self { is_over, _unseen }, inputs))
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

struct Listener {
    is_over: Arc<AtomicBool>,
    has_device_key: bool,
    tell: UnboundedSender<Input>,
}

impl Listener {
    /// Until it is over, or the terminal is gone.
    fn run(self) {
        let mut entry = Entry::new(self.has_device_key);
        let mut is_burst = false;
        while !self.is_over.load(Ordering::Relaxed) {
            let found = match look(if is_burst { PAUSE } else { TICK }) {
                // What comes now is for whoever asks next.
                Ok(Found::Something) if self.is_over.load(Ordering::Relaxed) => return,
                Ok(Found::Something) if !is_foreground_job(io::stdin()) => {
                    sleep(TICK);
                    continue;
                }
                Ok(Found::Something) => take(&mut entry),
                other => other,
            };
            is_burst = match found {
                Ok(Found::Something) => true,
                Ok(Found::Nothing) => self.pause(&mut entry),
                Err(_) => break,
            };
            show_typed(entry.len());
        }
        show_typed(0);
    }

    /// Hands over what is complete. There is no burst any more.
    fn pause(&self, entry: &mut Entry) -> bool {
        if let Some(input) = entry.pause() {
            // Nobody wants it any more when the sign-in is over.
            let _ = self.tell.send(input);
        }
        reapply();
        false
    }
}

enum Found {
    Something,
    Nothing,
}

/// Waits until there is something to read, and no longer than this.
fn look(limit: Duration) -> Result<Found, Errno> {
    let stdin = io::stdin();
    let mut terminal = [PollFd::new(&stdin, PollFlags::IN)];
    let limit = Timespec { tv_sec: 0, tv_nsec: i64::from(limit.subsec_nanos()) };
    match poll(&mut terminal, Some(&limit)) {
        Ok(0) | Err(Errno::INTR) => Ok(Found::Nothing),
        Ok(_) => Ok(Found::Something),
        Err(error) => Err(error),
    }
}

/// Reads past the buffer of the standard library, which would keep what is a secret.
fn take(entry: &mut Entry) -> Result<Found, Errno> {
    let mut bytes = [0; 1024];
    let outcome = match read(io::stdin(), &mut bytes) {
        // A terminal that is gone has an end.
        Ok(0) => Err(Errno::IO),
        Ok(count) => {
            entry.take(&bytes[..count]);
            Ok(Found::Something)
        }
        Err(Errno::INTR) => Ok(Found::Nothing),
        Err(error) => Err(error),
    };
    bytes.zeroize();
    outcome
}
