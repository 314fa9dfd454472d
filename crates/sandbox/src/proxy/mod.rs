//! A forward proxy between a client and a server, with faults.

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
