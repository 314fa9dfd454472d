use crate::Endpoint;

/// Which endpoints a listener has.
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
            // Either is asked for `/` to open a connection early.
            Self::Api => endpoint.is_of_the_api() || *endpoint == Endpoint::Root,
            Self::Issuer => !endpoint.is_of_the_api(),
        }
    }
}
