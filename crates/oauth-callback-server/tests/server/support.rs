//! A waiting sign-in, and a browser.

use std::time::Duration;

use oauth_callback_server::{
    BindOptions, Callback, CallbackConfig, CallbackServer, Limits, PastedCallback,
    RejectedCallback, Rejections, State, WaitError,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The timeout of each step of a test.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);
pub(crate) const ISSUER: &str = "https://issuer.example";

/// A sign-in that waits for its callback.
pub(crate) struct Waiting {
    pub(crate) port: u16,
    pub(crate) pasted_callback: PastedCallback,
    pub(crate) rejections: Rejections,
    state: String,
    outcome: JoinHandle<Result<Callback, WaitError>>,
}

impl Waiting {
    pub(crate) fn start() -> Self {
        Self::with(Limits::default(), TIMEOUT)
    }

    pub(crate) fn with(limits: Limits, timeout: Duration) -> Self {
        Self::serve(bind(|options| options.limits = limits), timeout)
    }

    pub(crate) fn on(port: u16) -> Self {
        Self::serve(bind(|options| options.ports = vec![port]), TIMEOUT)
    }

    pub(crate) fn serve(server: CallbackServer, timeout: Duration) -> Self {
        let port = server.port();
        let state = State::generate().unwrap();
        let exposed = state.expose().to_owned();
        let mut config = CallbackConfig::new(state);
        config.issuer = Some(ISSUER.to_owned());
        config.timeout = timeout;
        let server = server.serve(config).unwrap();
        Self {
            port,
            pasted_callback: server.pasted_url(),
            rejections: server.rejections(),
            state: exposed,
            outcome: tokio::spawn(server.callback()),
        }
    }

    /// The callback with this query, in which `S` stands for the right state.
    pub(crate) fn target(&self, query: &str) -> String {
        let state = format!("state={}", self.state);
        format!("/auth/callback?{}", query.replace("state=S", &state))
    }

    pub(crate) fn request(&self, method: &str, target: &str) -> String {
        format!("{method} {target} HTTP/1.1\r\nHost: localhost:{}\r\n\r\n", self.port)
    }

    pub(crate) async fn get(&self, target: &str) -> Response {
        exchange(self.port, self.request("GET", target).as_bytes()).await
    }

    pub(crate) async fn callback(&self, query: &str) -> Response {
        self.get(&self.target(query)).await
    }

    /// A browser that sends the right callback and waits for the response.
    pub(crate) fn browser(&self) -> JoinHandle<Response> {
        let request = self.request("GET", &self.target("code=C&state=S"));
        let port = self.port;
        tokio::spawn(async move { exchange(port, request.as_bytes()).await })
    }

    pub(crate) async fn outcome(&mut self) -> Result<Callback, WaitError> {
        timeout(TIMEOUT, &mut self.outcome).await.unwrap().unwrap()
    }

    /// The next kind of rejected callback.
    pub(crate) async fn rejected(&mut self) -> Option<RejectedCallback> {
        timeout(TIMEOUT, self.rejections.next()).await.unwrap()
    }

    pub(crate) async fn error(&mut self) -> WaitError {
        self.outcome().await.map(drop).unwrap_err()
    }

    /// The server still waits: the right callback completes the sign-in.
    pub(crate) async fn completes(mut self) {
        assert!(!self.outcome.is_finished(), "the wait is over");
        let browser = self.browser();
        let callback = self.outcome().await.unwrap();
        assert_eq!(callback.code.expose(), "C");
        callback.browser.respond_ok("signed in").await;
        let response = browser.await.unwrap();
        assert_eq!((response.status, response.body.as_str()), (200, "signed in"));
        assert_free(self.port);
    }

    /// Aborts the waiting task, like Ctrl-C.
    pub(crate) async fn interrupt(self) {
        self.outcome.abort();
        assert!(self.outcome.await.unwrap_err().is_cancelled());
    }
}

/// Binds with the path `/auth/callback`.
pub(crate) fn bind(change: impl FnOnce(&mut BindOptions)) -> CallbackServer {
    let mut options = BindOptions::new("/auth/callback");
    change(&mut options);
    CallbackServer::bind(&options).unwrap()
}

pub(crate) fn limits(change: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    change(&mut limits);
    limits
}

/// Both loopback addresses can be bound again.
#[track_caller]
pub(crate) fn assert_free(port: u16) {
    bind(|options| options.ports = vec![port]);
}

/// The response on a connection.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    #[track_caller]
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{text:?}"));
        let status = head.strip_prefix("HTTP/1.").unwrap()[2..5].parse().unwrap();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(it, _)| *it == name).map(|(_, value)| value).collect()
    }

    /// Exactly the fixed headers, and the right `Content-Length`.
    #[track_caller]
    pub(crate) fn assert_headers(&self) {
        for (name, value) in [
            ("content-type", "text/html; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            (
                "content-security-policy",
                "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; \
                 base-uri 'none'; form-action 'none'",
            ),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("connection", "close"),
        ] {
            assert_eq!(self.headers(name), [value], "{name} in {}", self.head);
        }
        let extra = usize::from(matches!(self.status, 302 | 303 | 405));
        assert_eq!(self.head.lines().count(), 1 + 7 + extra, "{}", self.head);
        if !self.body.is_empty() {
            assert_eq!(self.headers("content-length"), [self.body.len().to_string()]);
        }
    }
}

/// Sends bytes to `127.0.0.1` and reads to the end.
pub(crate) async fn exchange(port: u16, request: &[u8]) -> Response {
    let mut stream = connect(port).await;
    // The server may respond and close before it has read all of an invalid request.
    let _ = stream.write_all(request).await;
    read_response(&mut stream).await
}

pub(crate) async fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub(crate) async fn read_response(stream: &mut TcpStream) -> Response {
    let response = Response::parse(&read_to_end(stream).await);
    response.assert_headers();
    response
}

/// Reads until the server closes or resets the connection.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(TIMEOUT, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Lets the tasks of the server run.
pub(crate) async fn run_pending_tasks() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
