use crate::browser::BrowserFinding;
use crate::clock::ClockFinding;
use crate::localhost::LocalhostFinding;
use crate::network::NetworkFinding;
use crate::ports::PortFinding;
use crate::server::ServerFinding;
use crate::session::SessionFinding;
use crate::status::Status;
use crate::store::StoreFinding;

/// One thing that was looked at.
#[derive(Debug)]
pub struct Check {
    /// What it means for a sign-in.
    pub status: Status,
    /// What was found.
    pub finding: Finding,
}

/// What was found, by what was looked at.
#[derive(Debug)]
pub enum Finding {
    /// The stored sign-in, and its place.
    Store(StoreFinding),
    /// A port that the browser comes back to.
    Port(PortFinding),
    /// The addresses of `localhost`.
    Localhost(LocalhostFinding),
    /// What opens the browser.
    Browser(BrowserFinding),
    /// Where this program runs.
    Session(SessionFinding),
    /// What the person has configured for the network.
    Network(NetworkFinding),
    /// A step on the way to a server.
    Server(ServerFinding),
    /// The clock of this machine.
    Clock(ClockFinding),
}

/// The checks of one area.
pub(crate) fn checks<F>(found: Vec<(Status, F)>, finding: fn(F) -> Finding) -> Vec<Check> {
    let check = |(status, found)| Check { status, finding: finding(found) };
    found.into_iter().map(check).collect()
}
