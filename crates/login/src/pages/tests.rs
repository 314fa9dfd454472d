use super::*;
use crate::openai::finish_setup_url;
use credentials::IdToken;

const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiI3ZjMxIn0.Y2FuYXJ5";

fn link() -> Zeroizing<String> {
    let token = IdToken::new(TOKEN).unwrap();
    finish_setup_url("https://platform.openai.com", "plus", &token, "org-1", "p")
}

fn pages_about(text: &str) -> [Zeroizing<String>; 3] {
    let some = Some(text);
    let who = ["Name", "Email", "Plan", "Organization", "API key"].map(|term| (term, some));
    [signed_in(&who), finish_setup(&who, &link()), key_created(text, text)]
}

fn every_page() -> Vec<String> {
    let constant = [
        LOGGED_IN,
        CHOOSE,
        SIGN_IN_FAILED,
        KEY_FAILED,
        DENIED,
        STATE_MISMATCH,
        OTHER_CODE,
        MISSING_CODE,
        NOT_FOUND,
        WRONG_REQUEST,
        FORBIDDEN,
        ALREADY_DONE,
    ];
    let nobody = [signed_in(&[]), finish_setup(&[], &link()), key_created("", "")];
    let with_data = pages_about("Ada").into_iter().chain(nobody);
    let with_data = with_data.map(|page| page.to_string());
    with_data.chain(constant.map(str::to_owned)).collect()
}

/// The name of each tag in order, a closing one with its slash. The style has no tags in it.
fn tags(page: &str) -> Vec<&str> {
    let pieces = page.split('<').skip(1);
    pieces.map(|piece| piece.split([' ', '>', '\n']).next().unwrap()).collect()
}

#[track_caller]
fn assert_well_formed(page: &str) {
    const VOID: [&str; 4] = ["!doctype", "meta", "path", "rect"];
    let mut open = Vec::new();
    for tag in tags(page).into_iter().filter(|tag| !VOID.contains(tag)) {
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop(), Some(closed), "{page}"),
            None => open.push(tag),
        }
    }
    assert!(open.is_empty(), "{open:?} stay open in {page}");
    assert_eq!(page.matches('<').count(), page.matches('>').count());
    assert_eq!(page.matches('"').count() % 2, 0, "{page}");
}

fn texts<'a>(page: &'a str, tag: &str) -> Vec<&'a str> {
    let opening = format!("<{tag}>");
    let closing = format!("</{tag}>");
    let pieces = page.split(&opening).skip(1);
    pieces.map(|piece| piece.split(&closing).next().unwrap()).collect()
}

#[test]
fn every_page_is_a_whole_document() {
    for page in every_page() {
        assert_well_formed(&page);
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">\n"));
        assert!(page.ends_with("</html>\n"));
        for tag in ["title", "h1"] {
            let found = texts(&page, tag);
            assert!(matches!(found[..], [text] if !text.is_empty()), "{page}");
        }
        assert!(!page.contains("{{"), "an empty slot: {page}");
    }
}

#[test]
fn every_page_says_to_close_the_tab_and_return_to_the_terminal() {
    for page in every_page() {
        let words = page.to_lowercase();
        assert!(words.contains("close this tab"), "{page}");
        assert!(words.contains("go back to the terminal"), "{page}");
    }
}

#[test]
fn titles_tell_the_pages_apart() {
    let pages = every_page();
    let mut titles: Vec<_> = pages.iter().flat_map(|page| texts(page, "title")).collect();
    titles.sort_unstable();
    titles.dedup();
    // The three pages with data are there twice, with and without it.
    assert_eq!(titles.len(), pages.len() - 3, "{titles:?}");
}

/// The name of each attribute in order.
fn attributes(page: &str) -> Vec<&str> {
    let pieces = page.split('<').skip(1);
    let inside = pieces.map(|piece| piece.split('>').next().unwrap());
    // Every second piece between quotes is outside of them.
    let outside = inside.flat_map(|tag| tag.split('"').step_by(2));
    outside
        .filter_map(|piece| piece.strip_suffix('='))
        .map(|piece| piece.rsplit(' ').next().unwrap())
        .collect()
}

// threats 54
#[test]
fn pages_have_no_scripts_or_resources() {
    const TAGS: &str = "!doctype html head meta title style body main svg rect path \
        div h1 p code dl dt dd bdi a footer";
    const ATTRIBUTES: &str = "lang charset name content http-equiv class role href rel \
        viewBox aria-hidden x y width height rx d";
    for page in every_page() {
        for tag in tags(&page) {
            let name = tag.trim_start_matches('/');
            assert!(TAGS.split_whitespace().any(|tag| tag == name), "{tag}");
        }
        for name in attributes(&page) {
            assert!(ATTRIBUTES.split_whitespace().any(|a| a == name), "{name}");
        }
        let page = page.replace(&*text::escaped(&link()), "");
        for asset in ["http:", "https:", "//", "url(", "@import", "data:", "javascript:"] {
            assert!(!page.contains(asset), "{asset} in {page}");
        }
    }
}

/// Who looks for these words finds them with and without our pages.
#[test]
fn error_pages_have_the_words_of_the_default_pages() {
    assert!(STATE_MISMATCH.contains("State parameter mismatch"));
    assert!(MISSING_CODE.contains("Missing authorization code"));
}

#[test]
fn finish_setup_page_has_a_timed_redirect_and_a_link() {
    let [_, page, _] = pages_about("Ada");
    let link = "https://platform.openai.com/org-setup\
        ?p=plus&amp;t=eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiI3ZjMxIn0.Y2FuYXJ5\
        &amp;with_org=org-1&amp;project_id=p";
    for way in [
        format!("<meta http-equiv=\"refresh\" content=\"5; url={link}\">"),
        format!("<a class=\"button\" href=\"{link}\" rel=\"noopener noreferrer\">"),
        "by itself in 5 seconds".to_owned(),
    ] {
        assert!(page.contains(&way), "{way}");
    }
}

#[test]
fn id_token_is_on_one_page_only() {
    for page in every_page() {
        let has_link = page.contains("/org-setup");
        assert_eq!(page.contains(TOKEN), has_link);
        assert_eq!(page.contains("http-equiv"), has_link);
    }
}

// threats 19 140 192
#[test]
fn hostile_names_change_only_their_text() {
    let megabyte = "<b>\u{202e}".repeat(200_000);
    for hostile in [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "' onload='x",
        "</bdi></dd></dl></main><h1>Owned</h1>",
        "<!--",
        "</style><style>*{display:none}",
        "{{link}}{{details}}",
        "a\u{202e}b\u{2066}c\u{200b}d",
        "\r\n\r\nHTTP/1.1 200 OK\u{1b}]52;c;x\u{7}\0",
        megabyte.as_str(),
    ] {
        let harmless = pages_about("Ada");
        for (page, harmless) in pages_about(hostile).iter().zip(&harmless) {
            assert_well_formed(page);
            assert_eq!(tags(page), tags(harmless), "{hostile:.40}");
            let strange = |c: char| c.is_control() && c != '\n';
            assert!(!page.contains(strange), "{hostile:.40}");
            assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{200b}']));
            assert!(page.len() < harmless.len() + 4 * 80 * "&quot;".len());
        }
    }
}
