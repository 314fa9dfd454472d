use std::io;

// How many columns a terminal gives to a text.
pub(crate) use dialoguer::console::measure_text_width as width;

/// The columns of standard error; `None` where it is no terminal, or does not know.
pub(crate) fn columns() -> Option<usize> {
    columns_and_rows().map(|(columns, _)| columns)
}

pub(crate) fn columns_and_rows() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stderr())?;
    Some((width.0.into(), height.0.into()))
}
