use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::TcpStream;

use super::connection::{Client, State, drain, end};

/// What becomes of what a tunnel carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// It gets through.
    #[default]
    Open,
    /// Both connections end once so many bytes have reached the client.
    Cut {
        /// How many.
        after: u64,
    },
    /// The client's connection is reset once so many bytes have reached it.
    Reset {
        /// How many.
        after: u64,
    },
    /// Nothing moves any more once so many bytes have reached the client, and nothing ends.
    Stall {
        /// How many.
        after: u64,
    },
    /// The client gets small pieces, and waits for each of them.
    Slow {
        /// How many bytes a piece has at most.
        piece: usize,
        /// How long each is waited for.
        delay: Duration,
    },
}

impl Link {
    fn pace(self) -> Pace {
        match self {
            Self::Open => Pace::FULL,
            Self::Cut { after } | Self::Reset { after } | Self::Stall { after } => {
                Pace { limit: after, ..Pace::FULL }
            }
            // A piece of no bytes would look like the end.
            Self::Slow { piece, delay } => Pace { piece: piece.max(1), delay, ..Pace::FULL },
        }
    }
}

/// How one direction of a tunnel moves.
struct Pace {
    piece: usize,
    delay: Duration,
    limit: u64,
}

impl Pace {
    const FULL: Self = Self { piece: 16 * 1024, delay: Duration::ZERO, limit: u64::MAX };
}

/// Why a direction does not go on.
enum Stopped {
    AtItsLimit,
    ByFailure(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::ByFailure(error)
    }
}

/// Carries both ways until both ends have ended, or until the link fails.
pub(super) async fn carry(
    client: &mut Client,
    mut server: TcpStream,
    state: &State,
) -> io::Result<()> {
    let link = state.scenario.link;
    let (client_reads, client_writes) = split(&mut *client);
    let (server_reads, server_writes) = server.split();
    let up = pump(client_reads, server_writes, Pace::FULL, &state.bytes_up);
    let down = pump(server_reads, client_writes, link.pace(), &state.bytes_down);
    match tokio::try_join!(up, down) {
        Ok(_) => return Ok(()),
        Err(Stopped::ByFailure(error)) => return Err(error),
        Err(Stopped::AtItsLimit) => {}
    }
    match link {
        Link::Stall { .. } => drain(client, &state.bytes_up).await,
        // A socket that lingers for no time is reset when it closes.
        Link::Reset { .. } => client.get_ref().set_zero_linger(),
        Link::Open | Link::Cut { .. } | Link::Slow { .. } => {
            drop(server);
            end(client, &state.bytes_up).await
        }
    }
}

/// Carries one way. The end of one side is passed on to the other.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    pace: Pace,
    carried: &AtomicU64,
) -> Result<(), Stopped> {
    let mut buffer = vec![0; pace.piece];
    let mut left = pace.limit;
    while left > 0 {
        let room = usize::try_from(left).map_or(pace.piece, |left| left.min(pace.piece));
        let count = from.read(&mut buffer[..room]).await?;
        if count == 0 {
            return Ok(to.shutdown().await?);
        }
        if !pace.delay.is_zero() {
            tokio::time::sleep(pace.delay).await;
        }
        // Counted first: whoever has read them finds them counted.
        carried.fetch_add(count as u64, Ordering::Relaxed);
        to.write_all(&buffer[..count]).await?;
        left -= count as u64;
    }
    Err(Stopped::AtItsLimit)
}
