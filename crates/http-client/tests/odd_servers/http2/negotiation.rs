//! ALPN: the server's first protocol that the client supports (RFC 7301).

use http_client::Error;

use crate::support::{Peer, Server, Tls, assert_valid, ok, send};

// threats 91
#[tokio::test]
async fn http_1_is_used_if_the_server_prefers_it_or_has_no_alpn() {
    for offered in [&["http/1.1"][..], &["http/1.1", "h2"], &[]] {
        let server = Server::secure(Tls::offering(offered), |peer: &mut Peer| {
            peer.request()?;
            peer.send(ok("r1"))?;
            peer.end()
        });
        assert_valid(server, &format!("{offered:?}")).await;
    }
}

// threats 91
#[tokio::test]
async fn server_without_an_http_protocol_gets_no_request() {
    let server = Server::secure(Tls::offering(&["smtp"]), Peer::request);
    let error = send(&server).await.unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    assert!(error.provably_not_sent());
    assert_eq!(server.requests().len(), 0);
}
