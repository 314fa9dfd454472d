use std::time::Duration;

/// How much time and room the server gives to its clients, known or not.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How long a client may take for the head of its request.
    pub head: Duration,
    /// How long a client may take to accept an answer.
    pub answer: Duration,
    /// How long a redirected browser may take to ask for the page that it was sent to.
    pub landing: Duration,
    /// How many connections are held at once. When one more comes, the oldest that waits for nothing
    /// has to go.
    pub connections: usize,
}

impl Default for Limits {
    /// Five seconds for everything, and 512 connections: room for the browser's, whoever floods, in
    /// a few megabytes.
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            answer: Duration::from_secs(5),
            landing: Duration::from_secs(5),
            connections: 512,
        }
    }
}
