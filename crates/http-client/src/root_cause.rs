use std::error::Error as StdError;
use std::fmt;
use std::io;

/// The cause of an error. Its text is the innermost one of the chain, which is the most useful:
/// "connection refused" rather than "client error (Connect)".
///
/// It ends the printed chain, so that nothing is repeated. [`RootCause::innermost`] returns the
/// error.
#[derive(Debug)]
pub struct RootCause(Box<dyn StdError + Send + Sync>);

impl RootCause {
    /// Wraps `error`.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// The innermost error, such as the [`io::Error`] of the system.
    #[must_use]
    pub fn innermost(&self) -> &(dyn StdError + 'static) {
        let outermost: &(dyn StdError + 'static) = &*self.0;
        chain(outermost).last().unwrap_or(outermost)
    }

    /// The outermost error of the type `T`.
    pub(crate) fn find<T: StdError + 'static>(&self) -> Option<&T> {
        chain(&*self.0).find_map(|error| error.downcast_ref())
    }

    /// The innermost error of the type `T`.
    pub(crate) fn find_last<T: StdError + 'static>(&self) -> Option<&T> {
        chain(&*self.0).filter_map(|error| error.downcast_ref()).last()
    }
}

impl fmt::Display for RootCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.innermost(), f)
    }
}

impl StdError for RootCause {}

/// The chain of sources, starting with `error`. An I/O error that wraps another hides it from
/// `source`, so it is opened here.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        match wrapped {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("client error (Connect)")]
    struct Outer(#[source] io::Error);

    #[test]
    fn root_cause_displays_the_innermost_error_and_ends_the_chain() {
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let hidden = io::Error::other(Outer(refused()));
        for cause in
            [RootCause::new(refused()), RootCause::new(Outer(refused())), RootCause::new(hidden)]
        {
            assert_eq!(cause.to_string(), "connection refused");
            let innermost = cause.innermost().downcast_ref::<io::Error>().unwrap();
            assert_eq!(innermost.kind(), io::ErrorKind::ConnectionRefused);
            assert!(cause.source().is_none());
            let last = cause.find_last::<io::Error>().unwrap();
            assert_eq!(last.kind(), io::ErrorKind::ConnectionRefused);
        }
        assert_eq!(RootCause::new("a word").to_string(), "a word");
    }
}
