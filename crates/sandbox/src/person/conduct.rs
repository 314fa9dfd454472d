use url::Url;

/// What a user does with an authorization URL.
#[derive(Clone, Copy, Debug, Default)]
pub enum Conduct {
    /// Signs in, and follows every redirect to the last page.
    #[default]
    SignsIn,
    /// Presses "Cancel", and follows the redirects.
    Denies,
    /// Opens the sign-in page only.
    OnlyLooks,
    /// Signs in, and does not follow the redirect to the callback.
    StopsBeforeCallback,
    /// Signs in, and does not follow the redirect of the callback.
    StopsAfterCallback,
    /// Requests the callback with another `state`.
    AltersState,
    /// Requests the callback without the `code`.
    DropsCode,
    /// Requests the callback with a URL that this function changes.
    Rewrites(fn(&mut Url)),
}

impl Conduct {
    /// The changed callback URL.
    pub(super) fn rewrite(self, callback: &mut Url) {
        match self {
            Self::AltersState => keep_and_change(callback, "state", Some("not-the-state")),
            Self::DropsCode => keep_and_change(callback, "code", None),
            Self::Rewrites(rewrite) => rewrite(callback),
            _ => {}
        }
    }
}

/// Replaces or removes a parameter.
fn keep_and_change(url: &mut Url, changed: &str, value: Option<&str>) {
    let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let mut query = url.query_pairs_mut();
    query.clear();
    for (name, old) in &pairs {
        match (name == changed, value) {
            (false, _) => drop(query.append_pair(name, old)),
            (true, Some(new)) => drop(query.append_pair(name, new)),
            (true, None) => {}
        }
    }
}
