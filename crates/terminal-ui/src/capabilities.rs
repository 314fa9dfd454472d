/// What the terminal on standard error can do. The caller detects it, mostly from environment variables. By default
/// it can do nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It shows colors, and the user wants them.
    pub colors: bool,
    /// It can move its cursor. Without it, as with `TERM=dumb` in an editor, there are no prompts.
    pub cursor: bool,
    /// It supports hyperlinks
    /// ([OSC 8](https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda)).
    pub hyperlinks: bool,
    /// It supports UTF-8.
    pub utf8: bool,
    /// Its font has symbols, such as Braille patterns.
    pub symbols: bool,
}
