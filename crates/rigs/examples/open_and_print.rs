//! The least that `login-cli token` could do: read a file, and print what is in it. The benchmark
//! compares the two.

use std::env::args_os;
use std::fs::read;
use std::io::{Error, Write as _, stdout};

fn main() -> Result<(), Error> {
    let path = args_os().nth(1).ok_or_else(|| Error::other("which file?"))?;
    stdout().lock().write_all(&read(path)?)
}
