use std::time::Duration;

/// The limits of time and memory for connections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Timeout for the head of a request.
    pub head: Duration,
    /// Timeout for writing a response.
    pub response: Duration,
    /// How long a redirected browser may take to request the redirect page.
    pub redirect: Duration,
    /// The number of open connections. One more closes the oldest connection that does not wait for a response.
    pub connections: usize,
}

impl Default for Limits {
    /// Five seconds for each timeout, and 512 connections, which take a few megabytes.
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            response: Duration::from_secs(5),
            redirect: Duration::from_secs(5),
            connections: 512,
        }
    }
}

/// The maximum length of the request line, of the body of a form, and of a pasted URL. Each has a code, a state
/// and perhaps an error description.
pub(crate) const MAX_REQUEST_LINE: usize = 8 * 1024;

/// The maximum size of the header section. Cookies of other servers on this host are in it.
pub(crate) const MAX_HEADERS: usize = 16 * 1024;

/// The maximum number of header fields. A browser sends about twenty.
pub(crate) const MAX_HEADER_COUNT: usize = 64;
