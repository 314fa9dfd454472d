//! Informational responses (RFC 9110 section 15.2) are skipped.

use crate::support::{Server, assert_valid, ok};

const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n";

// threats 91
#[tokio::test]
async fn informational_responses_are_skipped() {
    for before in [
        "HTTP/1.1 100 Continue\r\n\r\n",
        "HTTP/1.1 100\r\n\r\n",
        "HTTP/1.1 102 Processing\r\n\r\n",
        "HTTP/1.1 199 What\r\nX-Request-Id: another\r\nRetry-After: 99\r\n\r\n",
        HINTS,
    ] {
        for times in [1, 3] {
            let response = format!("{}{}", before.repeat(times), ok("r1"));
            let response = assert_valid(Server::responding(response), before).await;
            assert_eq!(response.request_id().as_deref(), Some("r1"));
            assert_eq!(response.retry_after(), None);
        }
    }
}

// threats 89
#[tokio::test]
async fn ten_thousand_informational_responses_are_skipped() {
    assert_valid(Server::responding(format!("{}{}", HINTS.repeat(10_000), ok("r1"))), HINTS).await;
}
