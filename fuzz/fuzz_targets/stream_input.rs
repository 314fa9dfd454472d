//! The standard input of a sign-in with `--json=stream`: lines that a program writes, compared with a second
//! division into lines. The first two bytes `0xff` stand for 16 KiB each, so that a short input has lines beyond the
//! limit.

#![no_main]

#[path = "../../crates/cli/src/user_input.rs"]
#[expect(dead_code, reason = "the keyboard is not fuzzed")]
mod user_input;

use libfuzzer_sys::fuzz_target;
use login::UserInput;
use terminal_ui::MAX_INPUT;
use user_input::from_line;

fuzz_target!(|input: &[u8]| {
    let mut long = 0..2;
    let mut repeat = |byte: u8| if byte == 0xff && long.next().is_some() { MAX_INPUT } else { 1 };
    let input = input.iter().take(256).flat_map(|byte| vec![*byte; repeat(*byte)]);
    let input: Vec<u8> = input.collect();
    let lines = terminal_ui::fuzzing::lines(&input);
    assert_eq!(lines, expected(&input));
    lines.iter().for_each(|line| check(line));
});

/// The beginning of each line.
fn expected(input: &[u8]) -> Vec<Vec<u8>> {
    let lines = input.split_inclusive(|byte| *byte == b'\n');
    lines.map(|line| line[..line.len().min(MAX_INPUT + 1)].to_vec()).collect()
}

/// A line is empty, asks for a device code, or is a URL exactly as it was written.
fn check(line: &[u8]) {
    let text = String::from_utf8_lossy(line);
    match from_line(line) {
        None => assert_eq!(text.trim(), ""),
        Some(UserInput::DeviceCode) => assert_eq!(text.trim(), "device"),
        Some(UserInput::CallbackUrl(url)) => {
            assert_eq!(*url, *text);
            assert!(!matches!(text.trim(), "" | "device"));
        }
        Some(other) => panic!("{other:?}"),
    }
}
