//! Endless responses use bounded memory, and end at a size limit or a timeout.

use std::time::Duration;

use http_client::Error;

use crate::support::http2::{
    END_HEADERS, FIRST, LAST_INDEXED, STATUS_200, body, data, frame, goaway, head, header, headers,
    indexed_header, kind, more, open,
};
use crate::support::{DEADLINE, Server, assert_memory_growth, assert_valid, ok, send_within};

/// Long enough to detect growing memory.
const SHORT: Duration = Duration::from_millis(400);

/// How a flood may end.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// At a limit of the HTTP library.
    Refused,
    /// At the limit of the body.
    Cap,
    Deadline,
}

use End::{Cap, Deadline, Refused};

impl End {
    fn from_error(error: &Error) -> Self {
        match error {
            Error::CutOff { .. } => Refused,
            Error::TooLarge { limit: 65_536, .. } => Cap,
            Error::Timeout { .. } => Deadline,
            other => panic!("{other:?}"),
        }
    }
}

/// The first requests allocate memory that is not measured.
async fn warm_up() {
    assert_valid(Server::responding(ok("r1")), "HTTP/1.1").await;
    assert_valid(Server::http2([head(), body()].concat()), "HTTP/2").await;
}

/// A name, the allowed ends, and the server.
type Flood = (&'static str, &'static [End], Server);

async fn end(floods: &[Flood]) {
    for (what, ends, server) in floods {
        let deadline = if ends.contains(&Deadline) { SHORT } else { DEADLINE };
        let error = send_within(deadline, server).await.expect_err(what);
        assert!(ends.contains(&End::from_error(&error)), "{what}: {error:?}");
    }
}

/// In KiB: more than any flood leaves, and far less than any flood sends.
const MOST: u64 = 4 * 1024;

const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

// threats 89
#[test]
fn http_1_heads_use_bounded_memory() {
    assert_memory_growth(MOST, "floods::http_1_heads_use_bounded_memory", warm_up, async || {
        end(&[
            ("a reason", &[Refused], Server::flooding("HTTP/1.1 200 ", "x")),
            ("the name of a header", &[Refused], Server::flooding(OK, "x")),
            ("the value of a header", &[Refused], Server::flooding(format!("{OK}X: "), "x")),
            ("headers", &[Refused], Server::flooding(OK, "X: y\r\n")),
            ("empty lines", &[Refused, Deadline], Server::flooding("", "\r\n")),
        ])
        .await;
    });
}

/// Each is a complete head that is skipped.
// threats 89
#[test]
fn http_1_informational_responses_use_bounded_memory() {
    let name = "floods::http_1_informational_responses_use_bounded_memory";
    assert_memory_growth(MOST, name, warm_up, async || {
        let hints = format!("HTTP/1.1 103 Early Hints\r\nLink: {}\r\n\r\n", "x".repeat(16_000));
        end(&[("103", &[Deadline], Server::flooding("", hints))]).await;
    });
}

// threats 74
#[test]
fn http_1_bodies_use_bounded_memory() {
    let endless = format!("{OK}Content-Length: 9223372036854775808\r\n\r\n");
    assert_memory_growth(MOST, "floods::http_1_bodies_use_bounded_memory", warm_up, async || {
        end(&[
            ("no length", &[Cap], Server::flooding(format!("{OK}\r\n"), "x")),
            ("a length of 8 EiB", &[Cap], Server::flooding(endless.as_str(), "x")),
            ("one chunk", &[Cap], Server::flooding(format!("{CHUNKED}7fffffffffffffff\r\n"), "x")),
            ("chunks of a byte", &[Cap], Server::flooding(CHUNKED, "1\r\nx\r\n")),
            ("an extension", &[Refused], Server::flooding(format!("{CHUNKED}1;"), "x")),
            ("extensions", &[Refused], Server::flooding(CHUNKED, "1;name=value\r\nx\r\n")),
            ("a trailer", &[Refused], Server::flooding(format!("{CHUNKED}0\r\nX: "), "x")),
            ("trailers", &[Refused], Server::flooding(format!("{CHUNKED}0\r\n"), "X: y\r\n")),
        ])
        .await;
    });
}

/// The same for HTTP/2, where the windows buffer data.
const MOST_OF_HTTP_2: u64 = 24 * 1024;

/// The table of the connection holds 4 KiB, which a frame can name thousands of times.
fn bomb() -> Vec<u8> {
    headers(&[&[STATUS_200], &indexed_header("x", &"x".repeat(4000)), &[LAST_INDEXED; 12_000]])
}

// threats 89 91
#[test]
fn http_2_heads_use_bounded_memory() {
    assert_memory_growth(
        MOST_OF_HTTP_2,
        "floods::http_2_heads_use_bounded_memory",
        warm_up,
        async || {
            let begun = || open(&[STATUS_200]);
            let endless = open(&[STATUS_200, 0, 1, b'x', 0x7f, 0xff, 0xff, 0xff, 0x7f]);
            let large = more(0, &header("x", &"x".repeat(16_000)));
            let whole = [begun(), large.repeat(4), more(END_HEADERS, &[])].concat();
            end(&[
                ("a bomb", &[Refused], Server::http2_flooding(bomb(), bomb())),
                ("empty frames", &[Refused], Server::http2_flooding(begun(), more(0, &[]))),
                (
                    "headers",
                    &[Refused],
                    Server::http2_flooding(begun(), more(0, &header("x", "y"))),
                ),
                ("large ones", &[Refused], Server::http2_flooding(begun(), large)),
                ("a whole head of 64 KiB", &[Refused], Server::http2_flooding(whole, body())),
                (
                    "one value",
                    &[Refused],
                    Server::http2_flooding(endless, more(0, &[b'x'; 16_000])),
                ),
            ])
            .await;
        },
    );
}

// threats 89 91
#[test]
fn http_2_informational_responses_use_bounded_memory() {
    let name = "floods::http_2_informational_responses_use_bounded_memory";
    assert_memory_growth(MOST_OF_HTTP_2, name, warm_up, async || {
        let first = headers(&[b"\x48\x03103", &indexed_header("link", &"x".repeat(100))]);
        // Of the two that the table has now, the status is the older one.
        let again = headers(&[&[LAST_INDEXED + 1, LAST_INDEXED]]);
        end(&[("103", &[Deadline], Server::http2_flooding(first, again))]).await;
    });
}

// threats 74 91
#[test]
fn http_2_bodies_use_bounded_memory() {
    assert_memory_growth(
        MOST_OF_HTTP_2,
        "floods::http_2_bodies_use_bounded_memory",
        warm_up,
        async || {
            let large = data(0, &"x".repeat(16_384));
            end(&[
                // A server that heeds no window is refused where the window is smaller than the cap.
                ("large frames", &[Cap, Refused], Server::http2_flooding(head(), large)),
                ("of a byte", &[Cap, Refused], Server::http2_flooding(head(), data(0, "x"))),
                ("empty", &[Refused], Server::http2_flooding(head(), data(0, ""))),
            ])
            .await;
        },
    );
}

/// Each may arrive at any time, and some require a reply.
// threats 91
#[test]
fn http_2_control_frames_use_bounded_memory() {
    let name = "floods::http_2_control_frames_use_bounded_memory";
    assert_memory_growth(MOST_OF_HTTP_2, name, warm_up, async || {
        let window = frame(kind::WINDOW_UPDATE, 0, 0, [0, 0, 0, 1]);
        let tables = [0, 1, 0, 0, 0x10, 0, 0, 3, 0, 0, 0, 1];
        let any: &[End] = &[Deadline, Refused];
        for (what, ends, rest) in [
            ("PING", &[Deadline][..], frame(kind::PING, 0, 0, "01234567")),
            ("SETTINGS", &[Deadline], frame(kind::SETTINGS, 0, 0, "")),
            ("SETTINGS of tables", &[Deadline], frame(kind::SETTINGS, 0, 0, tables)),
            ("PRIORITY", &[Deadline], frame(kind::PRIORITY, 0, FIRST, [0, 0, 0, 0, 9])),
            ("another kind", &[Deadline], frame(0xfe, 0xff, 0, "of another kind")),
            ("WINDOW_UPDATE", any, window),
            ("RST_STREAM", any, frame(kind::RST_STREAM, 0, 3, [0, 0, 0, 8])),
            ("GOAWAY", any, goaway(0x7fff_ffff, 0)),
        ] {
            end(&[(what, ends, Server::http2_flooding("", rest))]).await;
        }
    });
}
