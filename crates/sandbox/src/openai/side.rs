use crate::Endpoint;

/// The endpoints of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Issuer,
    Api,
    Both,
}

impl Side {
    pub(crate) fn serves(self, endpoint: &Endpoint) -> bool {
        match self {
            Self::Both => true,
            // Both serve `/`, to open a connection early.
            Self::Api => endpoint.is_of_the_api() || *endpoint == Endpoint::Root,
            Self::Issuer => !endpoint.is_of_the_api(),
        }
    }
}
