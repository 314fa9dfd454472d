//! Requests at the full speed of one thread, over 256 connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::watch;
use tokio::time::sleep;

/// How many connections it has at once.
const CONNECTIONS: usize = 256;

/// How the flood uses its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// One request each.
    NewConnections,
    /// Asked to be kept, and used for as long as the server keeps them.
    KeepAlive,
}

/// The flood, in a thread of its own. It ends when this is dropped.
pub(super) struct Flood {
    target: watch::Sender<Option<Target>>,
    form: Form,
    answers: Arc<AtomicU64>,
    under_way: Option<(Instant, u64)>,
    flowed: Duration,
    answered: u64,
}

#[derive(Clone, Copy)]
struct Target {
    address: SocketAddr,
    form: Form,
}

impl Flood {
    pub(super) fn gather(form: Form) -> io::Result<Self> {
        let (target, orders) = watch::channel(None);
        let answers = Arc::new(AtomicU64::new(0));
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let counted = answers.clone();
        thread::Builder::new().name("flood".to_owned()).spawn(move || {
            runtime.block_on(async {
                for _ in 0..CONNECTIONS {
                    tokio::spawn(client(orders.clone(), counted.clone()));
                }
                // The sender goes with the flood.
                let mut orders = orders;
                while orders.changed().await.is_ok() {}
            });
        })?;
        let (flowed, answered) = (Duration::ZERO, 0);
        Ok(Self { target, form, answers, under_way: None, flowed, answered })
    }

    pub(super) fn release_on(&mut self, address: SocketAddr) {
        self.under_way = Some((Instant::now(), self.answers.load(Ordering::Relaxed)));
        self.target.send_replace(Some(Target { address, form: self.form }));
    }

    pub(super) fn stop(&mut self) {
        self.target.send_replace(None);
        if let Some((begun, before)) = self.under_way.take() {
            self.flowed += begun.elapsed();
            self.answered += self.answers.load(Ordering::Relaxed) - before;
        }
    }

    /// Answers in a second, while it flowed.
    pub(super) fn rate(&self) -> u64 {
        let millis = self.flowed.as_millis().try_into().unwrap_or(u64::MAX);
        (self.answered * 1000).checked_div(millis).unwrap_or_default()
    }
}

async fn client(mut orders: watch::Receiver<Option<Target>>, answers: Arc<AtomicU64>) {
    loop {
        let Ok(target) = orders.wait_for(Option::is_some).await.map(|target| *target) else {
            return;
        };
        let flow = async {
            while let Some(target) = target {
                if one_connection(target, &answers).await.is_err() {
                    // Sent away, or out of ports: the next one may do better.
                    sleep(Duration::from_millis(1)).await;
                }
            }
        };
        tokio::select! {
            () = flow => {}
            changed = orders.changed() => if changed.is_err() { return },
        }
    }
}

async fn one_connection(target: Target, answers: &AtomicU64) -> io::Result<()> {
    let mut stream = TcpStream::connect(target.address).await?;
    let request = target.request();
    let mut answer = [0; 8192];
    loop {
        stream.write_all(request.as_bytes()).await?;
        if stream.read(&mut answer).await? == 0 {
            return Ok(());
        }
        answers.fetch_add(1, Ordering::Relaxed);
        if target.form == Form::NewConnections {
            while stream.read(&mut answer).await? > 0 {}
            return Ok(());
        }
    }
}

impl Target {
    fn request(self) -> String {
        let port = self.address.port();
        let connection = match self.form {
            Form::NewConnections => "close",
            Form::KeepAlive => "keep-alive",
        };
        format!(
            "GET /auth/callback?code=a&state=b HTTP/1.1\r\nHost: localhost:{port}\r\n\
             Connection: {connection}\r\n\r\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_counts_only_the_time_of_the_flood() {
        let mut flood = Flood::gather(Form::KeepAlive).unwrap();
        assert_eq!(flood.rate(), 0);
        (flood.flowed, flood.answered) = (Duration::from_millis(2500), 10_000);
        assert_eq!(flood.rate(), 4000);
    }
}
