use rustls::version::TLS12;

use super::authority::{Authority, CertificateSpec, RSA_2048, SERVER};
use super::handler::Handler;
use super::raw::{alert, close, record, reset, respond, respond_endlessly, server_hello};
use super::rows::{Row, assert_refused, row};
use super::s_server::s_server;
use crate::support::World;

// threats 83
#[test]
fn outdated_tls_is_refused() {
    let world = World::new();
    let Some(authority) = Authority::new(world.path("authority")) else { return };
    assert_refused(&authority.root.certificate, outdated(&authority));
}

// threats 83
#[test]
fn failed_handshake_is_an_error() {
    let world = World::new();
    let Some(authority) = Authority::new(world.path("authority")) else { return };
    let rows = [not_tls(), cut_off(), alerts(&authority), invalid_messages(), endless_messages()];
    assert_refused(&authority.root.certificate, rows.into_iter().flatten().collect());
}

const NOTHING_IN_COMMON: &str =
    "no TLS version or cipher in common: received fatal alert: HandshakeFailure";

fn outdated(authority: &Authority) -> Vec<Row> {
    const TOO_OLD: &str =
        "no TLS version or cipher in common: received fatal alert: ProtocolVersion";
    let rsa = authority.issue(&CertificateSpec { key: RSA_2048, ..SERVER });
    // `openssl` also disables these by default.
    let version = |option| s_server(&rsa, &[option, "-cipher", "ALL:@SECLEVEL=0"]);
    let cipher = |name: &str| s_server(&rsa, &["-tls1_2", "-cipher", name]);
    vec![
        row("TLS 1.0", version("-tls1"), TOO_OLD),
        row("TLS 1.1", version("-tls1_1"), TOO_OLD),
        row("ciphers that chain blocks", cipher("ECDHE-RSA-AES128-SHA"), NOTHING_IN_COMMON),
        row("no forward secrecy", cipher("AES128-GCM-SHA256"), NOTHING_IN_COMMON),
        row("nothing ciphered", cipher("ECDHE-RSA-NULL-SHA:@SECLEVEL=0"), NOTHING_IN_COMMON),
    ]
}

fn not_tls() -> Vec<Row> {
    const NO_RECORD: &str = "the response is not TLS: received corrupt message of type \
                             InvalidContentType";
    let page = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let too_large = [&[22, 3, 3, 0xff, 0xff], &[0; 0xffff][..]].concat();
    vec![
        row("plain HTTP", respond(page), NO_RECORD),
        row("another protocol", respond("SSH-2.0-OpenSSH_9.6\r\n"), NO_RECORD),
        row("garbage", respond([0xff; 512]), NO_RECORD),
        row("zeros", respond([0; 512]), NO_RECORD),
        row(
            "a record that is too large",
            respond(too_large),
            "the response is not TLS: received corrupt message of type MessageTooLarge",
        ),
    ]
}

const CLOSE_NOTIFY: u8 = 0;
const WARNING: u8 = 1;
const FATAL: u8 = 2;

fn cut_off() -> Vec<Row> {
    const ENDED: &str = "the connection ended during the handshake: tls handshake eof";
    let hello = server_hello([3, 3], SUITE, [7; 32]);
    let end = alert(WARNING, CLOSE_NOTIFY);
    vec![
        row("the end", close(), ENDED),
        row("half a message", respond(&hello[..20]), ENDED),
        row("one message", respond(hello.clone()), ENDED),
        row("a proper end", respond(end.clone()), ENDED),
        row("one message and a proper end", respond([hello, end].concat()), ENDED),
        row(
            "a reset",
            reset(),
            "the connection ended during the handshake: Connection reset by peer (os error 104)",
        ),
    ]
}

fn alerts(authority: &Authority) -> Vec<Row> {
    let server = authority.issue(&SERVER);
    let demanding = Handler::new(&[&server]).only(&TLS12).demanding(&authority.root);
    let otherwise = s_server(&server, &["-tls1_2", "-Verify", "1", "-verify_return_error"]);
    vec![
        row("a refusal", respond(alert(FATAL, 40)), NOTHING_IN_COMMON),
        row(
            "an internal error",
            respond(alert(FATAL, 80)),
            "the handshake failed: received fatal alert: InternalError",
        ),
        row(
            "an unknown name",
            respond(alert(FATAL, 112)),
            "the handshake failed: received fatal alert: UnrecognisedName",
        ),
        row(
            "a certificate is demanded",
            demanding.handler_fn(),
            "the handshake failed: received fatal alert: CertificateRequired",
        ),
        // TLS 1.2 has no specific alert for this. Most servers send this one.
        row("a certificate is demanded otherwise", otherwise, NOTHING_IN_COMMON),
    ]
}

/// `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`, which the client offers.
const SUITE: [u8; 2] = [0xc0, 0x2b];

/// `TLS_RSA_WITH_RC4_128_SHA`, which the client does not offer.
const RC4: [u8; 2] = [0, 5];

fn invalid_messages() -> Vec<Row> {
    let mut talked_down = [7; 32];
    // The downgrade marker of a TLS 1.3 server (RFC 8446 §4.1.3).
    talked_down[24..].copy_from_slice(b"DOWNGRD\x01");
    vec![
        row(
            "TLS 1.1 all the same",
            respond(server_hello([3, 2], SUITE, [7; 32])),
            "no TLS version or cipher in common: peer is incompatible: \
             ServerDoesNotSupportTls12Or13",
        ),
        row(
            "RC4 all the same",
            respond(server_hello([3, 3], RC4, [7; 32])),
            "the handshake failed: peer misbehaved: SelectedUnofferedCipherSuite",
        ),
        row(
            "talked down",
            respond(server_hello([3, 3], SUITE, talked_down)),
            "the handshake failed: peer misbehaved: AttemptedDowngradeToTls12WhenTls13IsSupported",
        ),
        row(
            "data before the handshake",
            respond(record(23, b"HTTP/1.1 200 OK\r\n\r\n")),
            "the handshake failed: received unexpected message: got ApplicationData when expecting \
             Handshake",
        ),
        row(
            "an unknown message",
            respond(record(22, &[99, 0, 0, 1, 0])),
            "the handshake failed: received unexpected handshake message: got HandshakeType(0x63) \
             when expecting ServerHello or HelloRetryRequest",
        ),
    ]
}

fn endless_messages() -> Vec<Row> {
    // The header of a message of 16 million bytes, and the start of its body.
    let message = [record(22, &[11, 0xff, 0xff, 0xff]), record(22, &[0; 16_000])].concat();
    vec![
        row(
            "empty records without end",
            respond_endlessly(record(22, &[])),
            "the response is not TLS: received corrupt message of type \
             InvalidEmptyPayload",
        ),
        row(
            "a message without end",
            respond_endlessly(message),
            "the response is not TLS: received corrupt message of type \
             HandshakePayloadTooLarge",
        ),
        row(
            "warnings without end",
            respond_endlessly(alert(WARNING, 90)),
            "the handshake failed: peer misbehaved: TooManyWarningAlertsReceived",
        ),
        row(
            "changes of the cipher without end",
            respond_endlessly(record(20, &[1])),
            "the handshake failed: received unexpected message: got ChangeCipherSpec when \
             expecting Handshake",
        ),
        row(
            "requests to begin again without end",
            respond_endlessly(record(22, &[0, 0, 0, 0])),
            "the handshake failed: received unexpected handshake message: got HelloRequest when \
             expecting ServerHello or HelloRetryRequest",
        ),
    ]
}
