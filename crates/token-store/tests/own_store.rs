//! The example of a store.

#[expect(dead_code, reason = "the test has no `main`")]
#[path = "../examples/own_store.rs"]
mod own_store;

use std::time::Duration;

use own_store::OwnStore;
use token_store::{
    AccessToken, Commit, RefreshToken, RefreshedTokens, SharedStore, StoreGuard as _, StoredTokens,
};

#[tokio::test]
async fn own_store_keeps_the_new_tokens_and_what_another_program_has_stored() {
    let folder = tempfile::tempdir().unwrap();
    let store = OwnStore(folder.path().to_owned());
    let tokens = |refresh_token: &str| {
        let json = format!(r#"{{"access_token":"old","refresh_token":"{refresh_token}"}}"#);
        StoredTokens::from_json(&json).unwrap()
    };
    for (stored, is_stored) in [("spent", true), ("of another program", false)] {
        store.save(&tokens(stored)).await.unwrap();
        let mut guard = store.try_lock().await.unwrap().locked().unwrap();
        assert!(store.try_lock().await.unwrap().locked().is_none());
        let refreshed = RefreshedTokens {
            access_token: Some(AccessToken::new("new").unwrap()),
            refresh_token: Some(RefreshToken::new("next").unwrap()),
            ..RefreshedTokens::default()
        };
        guard.reserve(Duration::from_secs(30)).await.unwrap();
        let spent = RefreshToken::new("spent").unwrap();
        let outcome = guard.commit(tokens("spent"), refreshed, spent).await.unwrap();
        assert_eq!(matches!(outcome, Commit::Stored(_)), is_stored);
        let expected = if is_stored { "next" } else { stored };
        let taken = store.take().await.unwrap().unwrap();
        assert!(taken.has(&RefreshToken::new(expected).unwrap()));
        assert!(store.take().await.unwrap().is_none());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the lock");
    }
}
