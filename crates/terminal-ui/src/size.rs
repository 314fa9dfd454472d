use std::io;

// The columns that a text takes on a terminal.
pub(crate) use dialoguer::console::measure_text_width as width;

/// The width of standard error; `None` if it is not a terminal, or does not report its size.
pub(crate) fn columns() -> Option<usize> {
    columns_and_rows().map(|(columns, _)| columns)
}

pub(crate) fn columns_and_rows() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stderr())?;
    Some((width.0.into(), height.0.into()))
}
