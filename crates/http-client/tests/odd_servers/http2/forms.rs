//! Every valid form of a response.

use crate::support::http2::{
    END_HEADERS, END_STREAM, FIRST, PADDED, STATUS_200, body, data, frame, goaway, head, header,
    headers, kind, more, open,
};
use crate::support::{Server, assert_valid};

async fn understood(what: &str, frames: &[Vec<u8>]) {
    assert_valid(Server::http2(frames.concat()), what).await;
}

/// The status 103, as a literal.
const EARLY_HINTS: &[u8] = b"\x08\x03103";

// threats 91
#[tokio::test]
async fn head_can_have_any_number_of_frames() {
    let link = header("link", "</next>; rel=next");
    let (first, second) = link.split_at(5);
    let begun = open(&[&[STATUS_200], first].concat());
    understood("in one", &[head(), body()]).await;
    understood("in two", &[open(&[]), more(END_HEADERS, &[STATUS_200]), body()]).await;
    understood("in halves of a header", &[begun, more(END_HEADERS, second), body()]).await;
    let empty = [open(&[STATUS_200]), more(0, &[]), more(0, &[]), more(END_HEADERS, &[]), body()];
    understood("in empty ones", &empty).await;
    let hints = headers(&[EARLY_HINTS, &link]);
    understood("after another", &[hints.clone(), hints, head(), body()]).await;
}

// threats 91
#[tokio::test]
async fn body_can_have_any_number_of_frames() {
    let json = "{\"ok\":true}";
    let bytes: Vec<u8> = json.split("").flat_map(|byte| data(0, byte)).collect();
    let trailer = frame(kind::HEADERS, END_HEADERS | END_STREAM, FIRST, header("x-a", "b"));
    understood("in two", &[head(), data(0, json), data(END_STREAM, "")]).await;
    understood("byte by byte", &[head(), bytes, data(END_STREAM, "")]).await;
    understood("with a trailer", &[head(), data(0, json), trailer]).await;
    let padded = [
        frame(kind::HEADERS, END_HEADERS | PADDED, FIRST, [2, STATUS_200, 0, 0]),
        frame(kind::DATA, END_STREAM | PADDED, FIRST, "\u{1}{\"ok\":true}\0"),
    ];
    understood("with padding", &padded).await;
}

// threats 91
#[tokio::test]
async fn other_frames_between_head_and_body_are_ignored() {
    const PRIORITY: u8 = 0x20;
    const NO_ERROR: u32 = 0;
    let weight = [0, 0, 0, 0, 9];
    let weighty = [&weight[..], &[STATUS_200]].concat();
    let weighty = frame(kind::HEADERS, END_HEADERS | PRIORITY, FIRST, weighty);
    let settings = [0, 3, 0, 0, 0, 1];
    for (what, between) in [
        ("PING", frame(kind::PING, 0, 0, "01234567")),
        ("SETTINGS", frame(kind::SETTINGS, 0, 0, settings)),
        ("SETTINGS of another kind", frame(kind::SETTINGS, 0, 0, [0xff; 6])),
        ("PRIORITY", frame(kind::PRIORITY, 0, FIRST, weight)),
        ("WINDOW_UPDATE", frame(kind::WINDOW_UPDATE, 0, 0, [0, 0, 0, 9])),
        ("another kind", frame(0xfe, 0xff, 0, "of another kind")),
        ("a goodbye", goaway(FIRST, NO_ERROR)),
    ] {
        understood(what, &[between.clone(), head(), between.clone(), body()]).await;
        understood(what, &[between.clone(), weighty.clone(), between, body()]).await;
    }
}

// threats 89 91
#[tokio::test]
async fn set_cookie_is_ignored() {
    let cookie = headers(&[&[STATUS_200], &header("set-cookie", "canary=canary")]);
    understood("a cookie", &[cookie, body()]).await;
}
