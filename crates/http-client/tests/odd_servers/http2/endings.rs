//! A server that ends the request or the connection.

use http_client::Error;

use crate::support::http2::{FIRST, data, goaway, head, reset};
use crate::support::{Server, assert_cut_off, send};

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;

/// Every other code of RFC 9113 section 7, and an unknown one.
// threats 91
#[tokio::test]
async fn goaway_and_rst_stream_end_the_request() {
    for code in (1..=0xd).filter(|code| *code != REFUSED_STREAM).chain([0xffff_ffff]) {
        let midway = [head(), data(0, "{\"ok\":"), reset(code)].concat();
        assert_cut_off(Server::http2(goaway(0, code)), &format!("GOAWAY {code}")).await;
        assert_cut_off(Server::http2_closing(goaway(FIRST, code)), &format!("GOAWAY {code} later"))
            .await;
        assert_cut_off(Server::http2(reset(code)), &format!("RST_STREAM {code}")).await;
        assert_cut_off(Server::http2(midway), &format!("RST_STREAM {code} midway")).await;
    }
}

/// A request that the server may have processed is sent once: it may spend a code. It is retried
/// only if the server did not process it (RFC 9113 section 8.7), and with a limit.
// threats 77 91
#[tokio::test]
async fn request_is_retried_only_if_the_server_did_not_process_it() {
    for (what, frames, most) in [
        ("nothing looked at", goaway(0, NO_ERROR), 3),
        ("refused", reset(REFUSED_STREAM), 3),
        ("an error", goaway(0, INTERNAL_ERROR), 1),
        ("looked at", goaway(FIRST, NO_ERROR), 1),
        ("looked at and ended", [goaway(FIRST, NO_ERROR), reset(CANCEL)].concat(), 1),
        ("half a response", [goaway(FIRST, NO_ERROR), head()].concat(), 1),
        ("half a response and refused", [head(), reset(REFUSED_STREAM)].concat(), 1),
        ("the end of the connection", Vec::new(), 1),
    ] {
        let server = Server::http2_closing(frames);
        let error = send(&server).await.expect_err(what);
        assert!(matches!(error, Error::CutOff { .. }), "{what}: {error:?}");
        let requests = server.requests().len();
        assert!((1..=most).contains(&requests), "{what}: {requests} requests");
    }
}
