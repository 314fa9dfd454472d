use super::*;
use proptest::prelude::*;

const PORT: u16 = 1455;

fn rules() -> Rules {
    Rules {
        port: PORT,
        redirect_host: RedirectHost::Localhost,
        callback_path: "/auth/callback".to_owned(),
        form_post: false,
        state: State::generate().unwrap(),
        issuer: Some("https://issuer.example".to_owned()),
        iss_required: false,
    }
}

/// The request of a browser. Each test changes one thing.
fn request(target: &str) -> Request<()> {
    Request::get(target).header("host", "localhost:1455").body(()).unwrap()
}

#[track_caller]
fn assert_refused(request: &Request<()>, expected: Refusal) {
    match classify(&rules(), Head::from_request(request)) {
        RequestKind::Refused(refusal) => assert_eq!(refusal, expected, "{request:?}"),
        _ => panic!("not refused: {request:?}"),
    }
}

fn with(name: &'static str, value: &[u8]) -> Request<()> {
    let mut request = request("/auth/callback");
    let value = hyper::header::HeaderValue::from_bytes(value).unwrap();
    request.headers_mut().insert(name, value);
    request
}

fn from(target: &str, name: &'static str, value: &'static str) -> Request<()> {
    let mut request = request(target);
    request.headers_mut().insert(name, hyper::header::HeaderValue::from_static(value));
    request
}

/// Classifies a callback with this query, in which `S` stands for the right state. More queries are in
/// `fuzz/vectors`.
fn callback(query: &str) -> Result<AuthorizationResponse, Refusal> {
    let rules = rules();
    let query = query.replace("state=S", &format!("state={}", rules.state.expose()));
    let request = request(&format!("/auth/callback?{query}"));
    match classify(&rules, Head::from_request(&request)) {
        RequestKind::Callback(response) => Ok(response),
        RequestKind::Refused(refusal) | RequestKind::Rejected(refusal) => Err(refusal),
        RequestKind::OtherPath | RequestKind::Form => panic!("a callback with a query is neither"),
    }
}

// threats 31
#[test]
fn each_loopback_host_is_accepted() {
    for host in ["localhost:1455", "127.0.0.1:1455", "[::1]:1455", "LOCALHOST:1455"] {
        assert_refused(&with("host", host.as_bytes()), Refusal::MissingState);
    }
}

// threats 32
#[test]
fn other_host_is_forbidden() {
    for host in [
        "evil.test:1455",
        "localhost.evil.test:1455",
        "127.0.0.1.nip.io:1455",
        "localhost:9999",
        "localhost",
        "localhost:1455.",
        "localhost.:1455",
        "localhost:01455",
        "0.0.0.0:1455",
        "127.0.0.2:1455",
        "[::ffff:127.0.0.1]:1455",
        "localhost:1455@evil",
        "user@localhost:1455",
        "local host:1455",
        "localhost:\t1455",
        "localhost:1455, evil.test",
        "http://localhost:1455",
    ] {
        assert_refused(&with("host", host.as_bytes()), Refusal::OtherHost);
    }
    assert_refused(&with("host", b"localhost:1455\xff"), Refusal::OtherHost);
}

// threats 219
#[test]
fn only_a_refused_request_that_looks_like_the_callback_is_reported() {
    let callback = "/auth/callback?code=C&state=other";
    for (request, refusal) in [
        (request(callback), Refusal::StateMismatch),
        (request("/auth/callback?error=access_denied"), Refusal::MissingState),
        (request("/auth/callback?code=C&code=D&state=other"), Refusal::BadRequest),
        (from(callback, "host", "localhost:8080"), Refusal::OtherHost),
        (from(callback, "sec-fetch-mode", "cors"), Refusal::NotNavigation),
    ] {
        match classify(&rules(), Head::from_request(&request)) {
            RequestKind::Rejected(rejected) => assert_eq!(rejected, refusal, "{request:?}"),
            _ => panic!("not rejected: {request:?}"),
        }
    }
    for unreported in [
        request("/auth/callback"),
        request("/auth/callback?state=other"),
        request("/auth/callback?code=&state=other"),
        from("/?code=C&state=other", "host", "localhost:8080"),
        from("/auth/callback", "sec-fetch-mode", "cors"),
    ] {
        let kind = classify(&rules(), Head::from_request(&unreported));
        assert!(!matches!(kind, RequestKind::Rejected(_)), "{unreported:?}");
    }
}

// threats 33
#[test]
fn exactly_one_host_header_is_required() {
    assert_refused(&with("host", b""), Refusal::BadRequest);
    let mut two = request("/auth/callback");
    let host = hyper::header::HeaderValue::from_static("localhost:1455");
    two.headers_mut().append("host", host);
    assert_refused(&two, Refusal::BadRequest);
    let mut none = request("/auth/callback");
    none.headers_mut().clear();
    assert_refused(&none, Refusal::BadRequest);
}

// threats 29 30
#[test]
fn only_get_is_allowed() {
    for (method, refusal) in [
        ("POST", Refusal::NotFound),
        ("HEAD", Refusal::MethodNotAllowed),
        ("OPTIONS", Refusal::MethodNotAllowed),
        ("PUT", Refusal::MethodNotAllowed),
        ("DELETE", Refusal::MethodNotAllowed),
        ("PATCH", Refusal::MethodNotAllowed),
        ("TRACE", Refusal::MethodNotAllowed),
        ("CONNECT", Refusal::MethodNotAllowed),
        ("FOO", Refusal::UnknownMethod),
        ("get", Refusal::UnknownMethod),
    ] {
        // A preflight request has an origin.
        let mut request = with("origin", b"https://evil.example");
        *request.method_mut() = method.parse().unwrap();
        assert_refused(&request, refusal);
    }
}

// threats 29 35
#[test]
fn form_is_accepted_only_with_form_post_at_the_callback_path_and_by_navigation() {
    let rules = Rules { form_post: true, ..rules() };
    let post = |target: &str| {
        let mut request = from(target, "origin", "https://issuer.example");
        *request.method_mut() = Method::POST;
        request
    };
    let is_form = |request: &Request<()>| {
        matches!(classify(&rules, Head::from_request(request)), RequestKind::Form)
    };
    assert!(is_form(&post("/auth/callback")));
    assert!(!is_form(&post("/success")));
    assert!(!is_form(&request("/auth/callback?code=C")));
    let mut fetched = post("/auth/callback");
    fetched.headers_mut().insert("sec-fetch-mode", "cors".parse().unwrap());
    assert!(!is_form(&fetched));
    let state = rules.state.expose();
    let form = |body: &str| {
        classify_form(&rules, body.replace("state=S", &format!("state={state}")).as_bytes())
    };
    assert!(matches!(
        form("code=C&state=S"),
        RequestKind::Callback(AuthorizationResponse::Code(..))
    ));
    assert!(matches!(
        form("error=access_denied&state=S"),
        RequestKind::Callback(AuthorizationResponse::Denied { .. })
    ));
    assert!(matches!(form("code=C&state=T"), RequestKind::Rejected(Refusal::StateMismatch)));
    assert!(matches!(classify_form(&rules, b"code=\xff"), RequestKind::Refused(_)));
}

// threats 35
#[test]
fn request_without_navigation_is_forbidden() {
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://localhost:1455"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "iframe"),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-mode", "no-cors"),
        ("sec-fetch-mode", "cors"),
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
    ] {
        assert_refused(&with(name, value.as_bytes()), Refusal::NotNavigation);
    }
    for (name, value) in [
        ("sec-fetch-dest", "document"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-user", "?1"),
    ] {
        assert_refused(&with(name, value.as_bytes()), Refusal::MissingState);
    }
}

// threats 28 37
#[test]
fn only_the_exact_path_is_the_callback_path() {
    for path in [
        "/",
        "/favicon.ico",
        "/auth/callback/",
        "//auth/callback",
        "/auth//callback",
        "/auth/./callback",
        "/AUTH/callback",
        "/auth/%63allback",
        "/auth/callback%00",
        "/auth/callback;x",
        "*",
    ] {
        let kind = classify(&rules(), Head::from_request(&request(path)));
        assert!(matches!(kind, RequestKind::OtherPath), "{path}");
    }
    for target in ["http://localhost:1455/auth/callback", "localhost:1455"] {
        assert_refused(&request(target), Refusal::BadRequest);
    }
}

// threats 38 39
#[test]
fn size_is_limited() {
    let fits = MAX_REQUEST_LINE - "GET /auth/callback? HTTP/1.1".len();
    let target = |size: usize| format!("/auth/callback?{}", "a".repeat(size));
    assert_refused(&request(&target(fits)), Refusal::MissingState);
    assert_refused(&request(&target(fits + 1)), Refusal::LineTooLong);
    let fits = MAX_HEADERS - "host: localhost:1455\r\nx: \r\n".len();
    assert_refused(&with("x", &vec![b'a'; fits]), Refusal::MissingState);
    assert_refused(&with("x", &vec![b'a'; fits + 1]), Refusal::HeadTooLarge);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    // threats 10
    #[test]
    fn no_mutation_of_the_state_matches(at in 0..43_usize, bit in 0..7_u32, how in 0..8_u8) {
        let rules = rules();
        let state = rules.state.expose();
        let mutated = match how {
            0 => state[..at].to_owned(),
            1 => state[at + 1..].to_owned(),
            2 => format!("{state}{}", &state[at..=at]),
            3 => state.replacen(&state[at..=at], "", 1),
            4 => format!("{state}%00"),
            5 => format!("{state}+"),
            _ => with_flipped_bit(state, at, 1 << bit),
        };
        let query = format!("code=C&state={mutated}");
        let parameters = Parameters::parse(&query);
        prop_assert!(classify_callback(&rules, &parameters).is_err());
    }

    // threats 18
    #[test]
    fn any_code_arrives_unchanged(code in "[^\\p{Cc}]{1,100}") {
        match callback(&format!("code={}&state=S", urlencoding::encode(&code))) {
            Ok(AuthorizationResponse::Code(arrived, _)) => prop_assert_eq!(arrived.expose(), code),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

fn with_flipped_bit(state: &str, at: usize, bit: u8) -> String {
    let mut bytes = state.as_bytes().to_vec();
    bytes[at] ^= bit;
    bytes.iter().map(|byte| format!("%{byte:02x}")).collect()
}

// threats 16
#[test]
fn promised_iss_is_required() {
    let rules = Rules { iss_required: true, ..rules() };
    let state = rules.state.expose();
    let issuer = rules.issuer.as_deref().unwrap();
    for (iss, is_accepted) in [("", false), ("&iss=", false), (&*format!("&iss={issuer}"), true)] {
        let query = format!("code=C&state={state}{iss}");
        let response = classify_callback(&rules, &Parameters::parse(&query));
        let is_code = matches!(response, Ok(AuthorizationResponse::Code(..)));
        assert_eq!(is_code, is_accepted, "{iss}");
    }
}

/// RFC 6749 §3.1: a parameter without a value counts as omitted.
// threats 16
#[test]
fn issuer_with_a_template_has_a_tenant_in_its_place() {
    let template = || Some("https://id.test/{tenantid}/v2".to_owned());
    let exact = || Some("https://id.test/a-1/v2".to_owned());
    for (issuer, iss, is_accepted) in [
        (exact(), "", true),
        (exact(), "https://id.test/a-1/v2", true),
        (exact(), "https://id.test/b-2/v2", false),
        (template(), "https://id.test/a-1/v2", true),
        (template(), "https://id.test/{tenantid}/v2", true),
        (template(), "https://id.test//v2", false),
        (template(), "https://id.test/a/../b/v2", false),
        (template(), "https://id.test/a-1/v1", false),
        (template(), "https://evil.test/a-1/v2", false),
    ] {
        let rules = Rules { issuer, ..rules() };
        let query =
            format!("code=C&state={}&iss={}", rules.state.expose(), urlencoding::encode(iss));
        let response = classify_callback(&rules, &Parameters::parse(&query));
        let is_code = matches!(response, Ok(AuthorizationResponse::Code(..)));
        assert_eq!(is_code, is_accepted, "{:?} {iss}", rules.issuer);
    }
}

// threats 17
#[test]
fn other_parameters_can_be_read() {
    let rules = rules();
    let others = "session_state=a%20b&x=1&x=2&bad=%zz&scope=openid+email";
    let query = format!("{others}&code=C&state={}", rules.state.expose());
    let response = classify_callback(&rules, &Parameters::parse(&query));
    let Ok(AuthorizationResponse::Code(_, parameters)) = response else { panic!("{response:?}") };
    assert_eq!(parameters.get("session_state"), Some("a b"));
    assert_eq!(parameters.get("scope"), Some("openid email"));
    for absent in ["x", "bad", "code", "state"] {
        assert_eq!(parameters.get(absent), None, "{absent}");
    }
    assert!(!format!("{parameters:?}").contains("email"));
}
