use std::num::NonZeroU16;

use vt100::Parser;

/// The screen of a terminal emulator.
pub(crate) struct Screen {
    terminal: Parser,
    /// A second emulator that never scrolls or wraps.
    paper: Parser,
}

/// The style of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CellStyle {
    pub(crate) color: vt100::Color,
    pub(crate) background: vt100::Color,
    pub(crate) bold: bool,
    pub(crate) underlined: bool,
}

impl CellStyle {
    pub(crate) const PLAIN: Self = Self {
        color: vt100::Color::Default,
        background: vt100::Color::Default,
        bold: false,
        underlined: false,
    };

    fn from_cell(cell: &vt100::Cell) -> Self {
        let (color, background) = (cell.fgcolor(), cell.bgcolor());
        Self { color, background, bold: cell.bold(), underlined: cell.underline() }
    }

    /// For example `bold green`; empty for the default style.
    fn name(self) -> String {
        const COLORS: [&str; 8] =
            ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"];
        let color = match self.color {
            vt100::Color::Default => String::new(),
            vt100::Color::Idx(place) if place < 8 => COLORS[usize::from(place)].to_owned(),
            other => format!("{other:?}"),
        };
        let bold = if self.bold { "bold" } else { "" };
        let underlined = if self.underlined { "underlined" } else { "" };
        let words = [bold, underlined, &color];
        words.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// More rows than any test prints.
const PAPER: u16 = 1000;

impl Screen {
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        let of = |rows| Parser::new(size(rows), size(columns), 0);
        Self { terminal: of(rows), paper: of(PAPER) }
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        self.terminal.process(bytes);
        self.paper.process(bytes);
    }

    pub(crate) fn resize(&mut self, columns: u16, rows: u16) {
        // The second emulator keeps its width.
        self.terminal.set_size(size(rows), size(columns));
    }

    /// The rows without trailing blanks and trailing empty rows.
    pub(crate) fn text(&self) -> String {
        let columns = self.terminal.screen().size().1.get();
        let rows = self.terminal.screen().rows(0, columns).map(|row| row.trim_end().to_owned());
        let rows: Vec<String> = rows.collect();
        let text = rows.join("\n");
        text.trim_end_matches('\n').to_owned()
    }

    /// Each row, with `{bold green}` at the start of a style and `{}` at its end.
    pub(crate) fn marked(&self) -> Vec<String> {
        let (rows, columns) = self.terminal.screen().size();
        let row = |row| self.marked_row(row, columns.get());
        (0..rows.get()).map(row).collect()
    }

    fn marked_row(&self, row: u16, columns: u16) -> String {
        let mut text = String::new();
        let mut style = String::new();
        for cell in (0..columns).filter_map(|column| self.terminal.screen().cell(row, column)) {
            let next =
                if cell.has_contents() { CellStyle::from_cell(cell).name() } else { String::new() };
            if next != style {
                text = format!("{text}{{{next}}}");
                style = next;
            }
            text.push_str(if cell.has_contents() { cell.contents() } else { " " });
        }
        text.trim_end().trim_end_matches("{}").to_owned()
    }

    /// All text that was written and not erased, without line breaks of the terminal. It ends with
    /// a line break if the cursor is in the first column.
    pub(crate) fn contents(&self) -> String {
        let paper = self.paper.screen();
        let contents = paper.contents();
        let contents = contents.trim_end_matches('\n');
        let ends = paper.cursor_position().1 == 0 && !contents.is_empty();
        format!("{contents}{}", if ends { "\n" } else { "" })
    }

    /// The style of the first place where a row contains this text.
    pub(crate) fn style_of(&self, text: &str) -> Option<CellStyle> {
        let screen = self.terminal.screen();
        let columns = screen.size().1.get();
        let (row, column) = screen.rows(0, columns).enumerate().find_map(|(row, line)| {
            // All characters before it are one column wide.
            Some((row, line[..line.find(text)?].chars().count()))
        })?;
        self.style_at(u16::try_from(row).unwrap(), u16::try_from(column).unwrap())
    }

    /// The style of a cell, counted from 0.
    pub(crate) fn style_at(&self, row: u16, column: u16) -> Option<CellStyle> {
        self.terminal.screen().cell(row, column).map(CellStyle::from_cell)
    }

    /// Describes a terminal state that was not restored. If the test typed, the last line can be
    /// incomplete.
    pub(crate) fn left_behind(&self, has_typed: bool) -> Option<&'static str> {
        let screen = self.terminal.screen();
        let style = (screen.fgcolor(), screen.bgcolor(), screen.bold(), screen.underline());
        let plain = (vt100::Color::Default, vt100::Color::Default, false, false);
        [
            (screen.hide_cursor(), "the cursor is hidden"),
            (screen.bracketed_paste(), "pastes are marked"),
            (screen.alternate_screen(), "another screen is shown"),
            (style != plain, "a style goes on"),
            (!has_typed && screen.cursor_position().1 != 0, "the last line does not end"),
        ]
        .into_iter()
        .find_map(|(is_so, what)| is_so.then_some(what))
    }
}

fn size(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}
