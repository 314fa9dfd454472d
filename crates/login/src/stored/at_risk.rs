/// The stored sign-ins that a revocation could end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AtRisk {
    /// Whether the one of this store is among them.
    pub this: bool,
    /// The names of the others.
    pub others: Vec<String>,
}

impl AtRisk {
    pub(super) fn is_empty(&self) -> bool {
        !self.this && self.others.is_empty()
    }
}
