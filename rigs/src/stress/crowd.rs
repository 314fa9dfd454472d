//! A thousand clients who take their time: some say nothing, some send a byte every other second,
//! and some never read what they are told. Whoever is sent away comes back after a moment.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The clients, in a thread of their own. They go when this is dropped.
pub(super) struct Crowd {
    clients: usize,
    siege: watch::Sender<Option<Siege>>,
    longest: Arc<AtomicU64>,
}

/// Which server they are at, and how many of them have been let in there.
#[derive(Clone)]
struct Siege {
    address: SocketAddr,
    standing: Arc<AtomicUsize>,
}

impl Crowd {
    pub(super) fn gather(clients: usize) -> io::Result<Self> {
        let (siege, orders) = watch::channel(None);
        let longest = Arc::new(AtomicU64::new(0));
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let kept = longest.clone();
        thread::Builder::new().name("crowd".to_owned()).spawn(move || {
            runtime.block_on(async {
                for number in 0..clients {
                    tokio::spawn(client(Habit::for_client(number), orders.clone(), kept.clone()));
                }
                // The sender goes with the crowd.
                let mut orders = orders;
                while orders.changed().await.is_ok() {}
            });
        })?;
        Ok(Self { clients, siege, longest })
    }

    /// Sends all of them to a server, and returns when each has been let in there.
    pub(super) fn besiege(&self, address: SocketAddr) -> Result<(), Box<dyn Error>> {
        let standing = Arc::new(AtomicUsize::new(0));
        self.siege.send_replace(Some(Siege { address, standing: standing.clone() }));
        let begun = Instant::now();
        while standing.load(Ordering::Relaxed) < self.clients {
            if begun.elapsed() > Duration::from_secs(30) {
                let stood = standing.load(Ordering::Relaxed);
                return Err(format!("only {stood} slow clients got to the server").into());
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Calls all of them back.
    pub(super) fn leave(&self) {
        self.siege.send_replace(None);
    }

    /// The longest that one of those who say too little was put up with.
    pub(super) fn longest(&self) -> Duration {
        Duration::from_micros(self.longest.load(Ordering::Relaxed))
    }
}

/// How a client is slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// Sends its header a byte at a time.
    Drips,
    /// Opens a connection, as browsers do ahead of need, and leaves it at that.
    SaysNothing,
    /// Asks, and does not read the answer.
    NeverReads,
}

impl Habit {
    /// Six of ten drip, and two each do the rest.
    fn for_client(number: usize) -> Self {
        match number % 10 {
            0..=5 => Self::Drips,
            6 | 7 => Self::SaysNothing,
            _ => Self::NeverReads,
        }
    }

    fn first_words(self, port: u16) -> String {
        match self {
            Self::Drips => format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\nX-Slow: "),
            Self::SaysNothing => String::new(),
            Self::NeverReads => format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n"),
        }
    }
}

/// How long a client that was sent away stays away: of a thousand, half are outside at any time, so
/// about a thousand come a second.
const REST: Duration = Duration::from_millis(500);
/// Between two bytes.
const DRIP: Duration = Duration::from_secs(2);

async fn client(habit: Habit, mut orders: watch::Receiver<Option<Siege>>, longest: Arc<AtomicU64>) {
    loop {
        let Ok(siege) = orders.wait_for(Option::is_some).await.map(|siege| siege.clone()) else {
            return;
        };
        let stay = async {
            let mut been_in = false;
            while let Some(siege) = &siege {
                // Being sent away is what is expected.
                let _ = stand(habit, siege, &mut been_in, &longest).await;
                sleep(REST).await;
            }
        };
        tokio::select! {
            () = stay => {}
            changed = orders.changed() => if changed.is_err() { return },
        }
    }
}

/// Connects, and holds the connection for as long as the server lets it.
async fn stand(
    habit: Habit,
    siege: &Siege,
    been_in: &mut bool,
    longest: &AtomicU64,
) -> io::Result<()> {
    let mut stream = TcpStream::connect(siege.address).await?;
    let begun = Instant::now();
    stream.write_all(habit.first_words(siege.address.port()).as_bytes()).await?;
    if !std::mem::replace(been_in, true) {
        siege.standing.fetch_add(1, Ordering::Relaxed);
    }
    if habit == Habit::NeverReads {
        // Such a client does not notice that it was sent away.
        sleep(DRIP).await;
        return Ok(());
    }
    let outcome = hold(&mut stream, habit).await;
    let held = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    longest.fetch_max(held, Ordering::Relaxed);
    outcome
}

async fn hold(stream: &mut TcpStream, habit: Habit) -> io::Result<()> {
    let mut sink = [0; 512];
    loop {
        match timeout(DRIP, stream.read(&mut sink)).await {
            Ok(Ok(1..)) => {}
            Ok(closed) => return closed.map(drop),
            Err(_) if habit == Habit::Drips => stream.write_all(b"x").await?,
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_habit_is_in_the_crowd() {
        let count = |habit| (0..1000).filter(|number| Habit::for_client(*number) == habit).count();
        assert_eq!(count(Habit::Drips), 600);
        assert_eq!(count(Habit::SaysNothing), 200);
        assert_eq!(count(Habit::NeverReads), 200);
    }
}
