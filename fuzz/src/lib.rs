//! Second opinions that several targets ask: other readings of JSON, of the platform's lists, and of what
//! a terminal shows; and a server for the targets that send requests.

pub mod ascii;
pub mod json;
pub mod platform;
pub mod screen;
pub mod server;
