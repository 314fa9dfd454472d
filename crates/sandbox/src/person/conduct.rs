use url::Url;

/// What somebody does with an authorization URL.
#[derive(Clone, Copy, Debug, Default)]
pub enum Conduct {
    /// Signs in, and follows every redirect to the last page.
    #[default]
    SignsIn,
    /// Presses "Cancel", and follows the redirects.
    Denies,
    /// Opens the sign-in page and leaves it at that.
    OnlyLooks,
    /// Signs in, and never gets to the callback: the trail ends with the redirect to it.
    StopsBeforeCallback,
    /// Signs in, and closes the tab when the callback has answered: its redirect is not followed.
    StopsAfterCallback,
    /// Comes to the callback with another `state`.
    AltersState,
    /// Comes to the callback without the `code`.
    DropsCode,
    /// Comes to the callback with a URL that this function changed.
    Rewrites(fn(&mut Url)),
}

impl Conduct {
    /// What becomes of the callback's URL.
    pub(super) fn rewrite(self, callback: &mut Url) {
        match self {
            Self::AltersState => keep_and_change(callback, "state", Some("not-the-state")),
            Self::DropsCode => keep_and_change(callback, "code", None),
            Self::Rewrites(rewrite) => rewrite(callback),
            _ => {}
        }
    }
}

/// Puts another value in the place of one parameter, or takes it away.
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
