/// What the person's terminal can do, on standard error. The caller finds it out, since most of it is
/// in environment variables; the default is a terminal that can do nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// It shows colours, and the person wants them.
    pub colors: bool,
    /// It can move its cursor. One that cannot, such as `TERM=dumb` in an editor, prints one line after
    /// another, and its user is never prompted.
    pub cursor: bool,
    /// It makes a link of a URL
    /// ([OSC 8](https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda)).
    pub hyperlinks: bool,
    /// It takes UTF-8.
    pub utf8: bool,
    /// Its font has more than letters, such as the dots of Braille.
    pub symbols: bool,
}
