//! A sign-in that waits, and a browser that is not polite.

use std::time::Duration;

use oauth_callback_server::{
    BindOptions, Callback, CallbackConfig, CallbackServer, Limits, Pages, PastedCallback,
    RejectedCallback, Rejections, State, WaitError,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// No test waits longer for anything; what should be quick is not measured against it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
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
        Self::with(Limits::default(), PATIENCE)
    }

    pub(crate) fn with(limits: Limits, timeout: Duration) -> Self {
        let options = BindOptions { limits, ..BindOptions::default() };
        Self::serve(CallbackServer::bind(&options).unwrap(), timeout)
    }

    pub(crate) fn on(port: u16) -> Self {
        let options = BindOptions { ports: vec![port], ..BindOptions::default() };
        Self::serve(CallbackServer::bind(&options).unwrap(), PATIENCE)
    }

    pub(crate) fn serve(server: CallbackServer, timeout: Duration) -> Self {
        let port = server.port();
        let state = State::generate().unwrap();
        let known = state.expose().to_owned();
        let issuer = Some(ISSUER.to_owned());
        let expected = CallbackConfig { state, issuer, pages: Pages::default(), timeout };
        let serving = server.serve(expected).unwrap();
        let (pasted_callback, rejections) = (serving.pasted_url(), serving.rejections());
        Self {
            port,
            pasted_callback,
            rejections,
            state: known,
            outcome: tokio::spawn(serving.callback()),
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

    pub(crate) async fn get(&self, target: &str) -> Answer {
        exchange(self.port, self.request("GET", target).as_bytes()).await
    }

    pub(crate) async fn callback(&self, query: &str) -> Answer {
        self.get(&self.target(query)).await
    }

    /// A browser on its way with the right callback, which will wait for an answer.
    pub(crate) fn browser(&self) -> JoinHandle<Answer> {
        let request = self.request("GET", &self.target("code=C&state=S"));
        let port = self.port;
        tokio::spawn(async move { exchange(port, request.as_bytes()).await })
    }

    pub(crate) async fn outcome(&mut self) -> Result<Callback, WaitError> {
        timeout(PATIENCE, &mut self.outcome).await.unwrap().unwrap()
    }

    /// The next kind of what looked like the callback.
    pub(crate) async fn rejected(&mut self) -> Option<RejectedCallback> {
        timeout(PATIENCE, self.rejections.next()).await.unwrap()
    }

    pub(crate) async fn error(&mut self) -> WaitError {
        self.outcome().await.map(drop).unwrap_err()
    }

    /// The wait goes on: the right callback still completes the sign-in.
    pub(crate) async fn completes(mut self) {
        assert!(!self.outcome.is_finished(), "the wait is over");
        let browser = self.browser();
        let callback = self.outcome().await.unwrap();
        assert_eq!(callback.code.expose(), "C");
        callback.browser.respond_ok("signed in").await;
        let answer = browser.await.unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "signed in"));
        assert_free(self.port);
    }

    /// Ends the task that waits, as Ctrl-C would.
    pub(crate) async fn interrupt(self) {
        self.outcome.abort();
        assert!(self.outcome.await.unwrap_err().is_cancelled());
    }
}

/// Both loopback addresses can be bound again, at once.
#[track_caller]
pub(crate) fn assert_free(port: u16) {
    let options = BindOptions { ports: vec![port], ..BindOptions::default() };
    CallbackServer::bind(&options).unwrap();
}

/// What came back on a connection, to its end.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
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

    /// The headers named P0, no other than these, and no body that is longer or shorter than said.
    #[track_caller]
    pub(crate) fn assert_policy(&self) {
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
pub(crate) async fn exchange(port: u16, request: &[u8]) -> Answer {
    let mut stream = connect(port).await;
    // The server may have answered, and gone, before it saw all of a hostile request.
    let _ = stream.write_all(request).await;
    read_answer(&mut stream).await
}

pub(crate) async fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

pub(crate) async fn read_answer(stream: &mut TcpStream) -> Answer {
    let answer = Answer::parse(&read_to_end(stream).await);
    answer.assert_policy();
    answer
}

/// All that comes until the server closes the connection, gently or not.
pub(crate) async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Lets the server do all that it can do now.
pub(crate) async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
