//! Only the dependencies of this program matter; see `../../user_program.rs`.

fn main() {}
