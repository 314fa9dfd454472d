use std::io;

use auth_store::Error as StoreError;
use login::Error as LoginError;
use oauth_callback_server::{BindError, WaitError};

use super::{Failure, underneath};
use crate::signals::Interrupt;

/// What kind of failure it is, by what a program does about it. The words are what programs rely on:
/// they stay, and `docs/json.md` has a row for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    AccountNotSetUp,
    BadCallback,
    BadInput,
    Denied,
    DeviceCodeNotEnabled,
    Interrupted,
    Network,
    NoApiKey,
    NoHome,
    NoProject,
    NotDelivered,
    NotHeld,
    NotKept,
    NotRevoked,
    NotSignedIn,
    NothingToRefresh,
    OtherClient,
    OtherIssuer,
    Output,
    PortInUse,
    Problems,
    ProgramNotFound,
    ProgramNotRunnable,
    Refused,
    SignInEnded,
    SignInLost,
    Store,
    StoreBusy,
    Superseded,
    System,
    Terminated,
    TimedOut,
    UnknownOrganization,
    UnknownProject,
    UnusableAnswer,
    WrongUsage,
    WrongWorkspace,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::AccountNotSetUp => "account_not_set_up",
            Self::BadCallback => "bad_callback",
            Self::BadInput => "bad_input",
            Self::Denied => "denied",
            Self::DeviceCodeNotEnabled => "device_code_not_enabled",
            Self::Interrupted => "interrupted",
            Self::Network => "network",
            Self::NoApiKey => "no_api_key",
            Self::NoHome => "no_home",
            Self::NoProject => "no_project",
            Self::NotDelivered => "not_delivered",
            Self::NotHeld => "not_held",
            Self::NotKept => "not_kept",
            Self::NotRevoked => "not_revoked",
            Self::NotSignedIn => "not_signed_in",
            Self::NothingToRefresh => "nothing_to_refresh",
            Self::OtherClient => "other_client",
            Self::OtherIssuer => "other_issuer",
            Self::Output => "output",
            Self::PortInUse => "port_in_use",
            Self::Problems => "problems",
            Self::ProgramNotFound => "program_not_found",
            Self::ProgramNotRunnable => "program_not_runnable",
            Self::Refused => "refused",
            Self::SignInEnded => "sign_in_ended",
            Self::SignInLost => "sign_in_lost",
            Self::Store => "store",
            Self::StoreBusy => "store_busy",
            Self::Superseded => "superseded",
            Self::System => "system",
            Self::Terminated => "terminated",
            Self::TimedOut => "timed_out",
            Self::UnknownOrganization => "unknown_organization",
            Self::UnknownProject => "unknown_project",
            Self::UnusableAnswer => "unusable_answer",
            Self::WrongUsage => "wrong_usage",
            Self::WrongWorkspace => "wrong_workspace",
        }
    }

    /// The exit codes of this program; scripts rely on them.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::WrongUsage => 2,
            Self::NotSignedIn | Self::SignInEnded => 3,
            Self::PortInUse => 13,
            // As a shell has them.
            Self::ProgramNotRunnable => 126,
            Self::ProgramNotFound => 127,
            Self::Interrupted => Interrupt::CtrlC.exit_code(),
            Self::Terminated => Interrupt::Terminated.exit_code(),
            _ => 1,
        }
    }

    pub(super) fn from_failure(failure: &Failure) -> Self {
        match failure {
            Failure::Login(error) => of_login(error),
            Failure::SignedInWithoutApiKey(_) => Self::NoApiKey,
            Failure::Setup(_) => Self::Network,
            Failure::NoHome => Self::NoHome,
            Failure::Usage(_) | Failure::ServersApart | Failure::Variable { .. } => {
                Self::WrongUsage
            }
            Failure::NotHeld { .. } => Self::NotHeld,
            Failure::NoApiKey(_) | Failure::NoAccessToken(_) | Failure::Input(_) => Self::BadInput,
            Failure::NotRevoked { .. } => Self::NotRevoked,
            Failure::Profiles(_) => Self::Store,
            Failure::Problems(_) => Self::Problems,
            Failure::NotStarted { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Self::ProgramNotFound,
                _ => Self::ProgramNotRunnable,
            },
            Failure::Output(_) | Failure::ReaderGone => Self::Output,
            Failure::Runtime(_) => Self::System,
            Failure::Interrupted { by: Interrupt::CtrlC, .. } => Self::Interrupted,
            Failure::Interrupted { by: Interrupt::Terminated, .. } => Self::Terminated,
        }
    }
}

fn of_login(error: &LoginError) -> Kind {
    match error {
        LoginError::Store(error) | LoginError::Unstorable(error) => of_store(error),
        LoginError::Busy { .. } => Kind::StoreBusy,
        LoginError::Bind(BindError::PortsInUse { .. }) => Kind::PortInUse,
        LoginError::Callback(error) => of_callback(error),
        LoginError::DeviceDenied => Kind::Denied,
        LoginError::Unreached { .. }
        | LoginError::DeviceExpired
        | LoginError::ListTimedOut { .. } => Kind::TimedOut,
        LoginError::DeviceCode(error)
        | LoginError::Code(error)
        | LoginError::KeyExchange { source: error, .. }
        | LoginError::Refresh(error) => underneath::of_issuer(error).kind(),
        LoginError::Platform(error) => underneath::of_platform(error).kind(),
        LoginError::KeyCreation { source, .. } => underneath::of_platform(source).kind(),
        LoginError::MalformedJwt { .. }
        | LoginError::WrongClaim(_)
        | LoginError::WrongAccessToken(_)
        | LoginError::UnusableAnswer { .. } => Kind::UnusableAnswer,
        LoginError::MissingClaim { .. } => Kind::AccountNotSetUp,
        LoginError::WrongWorkspace { .. } => Kind::WrongWorkspace,
        LoginError::Cancelled => Kind::Interrupted,
        LoginError::UnknownOrganization { .. } => Kind::UnknownOrganization,
        LoginError::UnknownProject { .. } => Kind::UnknownProject,
        LoginError::NoProject { .. } => Kind::NoProject,
        LoginError::Undelivered { .. } => Kind::NotDelivered,
        LoginError::Unkept { .. } => Kind::NotKept,
        LoginError::NotSignedIn { .. } => Kind::NotSignedIn,
        LoginError::SignInEnded(_) | LoginError::SignInOver { .. } => Kind::SignInEnded,
        LoginError::NothingToRefresh { .. } | LoginError::UnknownMode { .. } => {
            Kind::NothingToRefresh
        }
        LoginError::NoAccessToken { .. } => Kind::NotHeld,
        LoginError::OtherClient { .. } => Kind::OtherClient,
        LoginError::OtherIssuer { .. } => Kind::OtherIssuer,
        LoginError::Unsaved(_) => Kind::SignInLost,
        // `NoRandomness`, `Bind(Listen)`, `Undecided(Unasked)`: what the system does not give.
        _ => Kind::System,
    }
}

fn of_store(error: &StoreError) -> Kind {
    match error {
        StoreError::Locked { .. } | StoreError::Changed { .. } => Kind::StoreBusy,
        _ => Kind::Store,
    }
}

fn of_callback(error: &WaitError) -> Kind {
    match error {
        WaitError::Denied { .. } => Kind::Denied,
        WaitError::TimedOut { .. } => Kind::TimedOut,
        WaitError::Replaced => Kind::Superseded,
        WaitError::MissingCode | WaitError::WrongIssuer => Kind::BadCallback,
        _ => Kind::System,
    }
}
