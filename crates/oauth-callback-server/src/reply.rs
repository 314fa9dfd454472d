use hyper::StatusCode;
use hyper::header::{self, HeaderName, HeaderValue};
use zeroize::Zeroizing;

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
            // A TLS client gets an alert instead: see `handle::response`.
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

    pub(crate) fn into_bytes(self) -> Zeroizing<Vec<u8>> {
        let head = self.head();
        Zeroizing::new([head.as_slice(), self.page.bytes().as_ref()].concat())
    }

    /// The response to a `HEAD` request.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {}\r\n", self.status).into_bytes();
        let mut add = |name: &HeaderName, value: &[u8]| {
            head.extend([name.as_str().as_bytes(), b": ", value, b"\r\n"].concat());
        };
        HEADERS.iter().for_each(|(name, value)| add(name, value.as_bytes()));
        add(&header::CONTENT_LENGTH, self.page.bytes().len().to_string().as_bytes());
        self.extra.iter().for_each(|(name, value)| add(name, value.as_bytes()));
        head.extend(b"\r\n");
        head
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
