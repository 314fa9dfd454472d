//! The examples that are not on a front page.

#[expect(dead_code, reason = "the example's `main` is not called here")]
#[path = "../examples/write_pages.rs"]
mod write_pages;

use std::fs;

#[test]
fn write_pages_writes_all_pages() {
    let folder = tempfile::tempdir().unwrap();
    write_pages::write_into(&folder.path().join("pages")).unwrap();
    let page = |name: &str| fs::read_to_string(folder.path().join("pages").join(name)).unwrap();
    let shows = |name: &str, texts: &[&str]| {
        let page = page(name);
        assert!(page.ends_with("</html>\n"), "{name}");
        assert!(texts.iter().all(|text| page.contains(text)), "{name}: {texts:?} in {page}");
    };
    shows("signed_in.html", &["Ada Lovelace", "ada@example.com", ">plus<", ">org-ada<"]);
    shows("finish_setup.html", &["Grace Hopper", ">pro<", "/org-setup?p=pro"]);
    shows("key_created.html", &["Analytical Engines", "Default project"]);
    assert_eq!(fs::read_dir(folder.path().join("pages")).unwrap().count(), 15);
}
