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
    /// On Unix, fewer are kept if the process may open few file descriptors: half of them stay free.
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

impl Limits {
    /// Leaves descriptors for the rest of the program, which exchanges and saves tokens while clients connect.
    pub(crate) fn within_descriptors(self) -> Self {
        let connections = self.connections.min(connections_within(max_descriptors()));
        Self { connections, ..self }
    }
}

/// Half of the descriptors, without those that a program has open anyway.
fn connections_within(descriptors: usize) -> usize {
    const OTHERS: usize = 32;
    const MIN: usize = 4;
    (descriptors.saturating_sub(OTHERS) / 2).max(MIN)
}

#[cfg(unix)]
fn max_descriptors() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.and_then(|limit| limit.try_into().ok()).unwrap_or(usize::MAX)
}

#[cfg(not(unix))]
fn max_descriptors() -> usize {
    usize::MAX
}

/// The maximum length of the request line, of the body of a form, and of a pasted URL. Each has a code, a state
/// and perhaps an error description.
pub(crate) const MAX_REQUEST_LINE: usize = 8 * 1024;

/// The maximum size of the header section. Cookies of other servers on this host are in it.
pub(crate) const MAX_HEADERS: usize = 16 * 1024;

/// The maximum size of a head: a request line and a header section.
pub(crate) const MAX_HEAD: usize = MAX_REQUEST_LINE + MAX_HEADERS;

/// The maximum number of header fields. A browser sends about twenty.
pub(crate) const MAX_HEADER_COUNT: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    // threats 50
    #[test]
    fn half_of_the_descriptors_stay_free() {
        for (descriptors, connections) in [(0, 4), (64, 16), (256, 112), (1024, 496)] {
            assert_eq!(connections_within(descriptors), connections);
        }
    }

    // threats 50
    #[cfg(unix)]
    #[test]
    fn connections_stay_within_the_descriptors() {
        let max = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let most = connections_within(max.map_or(usize::MAX, |max| max.try_into().unwrap()));
        for (connections, expected) in [(1, 1), (usize::MAX, most)] {
            let limits = Limits { connections, ..Limits::default() }.within_descriptors();
            assert_eq!(limits.connections, expected);
        }
    }
}
