//! Invalid frames on an open connection.

use crate::support::http2::{
    ACK, END_HEADERS, END_STREAM, FIRST, PADDED, STATUS_200, body, data, frame, head, header,
    headers, kind, more, open,
};
use crate::support::{Server, assert_cut_off, ok};

async fn refused<const N: usize>(cases: [(&str, Vec<u8>); N]) {
    for (what, frames) in cases {
        assert_cut_off(Server::http2(frames), what).await;
    }
}

/// A valid response with an additional header.
fn with(name: &str, value: &str) -> Vec<u8> {
    [headers(&[&[STATUS_200], &header(name, value)]), body()].concat()
}

// threats 91
#[tokio::test]
async fn invalid_frame_is_refused() {
    let huge = [0xff, 0xff, 0xff, kind::DATA, 0, 0, 0, 0, 1];
    refused([
        ("HTTP/1.1", ok("r1").into_bytes()),
        ("text", b"this is no frame at all, and it goes on for a while".to_vec()),
        ("16 MiB", [&huge[..], &[0; 64]].concat()),
        ("16 KiB and a byte", [head(), data(0, &"x".repeat(16_385))].concat()),
    ])
    .await;
    assert_cut_off(Server::http2_closing(&head()[..5]), "half a frame").await;
    assert_cut_off(Server::http2_closing(open(&[STATUS_200])), "half a head").await;
    assert_cut_off(Server::http2_closing([head(), data(0, "{\"ok\":")].concat()), "half a body")
        .await;
}

// threats 91
#[tokio::test]
async fn invalid_head_is_refused() {
    let another = header("x-a", "b");
    refused([
        ("no status", headers(&[&another])),
        ("two statuses", headers(&[&[STATUS_200, STATUS_200]])),
        ("the status at the end", headers(&[&another, &[STATUS_200]])),
        ("a status of letters", headers(&[b"\x08\x03abc"])),
        ("a name in capitals", with("X-Request-Id", "r1")),
        ("a name with a space", with("x a", "b")),
        ("a header of HTTP/1.1", with("transfer-encoding", "chunked")),
        ("a value with a line end", with("x-a", "b\r\nc: d")),
        ("a value with a NUL", with("x-a", "b\0")),
        ("no such header in the table", headers(&[&[STATUS_200, 0xff, 0xff, 0xff, 0x7f]])),
        ("an integer without an end", headers(&[&[0xff; 64]])),
    ])
    .await;
}

// threats 74 91
#[tokio::test]
async fn body_with_a_wrong_length_is_refused() {
    refused([
        ("shorter", with("content-length", "500")),
        ("longer", with("content-length", "5")),
        ("a length of letters", with("content-length", "eleven")),
        ("a negative length", with("content-length", "-11")),
        ("padding beyond the frame", {
            [head(), frame(kind::DATA, PADDED | END_STREAM, FIRST, [9, 0])].concat()
        }),
    ])
    .await;
}

/// The only request is on stream 1.
// threats 91
#[tokio::test]
async fn unexpected_frames_are_refused() {
    let head_of = |stream| frame(kind::HEADERS, END_HEADERS, stream, [STATUS_200]);
    let body_of = |stream| [head(), frame(kind::DATA, END_STREAM, stream, "{}")].concat();
    refused([
        ("a body before its head", body()),
        ("a head of another request", head_of(3)),
        ("a head of the server's own", head_of(2)),
        ("a head of the connection", head_of(0)),
        ("a body of the connection", body_of(0)),
        ("a body of another request", body_of(3)),
        ("a promise", frame(kind::PUSH_PROMISE, END_HEADERS, FIRST, [0, 0, 0, 2, 0x82])),
        ("a continuation of nothing", more(END_HEADERS, &[STATUS_200])),
        ("a frame within a head", [open(&[STATUS_200]), data(0, "{}")].concat()),
        ("thanks for nothing", frame(kind::SETTINGS, ACK, 0, "")),
    ])
    .await;
}

// threats 91
#[tokio::test]
async fn out_of_range_settings_and_windows_are_refused() {
    let settings = |stream, payload: &[u8]| frame(kind::SETTINGS, 0, stream, payload);
    let window = |size: u32| frame(kind::WINDOW_UPDATE, 0, 0, size.to_be_bytes());
    refused([
        ("a PING of another size", frame(kind::PING, 0, 0, "0")),
        ("SETTINGS of another size", settings(0, b"0")),
        ("SETTINGS of a request", settings(FIRST, &[])),
        ("a first window of 4 GiB", settings(0, &[0, 4, 0xff, 0xff, 0xff, 0xff])),
        ("frames of at most a byte", settings(0, &[0, 5, 0, 0, 0, 1])),
        ("a window that grows by nothing", window(0)),
        ("a window beyond 2 GiB", window(0x7fff_ffff).repeat(2)),
    ])
    .await;
}
