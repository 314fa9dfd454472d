//! HTTP/2 (RFC 9113), selected by ALPN, with raw frames.

mod broken;
mod endings;
mod forms;
mod negotiation;
