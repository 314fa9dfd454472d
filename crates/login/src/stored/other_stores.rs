use std::fmt;
use std::sync::Arc;

use auth_store::AuthStore;

/// Another place of this machine where a sign-in may be stored, such as that of another profile.
#[derive(Clone, Debug)]
pub struct OtherStore {
    /// What people call it.
    pub name: String,
    /// What is stored there.
    pub store: AuthStore,
}

/// Finds the other places of this machine where sign-ins may be stored. It is asked when something is about
/// to be revoked, because there may be more of them by then.
#[derive(Clone, Default)]
pub struct OtherStores(Option<Arc<FindStores>>);

type FindStores = dyn Fn() -> Vec<OtherStore> + Send + Sync;

impl OtherStores {
    /// `find` reads the disk, and is called where that may block.
    #[must_use]
    pub fn new(find: impl Fn() -> Vec<OtherStore> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(find)))
    }

    pub(super) fn find(&self) -> Vec<OtherStore> {
        self.0.as_ref().map(|find| find()).unwrap_or_default()
    }
}

impl fmt::Debug for OtherStores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OtherStores")
    }
}
