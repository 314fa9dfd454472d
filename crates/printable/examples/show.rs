//! Shows what somebody else wrote, and only that.

fn main() {
    // A server that would like to clear the screen, and to look like another one.
    let title = "Acme\u{1b}[2J \u{202e}cnI\nPress any key";
    assert_eq!(printable::one_line(title), "Acme[2J cnI Press any key");
    assert_eq!(printable::excerpt("A title without an end", 10), "A title w…");
}
