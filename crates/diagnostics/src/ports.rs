use oauth_callback_server::{BindError, BindOptions, CallbackServer};

use crate::status::Status;

/// The registered ports of the redirect URIs.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The first choice of a sign-in.
    pub sign_in: u16,
    /// Its second choice, if another program has the first.
    pub sign_in_fallback: u16,
    /// The only port for the creation of an API key.
    pub create_api_key: u16,
}

/// Whether a sign-in can bind a port.
#[derive(Debug)]
pub struct PortFinding {
    /// The port.
    pub port: u16,
    /// What it is for.
    pub role: PortRole,
    /// The result of binding it for a moment.
    pub outcome: Result<(), BindError>,
}

/// What a port is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortRole {
    /// A sign-in.
    SignIn {
        /// Whether its second choice is free.
        is_fallback_free: bool,
    },
    /// A sign-in, if another program has the first choice.
    SignInFallback {
        /// Whether the first choice is free.
        is_first_free: bool,
    },
    /// The creation of an API key.
    CreateApiKey,
}

impl PortFinding {
    /// Whether another program has the port.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        matches!(self.outcome, Err(BindError::PortsInUse { .. }))
    }

    /// Whether another sign-in of this program waits on the port. A new sign-in then does not use the fallback port.
    #[must_use]
    pub fn is_own_sign_in(&self) -> bool {
        let Err(BindError::PortsInUse { taken }) = &self.outcome else { return false };
        taken.iter().any(|taken| taken.owner.as_ref().is_some_and(|owner| owner.same_program))
    }

    fn status(&self) -> Status {
        let has_fallback = self.is_in_use() && !self.is_own_sign_in();
        match self.role {
            _ if self.outcome.is_ok() => Status::Ok,
            PortRole::SignIn { is_fallback_free: false } => Status::Problem,
            PortRole::SignIn { .. } if has_fallback => Status::Note,
            PortRole::SignInFallback { is_first_free: true } => Status::Note,
            _ => Status::Warning,
        }
    }
}

/// Also returns the port that a sign-in would use now.
pub(crate) fn check(ports: Ports) -> (Vec<(Status, PortFinding)>, u16) {
    let (first, fallback) = (bind(ports.sign_in), bind(ports.sign_in_fallback));
    let (is_first_free, is_fallback_free) = (first.is_ok(), fallback.is_ok());
    let port =
        if !is_first_free && is_fallback_free { ports.sign_in_fallback } else { ports.sign_in };
    let checks = [
        (ports.sign_in, PortRole::SignIn { is_fallback_free }, first),
        (ports.sign_in_fallback, PortRole::SignInFallback { is_first_free }, fallback),
        (ports.create_api_key, PortRole::CreateApiKey, bind(ports.create_api_key)),
    ]
    .map(|(port, role, outcome)| PortFinding { port, role, outcome })
    .map(|finding| (finding.status(), finding));
    (checks.into(), port)
}

fn bind(port: u16) -> Result<(), BindError> {
    CallbackServer::bind(&BindOptions::default().ports([port])).map(drop)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[track_caller]
    fn assert_status(role: PortRole, is_in_use: bool, status: Status) {
        let error = match is_in_use {
            true => BindError::PortsInUse { taken: Vec::new() },
            false => BindError::Listen {
                address: ([127, 0, 0, 1], 1455).into(),
                source: io::ErrorKind::PermissionDenied.into(),
            },
        };
        let finding = PortFinding { port: 1455, role, outcome: Err(error) };
        assert_eq!(finding.status(), status, "{finding:?}");
        let free = PortFinding { outcome: Ok(()), ..finding };
        assert_eq!(free.status(), Status::Ok, "{free:?}");
    }

    #[test]
    fn sign_in_needs_one_of_its_two_ports() {
        for is_fallback_free in [true, false] {
            let role = PortRole::SignIn { is_fallback_free };
            let (in_use, forbidden) = match is_fallback_free {
                // A sign-in uses the fallback port only if the first port is in use.
                true => (Status::Note, Status::Warning),
                false => (Status::Problem, Status::Problem),
            };
            assert_status(role, true, in_use);
            assert_status(role, false, forbidden);
        }
        for is_in_use in [true, false] {
            let fallback = |is_first_free| PortRole::SignInFallback { is_first_free };
            assert_status(fallback(true), is_in_use, Status::Note);
            assert_status(fallback(false), is_in_use, Status::Warning);
            assert_status(PortRole::CreateApiKey, is_in_use, Status::Warning);
        }
    }
}
