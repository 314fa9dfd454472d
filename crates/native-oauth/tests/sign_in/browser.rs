//! A browser that follows redirects and shows pages, and does nothing else.

use std::io::Write as _;
use std::net::TcpStream;

use native_oauth::{BrowserError, Url};

use crate::http::{Message, read_message};

fn get(url: &Url) -> Message {
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let mut connection = TcpStream::connect(&host).unwrap();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("{}{query}", url.path());
    write!(connection, "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        .unwrap();
    read_message(&mut connection).unwrap().unwrap()
}

/// Where the provider sends the browser.
pub(crate) fn redirect_of(url: &Url) -> Url {
    get(url).header("location").unwrap().parse().unwrap()
}

/// What the browser shows at this URL.
pub(crate) fn final_page(url: &Url) -> String {
    get(url).body
}

/// Opens the URL and takes the response of the provider to the client, by a redirect or by a form. Returns
/// the page that the client shows.
pub(crate) fn deliver(url: &Url) -> String {
    let response = get(url);
    match response.header("location") {
        Some(location) => final_page(&location.parse().unwrap()),
        None => post_form(&response.body.parse().unwrap()),
    }
}

/// Posts the query of the URL.
fn post_form(action: &Url) -> String {
    let body = action.query().unwrap();
    let host = format!("{}:{}", action.host_str().unwrap(), action.port().unwrap());
    let mut connection = TcpStream::connect(&host).unwrap();
    let (path, length) = (action.path(), body.len());
    write!(
        connection,
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n{body}"
    )
    .unwrap();
    read_message(&mut connection).unwrap().unwrap().body
}

/// Signs in.
pub(crate) fn follow(url: &Url) -> Result<(), BrowserError> {
    let page = deliver(url);
    assert!(page.contains("Sign-in is finished"), "{page}");
    Ok(())
}

/// Denies the sign-in.
pub(crate) fn deny(url: &Url) -> Result<(), BrowserError> {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("deny", "1");
    final_page(&redirect_of(&url));
    Ok(())
}
