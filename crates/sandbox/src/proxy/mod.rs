//! A forward proxy between a client and a server, with faults.

mod http;
mod request;
mod scenario;
mod server;
mod socks5;

pub use request::ProxyRequest;
pub use scenario::{ProxyConduct, ProxyKind, ProxyLogin, ProxyScenario};
pub use server::Proxy;
