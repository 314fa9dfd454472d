use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use crate::classify::Refusal;
use crate::{Page, Pages};

/// A response to the browser. Clones share the page.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    status: StatusCode,
    page: Page,
    extra: Option<(HeaderName, HeaderValue)>,
}

impl Reply {
    pub(crate) fn new(status: StatusCode, page: Page) -> Self {
        Self { status, page, extra: None }
    }

    /// A 302 to a page of this server, or a 303 after a form, so that the browser does not send the form again.
    pub(crate) fn redirect(location: HeaderValue, page: Page, after_form: bool) -> Self {
        let status = if after_form { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
        Self { extra: Some((header::LOCATION, location)), ..Self::new(status, page) }
    }

    pub(crate) fn refusal(refusal: Refusal, pages: &Pages) -> Self {
        let (status, page) = match refusal {
            // A TLS client gets an alert instead: see `handle::refuse`.
            Refusal::BadRequest | Refusal::Tls => (StatusCode::BAD_REQUEST, &pages.bad_request),
            Refusal::StateMismatch | Refusal::MissingState => {
                (StatusCode::BAD_REQUEST, &pages.state_mismatch)
            }
            Refusal::OtherHost | Refusal::NotNavigation | Refusal::OtherUser => {
                (StatusCode::FORBIDDEN, &pages.forbidden)
            }
            Refusal::OtherCode => (StatusCode::CONFLICT, &pages.other_code),
            Refusal::NotFound => (StatusCode::NOT_FOUND, &pages.not_found),
            Refusal::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, &pages.bad_request),
            Refusal::UnknownMethod => (StatusCode::NOT_IMPLEMENTED, &pages.bad_request),
            Refusal::LineTooLong => (StatusCode::URI_TOO_LONG, &pages.bad_request),
            Refusal::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, &pages.bad_request),
            Refusal::UnknownType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, &pages.bad_request),
            Refusal::HeadTooLarge => {
                let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
                (status, &pages.bad_request)
            }
        };
        let allow = (header::ALLOW, HeaderValue::from_static("GET"));
        Self {
            extra: (refusal == Refusal::MethodNotAllowed).then_some(allow),
            ..Self::new(status, page.clone())
        }
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let body = self.page.bytes();
        let length = HeaderValue::from(body.len());
        let mut response = Response::new(Full::new(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.extend(HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))));
        headers.insert(header::CONTENT_LENGTH, length);
        headers.extend(self.extra);
        response
    }

    /// The response as bytes, for a request that hyper cannot parse.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let body = self.page.bytes();
        let response = self.into_response();
        let mut bytes = format!("HTTP/1.1 {}\r\n", response.status()).into_bytes();
        for (name, value) in response.headers() {
            bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
        }
        bytes.extend([b"\r\n", body.as_ref()].concat());
        bytes
    }
}

/// The headers of each response. The request URL contains the code: it must not become a `Referer` or stay in a
/// cache ([RFC 9700 §4.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.2)). A page needs only its own
/// styles.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::CONTENT_TYPE, "text/html; charset=utf-8"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; \
         base-uri 'none'; form-action 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONNECTION, "close"),
];
