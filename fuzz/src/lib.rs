//! Second opinions that several targets ask: other readings of JSON, of the platform's lists, and of what
//! a terminal shows.

pub mod ascii;
pub mod json;
pub mod platform;
pub mod screen;
