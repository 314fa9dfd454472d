//! HTTP/2, which a server picks by ALPN (RFC 9113), from frames that no library would write.

mod broken;
mod endings;
mod forms;
mod negotiation;
