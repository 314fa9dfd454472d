//! The authorization server: which refresh tokens work.

use std::fmt;

/// A refresh token is its number.
pub(super) type Token = u8;

/// The user at the authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Person {
    Owner,
    Other,
}

/// What differs between authorization servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Policy {
    /// A revocation ends one token.
    RevokesToken,
    /// A revocation ends all tokens of one sign-in.
    RevokesFamily,
    /// A revocation ends all tokens of the person at this client.
    RevokesPerson,
    /// A refresh and another sign-in return the same refresh token.
    SameToken,
    /// The second use of a refresh token ends all tokens of its sign-in.
    ReuseEndsFamily,
}

impl Policy {
    pub(super) const ALL: [Self; 5] = [
        Self::RevokesToken,
        Self::RevokesFamily,
        Self::RevokesPerson,
        Self::SameToken,
        Self::ReuseEndsFamily,
    ];
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RevokesToken => "a revocation ends one token",
            Self::RevokesFamily => "a revocation ends one sign-in",
            Self::RevokesPerson => "a revocation ends all sign-ins of the person",
            Self::SameToken => "all sign-ins of a person have the same refresh token",
            Self::ReuseEndsFamily => "a token that is used twice ends its sign-in",
        })
    }
}

/// What the server knows of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Issued {
    person: Person,
    /// All tokens of one sign-in are a family.
    family: u8,
    is_live: bool,
    /// A process of ours has sent it, and nothing allows another one to do so again.
    is_spent_by_us: bool,
    /// Something that no protocol can prevent may have ended it.
    is_excused: bool,
}

/// All refresh tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Issuer(Vec<Issued>);

impl Issuer {
    pub(super) fn sign_in(&mut self, person: Person, policy: Policy) -> Token {
        let existing = self.0.iter().position(|it| it.person == person && it.is_live);
        match existing {
            Some(token) if policy == Policy::SameToken => {
                Token::try_from(token).unwrap_or(Token::MAX)
            }
            _ => self.issue(person, self.0.len() as u8),
        }
    }

    fn issue(&mut self, person: Person, family: u8) -> Token {
        let is_excused = self.0.iter().any(|it| it.family == family && it.is_excused);
        let issued = Issued { person, family, is_live: true, is_spent_by_us: false, is_excused };
        self.0.push(issued);
        (self.0.len() - 1) as Token
    }

    /// The next token. `None` if this one does not work.
    pub(super) fn refresh(&mut self, token: Token, policy: Policy) -> Option<Token> {
        let Issued { person, family, is_live, .. } = *self.of(token);
        if !is_live {
            if policy == Policy::ReuseEndsFamily {
                self.end(|it| it.family == family);
            }
            return None;
        }
        if policy == Policy::SameToken {
            return Some(token);
        }
        self.token_mut(token).is_live = false;
        Some(self.issue(person, family))
    }

    pub(super) fn revoke(&mut self, token: Token, policy: Policy) {
        let Issued { person, family, .. } = *self.of(token);
        match policy {
            Policy::RevokesToken | Policy::SameToken => self.token_mut(token).is_live = false,
            Policy::RevokesPerson => self.end(|it| it.person == person),
            Policy::RevokesFamily | Policy::ReuseEndsFamily => self.end(|it| it.family == family),
        }
    }

    fn end(&mut self, ended: impl Fn(&Issued) -> bool) {
        self.0.iter_mut().filter(|it| ended(it)).for_each(|it| it.is_live = false);
    }

    /// One of our processes sends this token. False if another one already has.
    pub(super) fn send_ours(&mut self, token: Token) -> bool {
        !std::mem::replace(&mut self.token_mut(token).is_spent_by_us, true)
    }

    /// Nobody knows what came of this token, so it may be sent again.
    pub(super) fn allow_second_use(&mut self, token: Token) {
        self.token_mut(token).is_spent_by_us = false;
    }

    /// The sign-in of this token may end.
    pub(super) fn excuse(&mut self, token: Token) {
        let family = self.of(token).family;
        self.0.iter_mut().filter(|it| it.family == family).for_each(|it| it.is_excused = true);
    }

    /// Every sign-in of this person may end.
    pub(super) fn excuse_person(&mut self, person: Person) {
        self.0.iter_mut().filter(|it| it.person == person).for_each(|it| it.is_excused = true);
    }

    pub(super) fn person(&self, token: Token) -> Person {
        self.of(token).person
    }

    pub(super) fn is_live(&self, token: Token) -> bool {
        self.of(token).is_live
    }

    pub(super) fn is_excused(&self, token: Token) -> bool {
        self.of(token).is_excused
    }

    fn of(&self, token: Token) -> &Issued {
        &self.0[usize::from(token)]
    }

    fn token_mut(&mut self, token: Token) -> &mut Issued {
        &mut self.0[usize::from(token)]
    }
}
