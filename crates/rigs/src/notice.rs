use std::io::{self, Write as _};

/// Says on standard error what takes a moment.
pub fn progress(text: &str) {
    let dots = if text.is_empty() { "" } else { " …" };
    // A closed standard error does not stop a measurement.
    let _ = writeln!(io::stderr(), "{text}{dots}");
}

/// Reports a check that this machine cannot run; `.ci/run` counts these lines.
pub fn skipped(what: &str) {
    let _ = io::stderr().write_all(format!("not tested on this machine: {what}\n").as_bytes());
}
