//! What stands between a client and a server: a forward proxy, and what goes wrong on the way.

mod connection;
mod http;
mod outcome;
mod request;
mod scenario;
mod server;
mod socks5;

pub use request::{NotSeen, ProxyRequest};
pub use scenario::{ProxyConduct, ProxyKind, ProxyLogin, ProxyScenario};
pub use server::Proxy;
