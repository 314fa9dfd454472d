use crate::browser::BrowserFinding;
use crate::clock::ClockFinding;
use crate::localhost::LocalhostFinding;
use crate::network::NetworkFinding;
use crate::ports::PortFinding;
use crate::server::ServerFinding;
use crate::session::SessionFinding;
use crate::status::Status;
use crate::store::StoreFinding;

/// The result of one check.
#[derive(Debug)]
pub struct Check {
    /// What it means for a sign-in.
    pub status: Status,
    /// What was found.
    pub finding: Finding,
}

/// What a check found, by area.
#[derive(Debug)]
pub enum Finding {
    /// The stored sign-in, and its store.
    Store(StoreFinding),
    /// A port of a redirect URI.
    Port(PortFinding),
    /// The addresses of `localhost`.
    Localhost(LocalhostFinding),
    /// Opening the browser.
    Browser(BrowserFinding),
    /// Where the program runs.
    Session(SessionFinding),
    /// The network configuration.
    Network(NetworkFinding),
    /// A step of the connection to a server.
    Server(ServerFinding),
    /// The clock of this machine.
    Clock(ClockFinding),
}

/// The checks of one area.
pub(crate) fn checks<F>(found: Vec<(Status, F)>, finding: fn(F) -> Finding) -> Vec<Check> {
    let check = |(status, found)| Check { status, finding: finding(found) };
    found.into_iter().map(check).collect()
}
