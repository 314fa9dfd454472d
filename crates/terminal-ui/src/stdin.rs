//! Standard input without the buffer of the standard library, which would keep what is a secret.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::thread::Builder;

use zeroize::Zeroizing;

/// The longest input in bytes. One more is kept, so that a longer input is known to be too long.
pub const MAX_INPUT: usize = 16 * 1024;

/// Standard input to its end, or the beginning of it if it is too long.
///
/// # Errors
///
/// What the system says.
pub fn read_all() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_INPUT + 1));
    unbuffered()?.take(MAX_INPUT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads lines on a thread, for a program that writes what its user does. Each comes with its line
/// break; of one that is too long, only the beginning comes.
///
/// It ends with standard input, or when `on_line` breaks. If the system has no thread to give, no line
/// comes.
pub fn read_lines(on_line: impl Fn(Zeroizing<Vec<u8>>) -> ControlFlow<()> + Send + 'static) {
    let _ = Builder::new().name("lines".into()).spawn(move || each_line(on_line));
}

fn each_line(on_line: impl Fn(Zeroizing<Vec<u8>>) -> ControlFlow<()>) -> io::Result<()> {
    let mut stdin = unbuffered()?;
    loop {
        let line = next_line(&mut stdin)?;
        let is_whole = line.ends_with(b"\n");
        // A line that is too long is handed over before its end, which may take long to come.
        if line.is_empty() || on_line(line).is_break() || !(is_whole || skip_line(&mut stdin)) {
            return Ok(());
        }
    }
}

/// The next line; empty at the end. Byte by byte, because a buffer would keep what is a secret.
fn next_line(input: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_INPUT + 1));
    let mut byte = [0];
    while line.len() <= MAX_INPUT && !line.ends_with(b"\n") && input.read(&mut byte)? == 1 {
        line.push(byte[0]);
    }
    Ok(line)
}

/// Reads on to the end of a line that is too long, and says whether it has one: `/dev/zero` has none.
fn skip_line(input: &mut impl Read) -> bool {
    const MOST: u64 = 1024 * 1024;
    let mut rest = input.take(MOST);
    let mut byte = [0];
    while matches!(rest.read(&mut byte), Ok(1)) {
        if byte == *b"\n" {
            return true;
        }
    }
    false
}

/// Standard input past the buffer of the standard library.
#[cfg(unix)]
pub(crate) fn unbuffered() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Standard input past the buffer of the standard library.
#[cfg(windows)]
pub(crate) fn unbuffered() -> io::Result<File> {
    use std::os::windows::io::AsHandle as _;
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_lines(mut input: &[u8], expected: &[&[u8]]) {
        for line in expected {
            assert_eq!(next_line(&mut input).unwrap().as_slice(), *line);
        }
        assert!(next_line(&mut input).unwrap().is_empty());
    }

    #[test]
    fn a_line_comes_with_its_line_break() {
        assert_lines(b"", &[]);
        assert_lines(b"a\n\nb", &[b"a\n", b"\n", b"b"]);
    }

    #[test]
    fn a_long_line_is_cut_and_its_rest_skipped() {
        let mut text = vec![b'x'; 2 * MAX_INPUT];
        text.extend_from_slice(b"\nnext\n");
        let mut input = text.as_slice();
        assert_eq!(next_line(&mut input).unwrap().len(), MAX_INPUT + 1);
        assert!(skip_line(&mut input));
        assert_eq!(next_line(&mut input).unwrap().as_slice(), b"next\n");
        assert!(!skip_line(&mut std::io::repeat(0)));
    }
}
