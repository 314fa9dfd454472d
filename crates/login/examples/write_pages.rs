//! Writes every browser page with sample data into a folder, to look at them.
//!
//! `cargo run -p login --example write_pages -- FOLDER`

use std::path::PathBuf;
use std::{env, fs, io};

use credentials::IdToken;
use login::pages::{self, KeyHome, Who};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or("the folder to write the pages into is missing")?;
    fs::create_dir_all(&folder)?;
    for (name, page) in sample_pages()? {
        write(&folder.join(name).with_extension("html"), &page)?;
    }
    Ok(())
}

fn sample_pages() -> Result<Vec<(&'static str, String)>, Box<dyn std::error::Error>> {
    let who = Who {
        name: Some("Ada Lovelace"),
        email: Some("ada@example.com"),
        plan: Some("plus"),
        organization: Some("Analytical Engines"),
    };
    let home = KeyHome { organization: who.organization, project: Some("Default project") };
    let id_token = IdToken::new("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2FtcGxl")?;
    let link = pages::finish_setup_url("http://localhost:9", "plus", &id_token, "org-1", "proj-1");
    let mut all = vec![
        ("signed_in", pages::signed_in(&who).to_string()),
        ("finish_setup", pages::finish_setup(&who, &link).to_string()),
        ("key_created", pages::key_created(&home).to_string()),
    ];
    all.extend(constant_pages().map(|(name, page)| (name, page.to_owned())));
    Ok(all)
}

fn constant_pages() -> [(&'static str, &'static str); 9] {
    [
        ("sign_in_failed", pages::SIGN_IN_FAILED),
        ("key_failed", pages::KEY_FAILED),
        ("denied", pages::DENIED),
        ("state_mismatch", pages::STATE_MISMATCH),
        ("missing_code", pages::MISSING_CODE),
        ("not_found", pages::NOT_FOUND),
        ("wrong_request", pages::WRONG_REQUEST),
        ("forbidden", pages::FORBIDDEN),
        ("already_done", pages::ALREADY_DONE),
    ]
}

#[expect(
    clippy::disallowed_methods,
    reason = "sample pages may be torn by a crash; nothing of a sign-in is in them"
)]
fn write(path: &std::path::Path, page: &str) -> io::Result<()> {
    fs::write(path, page)
}
