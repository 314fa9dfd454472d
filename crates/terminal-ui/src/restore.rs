use crate::{hidden_input, select, status_line};

/// Restores the terminal: leaves the alternate screen, turns the echo on, and erases the status line.
///
/// For a panic hook that ends the process without dropping guards. It never blocks.
pub fn restore() {
    select::leave_alternate_screen();
    hidden_input::restore();
    status_line::erase_finally();
}
