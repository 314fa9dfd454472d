use crate::{hidden_input, select, status_line};

/// Gives the terminal back as it was: leaves the alternate screen, shows again what is typed, and
/// erases the status line for good.
///
/// For a panic hook that ends the process, since that drops no guard. It never blocks.
pub fn restore() {
    select::leave_alternate_screen();
    hidden_input::restore();
    status_line::erase_for_good();
}
