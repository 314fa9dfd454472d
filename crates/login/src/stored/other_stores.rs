use std::fmt;
use std::sync::Arc;

use auth_store::AuthStore;

/// Another store of this machine, such as that of another profile.
#[derive(Clone, Debug)]
pub struct OtherStore {
    /// Its display name.
    pub name: String,
    /// The store.
    pub store: AuthStore,
}

/// Finds the other stores of this machine. It runs before a revocation, because there may be new stores
/// by then.
#[derive(Clone, Default)]
pub struct OtherStores(Option<Arc<FindStores>>);

type FindStores = dyn Fn() -> Vec<OtherStore> + Send + Sync;

impl OtherStores {
    /// `find` may block.
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
