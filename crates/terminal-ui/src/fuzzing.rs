//! The entry point of a fuzz target in `fuzz/`. Only builds with `--cfg fuzzing` have it.

use std::cell::RefCell;
use std::ops::ControlFlow;

use crate::stdin::each_line;

/// The lines that [`read_lines`](crate::read_lines) finds in this input.
#[must_use]
pub fn lines(mut input: &[u8]) -> Vec<Vec<u8>> {
    let lines = RefCell::new(Vec::new());
    let _ = each_line(&mut input, |line| {
        lines.borrow_mut().push(line.to_vec());
        ControlFlow::Continue(())
    });
    lines.into_inner()
}
