//! Standard input without the buffer of the standard library, which would keep a copy of secrets.

use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::thread::Builder;

use zeroize::Zeroizing;

/// The maximum input in bytes. Readers return one byte more, so that the caller can refuse a longer input.
pub const MAX_INPUT: usize = 16 * 1024;

/// Reads standard input to its end, or its beginning if it is too long.
///
/// # Errors
///
/// The error of the system.
pub fn read_all() -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_INPUT + 1));
    unbuffered()?.take(MAX_INPUT as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads lines on a thread, from a program that controls this one. Each line includes its line break. A line that is
/// too long is cut.
///
/// It ends with standard input, or when `on_line` breaks. Without a thread, there are no lines.
pub fn read_lines(on_line: impl Fn(Zeroizing<Vec<u8>>) -> ControlFlow<()> + Send + 'static) {
    let lines = move || each_line(&mut unbuffered()?, on_line);
    let _ = Builder::new().name("lines".into()).spawn(lines);
}

pub(crate) fn each_line(
    input: &mut impl Read,
    on_line: impl Fn(Zeroizing<Vec<u8>>) -> ControlFlow<()>,
) -> io::Result<()> {
    loop {
        let line = next_line(input)?;
        let is_whole = line.ends_with(b"\n");
        // The beginning of a long line is passed on before its end, which may take long.
        if line.is_empty() || on_line(line).is_break() || !(is_whole || skip_line(input)) {
            return Ok(());
        }
    }
}

/// The next line; empty at the end. Byte by byte, because a buffer would keep a copy of secrets.
fn next_line(input: &mut impl Read) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(MAX_INPUT + 1));
    let mut byte = [0];
    while line.len() <= MAX_INPUT && !line.ends_with(b"\n") && input.read(&mut byte)? == 1 {
        line.push(byte[0]);
    }
    Ok(line)
}

/// Skips to the end of a long line. False if it has no end, like `/dev/zero`.
fn skip_line(input: &mut impl Read) -> bool {
    const MAX_SKIPPED: u64 = 1024 * 1024;
    let mut rest = input.take(MAX_SKIPPED);
    let mut byte = [0];
    while matches!(rest.read(&mut byte), Ok(1)) {
        if byte == *b"\n" {
            return true;
        }
    }
    false
}

/// Standard input without the buffer of the standard library.
#[cfg(unix)]
pub(crate) fn unbuffered() -> io::Result<File> {
    use std::os::fd::AsFd as _;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

/// Standard input without the buffer of the standard library.
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
    fn line_includes_its_line_break() {
        assert_lines(b"", &[]);
        assert_lines(b"a\n\nb", &[b"a\n", b"\n", b"b"]);
    }

    #[test]
    fn long_line_is_cut_and_its_rest_is_skipped() {
        let mut text = vec![b'x'; 2 * MAX_INPUT];
        text.extend_from_slice(b"\nnext\n");
        let mut input = text.as_slice();
        assert_eq!(next_line(&mut input).unwrap().len(), MAX_INPUT + 1);
        assert!(skip_line(&mut input));
        assert_eq!(next_line(&mut input).unwrap().as_slice(), b"next\n");
        assert!(!skip_line(&mut std::io::repeat(0)));
    }
}
