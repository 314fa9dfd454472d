use serde::Deserialize;

/// What issuers do differently from each other, each of it allowed by a standard or seen in the field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// What a revocation ends.
    pub revocation: Revocation,
    /// Which refresh token a grant brings.
    pub rotation: Rotation,
    /// What the second use of a refresh token ends.
    pub reuse: Reuse,
    /// Whether `allowed_workspace_id` restricts anything.
    pub workspaces: Workspaces,
}

/// What the revocation of a refresh token ends
/// ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1) leaves it to the issuer).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revocation {
    /// This token.
    #[default]
    Token,
    /// All tokens that came from the same sign-in.
    Family,
    /// All tokens of the person at this client.
    Person,
}

/// Which refresh token a sign-in or a refresh brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rotation {
    /// A new one, and the old one is spent.
    #[default]
    New,
    /// The one that the person has at this client already, which is never spent.
    Same,
}

/// What the second use of a refresh token ends
/// ([RFC 9700 §4.14.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.14.2)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reuse {
    /// It is refused, and ends nothing: the real issuer expects that the loser of a race finds the
    /// winner's tokens in the store.
    #[default]
    Refused,
    /// All tokens that came from the same sign-in.
    RevokesFamily,
}

/// Whether the issuer keeps the restriction to workspaces that a client asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workspaces {
    /// An account of another workspace gets `access_denied`.
    #[default]
    Restricted,
    /// The parameter is ignored.
    Ignored,
}
