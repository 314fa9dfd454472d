use std::fs::File;
use std::io::{self, Read as _};
use std::thread::Builder;

use login::{Input, Inputs};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use zeroize::Zeroizing;

use terminal_ui::unbuffered;

/// The line that asks for a device code; every other one is an address.
const DEVICE: &str = "device";

/// Longer than any address that is taken.
const LONGEST: usize = 16 * 1024;

/// Listens to a program, which writes a line to standard input for what its person does. The end of
/// them is no end of the sign-in.
pub(crate) fn lines() -> Inputs {
    let (tell, inputs) = unbounded_channel();
    // Where the system has no thread to give, the browser is waited for all the same.
    let _ = Builder::new().name("lines".into()).spawn(move || read(&tell));
    inputs
}

fn read(tell: &UnboundedSender<Input>) {
    let Ok(mut stdin) = unbuffered() else { return };
    while let Ok(Some(line)) = next(&mut stdin) {
        let is_whole = line.ends_with('\n');
        if !line.trim().is_empty() && tell.send(input(line)).is_err() {
            return;
        }
        // It was refused by then, however long its end takes to come.
        if !is_whole && !skip_line(&stdin) {
            return;
        }
    }
}

/// The next line, or the beginning of one that is too long. Byte by byte: a buffer would keep what is a
/// secret, and it is one line.
fn next(stdin: &mut File) -> io::Result<Option<Zeroizing<String>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 1));
    let mut byte = [0];
    while line.len() <= LONGEST && stdin.read(&mut byte)? == 1 {
        line.push(byte[0]);
        if byte == *b"\n" {
            break;
        }
    }
    let text = (!line.is_empty()).then(|| String::from_utf8_lossy(&line).into_owned());
    Ok(text.map(Zeroizing::new))
}

/// Reads on to the end of a line that is too long, and says whether it has one: `/dev/zero` has none.
fn skip_line(stdin: &File) -> bool {
    const MOST: u64 = 1024 * 1024;
    let mut rest = stdin.take(MOST);
    let mut byte = [0];
    while matches!(rest.read(&mut byte), Ok(1)) {
        if byte == *b"\n" {
            return true;
        }
    }
    false
}

fn input(line: Zeroizing<String>) -> Input {
    if line.trim() == DEVICE { Input::DeviceCode } else { Input::Address(line) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_an_address_unless_it_asks_for_a_code() {
        let kind = |line: &str| format!("{:?}", input(Zeroizing::new(line.to_owned())));
        assert_eq!(kind("device\n"), "DeviceCode");
        assert_eq!(kind("http://localhost:1455/?device\n"), "Address([redacted])");
    }
}
