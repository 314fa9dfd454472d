//! Writes every browser page, as the sandbox's people would see it, into a folder to look at.
//!
//! `cargo run -p login --example write_pages -- FOLDER`

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use credentials::IdToken;
use login::pages;
use sandbox::Account;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args_os().nth(1).map(PathBuf::from);
    write_into(&folder.ok_or("the folder to write the pages into is missing")?)
}

pub(crate) fn write_into(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    for (name, page) in sample_pages()? {
        write(&folder.join(name).with_extension("html"), &page)?;
    }
    Ok(())
}

fn sample_pages() -> Result<Vec<(&'static str, String)>, Box<dyn Error>> {
    let (owner, new_owner, member) = (Account::owner(), Account::new_owner(), Account::member());
    let id_token = IdToken::new("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2FtcGxl")?;
    let link =
        login::openai::finish_setup_url("http://localhost:9", "pro", &id_token, "org-1", "proj-1");
    let no_api_key = Some("None: this account has no API organization");
    let mut all = vec![
        ("signed_in", pages::signed_in(&who(&owner, None)).to_string()),
        ("signed_in_without_key", pages::signed_in(&who(&member, no_api_key)).to_string()),
        ("finish_setup", pages::finish_setup(&who(&new_owner, None), &link).to_string()),
        ("key_created", key_created(&owner)),
    ];
    all.extend(constant_pages().map(|(name, page)| (name, page.to_owned())));
    Ok(all)
}

/// A token has the organization's id, and no title.
fn who<'a>(account: &'a Account, no_api_key: Option<&'a str>) -> [(&'a str, Option<&'a str>); 5] {
    [
        ("Name", Some(&account.name)),
        ("Email", Some(&account.email)),
        ("Plan", account.plan.as_deref()),
        ("Organization", account.organization_id.as_deref()),
        ("API key", no_api_key),
    ]
}

/// The platform has titles.
fn key_created(account: &Account) -> String {
    let organization = account.organizations.first();
    let project = organization.and_then(|organization| organization.projects.first());
    let organization = organization.and_then(|organization| organization.title.as_deref());
    let project = project.and_then(|project| project.title.as_deref());
    pages::key_created(organization.unwrap_or_default(), project.unwrap_or_default()).to_string()
}

fn constant_pages() -> [(&'static str, &'static str); 11] {
    [
        ("logged_in", pages::LOGGED_IN),
        ("choose", pages::CHOOSE),
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
fn write(path: &Path, page: &str) -> io::Result<()> {
    fs::write(path, page)
}
