/// The behavior that differs between issuers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What a revocation ends.
    pub revocation: Revocation,
    /// The refresh token of a grant.
    pub rotation: Rotation,
    /// What the second use of a refresh token ends.
    pub reuse: Reuse,
    /// Whether `allowed_workspace_id` restricts anything.
    pub workspaces: Workspaces,
}

/// What the revocation of a refresh token ends
/// ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1) leaves it to the issuer).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Revocation {
    /// This token.
    #[default]
    Token,
    /// All tokens that came from the same sign-in.
    Family,
    /// All tokens of the user at this client.
    Person,
}

/// The refresh token of a sign-in or a refresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// A new one, and the old one is spent.
    #[default]
    New,
    /// The existing one of the user at this client, which can be reused.
    Same,
}

/// What the second use of a refresh token ends
/// ([RFC 9700 §4.14.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reuse {
    /// An error; nothing is revoked. The real issuer expects that another process has stored the
    /// new tokens.
    #[default]
    Refused,
    /// All tokens that came from the same sign-in.
    RevokesFamily,
}

/// Whether the issuer enforces the workspace restriction of a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Workspaces {
    /// An account of another workspace gets `access_denied`.
    #[default]
    Restricted,
    /// The parameter is ignored.
    Ignored,
}
