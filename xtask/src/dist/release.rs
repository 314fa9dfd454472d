//! What all files of a release have in common: version, address, time.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::Timestamp;

use super::targets::Target;
use super::{Outcome, said};

/// What to do about a file of the release that is not there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It gets a replacement: the checksum of an archive is zeros, which no file has.
    Replaced,
    /// It is an error.
    Refused,
}

/// A release.
pub(super) struct Release {
    pub(super) root: PathBuf,
    /// Each target has a folder there.
    pub(super) dist: PathBuf,
    pub(super) version: String,
    repository: String,
    /// The time of the last commit, which every packed file gets.
    pub(super) time: Timestamp,
}

impl Release {
    pub(super) fn read(root: &Path) -> Outcome<Self> {
        let metadata = cargo_metadata::MetadataCommand::new().current_dir(root).no_deps().exec()?;
        let program = metadata.packages.iter().find(|package| package.name == "login-cli");
        let program = program.ok_or("the workspace has no package login-cli")?;
        Ok(Self {
            root: metadata.workspace_root.into(),
            dist: metadata.target_directory.join("dist").into(),
            version: program.version.to_string(),
            repository: program.repository.clone().ok_or("login-cli has no repository")?,
            time: last_commit(root)?,
        })
    }

    /// Checks that a release with this address has this version and repository.
    ///
    /// # Errors
    ///
    /// It has another.
    pub(super) fn is_at(&self, address: &str) -> Outcome<()> {
        let expected = format!("{}/releases/tag/v{}", self.repository, self.version);
        if address == expected {
            return Ok(());
        }
        Err(format!("{address} is not {expected}; Cargo.toml has the repository and the version")
            .into())
    }

    /// The section of this version in the changelog; before the release that of unreleased changes.
    ///
    /// # Errors
    ///
    /// It has none.
    pub(super) fn changes(&self, missing: Missing) -> Outcome<String> {
        self.section(&fs::read_to_string(self.root.join("CHANGELOG.md"))?, missing)
    }

    fn section(&self, text: &str, missing: Missing) -> Outcome<String> {
        let sections =
            || text.split("\n## ").skip(1).filter_map(|section| section.split_once('\n'));
        let of = |name: &str| {
            sections().find(|(title, _)| title.split_whitespace().next() == Some(name))
        };
        let unreleased = || (missing == Missing::Replaced).then(|| of("Unreleased")).flatten();
        let found = of(&self.version).or_else(unreleased);
        Ok(found.ok_or("CHANGELOG.md has no section for this version")?.1.trim().to_owned() + "\n")
    }

    /// As `2026-11-22`.
    pub(super) fn day(&self) -> String {
        self.time.strftime("%Y-%m-%d").to_string()
    }

    /// Replaces each `{{NAME}}` of a template. `more` has the names that are not the same everywhere.
    ///
    /// # Errors
    ///
    /// A name is unknown.
    pub(super) fn fill(
        &self,
        template: &str,
        more: impl Fn(&str) -> Option<String>,
    ) -> Outcome<String> {
        let mut parts = template.split("{{");
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (name, rest) = part.split_once("}}").ok_or("`{{` without `}}`")?;
            let value = self.value(name).or_else(|| more(name));
            text += &value.ok_or_else(|| format!("{{{{{name}}}}} is unknown"))?;
            text += rest;
        }
        Ok(text)
    }

    fn value(&self, name: &str) -> Option<String> {
        let download = || format!("{}/releases/download/v{}", self.repository, self.version);
        Some(match name {
            "version" => self.version.clone(),
            "repository" => self.repository.clone(),
            "download" => download(),
            "day" => self.day(),
            "time" => self.time.to_string(),
            "rfc2822" => self.time.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string(),
            _ => {
                let target = Target::find(name.strip_prefix("url:")?)?;
                format!("{}/{}", download(), target.archive(&self.version))
            }
        })
    }
}

/// A constant where there is no repository. Every checksum depends on it, so an error of git is one of the build.
fn last_commit(root: &Path) -> Outcome<Timestamp> {
    if !root.join(".git").exists() {
        return Ok(Timestamp::constant(1_767_225_600, 0));
    }
    let mut git = Command::new("git");
    git.args(["-c", "log.showSignature=false", "log", "-1", "--format=%ct"]).current_dir(root);
    let said = String::from_utf8(said(&mut git)?)?;
    Ok(Timestamp::from_second(said.trim().parse()?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release() -> Release {
        Release {
            root: PathBuf::new(),
            dist: PathBuf::new(),
            version: "1.2.3".to_owned(),
            repository: "https://a.test/b".to_owned(),
            time: Timestamp::constant(1_767_225_600, 0),
        }
    }

    #[test]
    fn release_notes_are_the_section_of_the_version() {
        let text = "# Changelog\n\n## Unreleased\n\nnew\n\n## 1.2.3 - 2026-01-01\n\nold\n";
        assert_eq!(release().section(text, Missing::Refused).unwrap(), "old\n");
        let unreleased = "# Changelog\n\n## Unreleased\n\nnew\n";
        assert_eq!(release().section(unreleased, Missing::Replaced).unwrap(), "new\n");
        assert!(release().section(unreleased, Missing::Refused).is_err());
    }

    #[test]
    fn templates_are_filled_and_unknown_names_are_errors() {
        let release = release();
        let fill = |text| release.fill(text, |name| (name == "x").then(|| "y".to_owned()));
        assert_eq!(
            fill("a {{version}}{{x}} #{bin} {{day}}").unwrap(),
            "a 1.2.3y #{bin} 2026-01-01"
        );
        assert_eq!(fill("{{rfc2822}}").unwrap(), "Thu, 01 Jan 2026 00:00:00 +0000");
        let url =
            "https://a.test/b/releases/download/v1.2.3/login-cli-1.2.3-x86_64-pc-windows-msvc.zip";
        assert_eq!(fill("{{url:x86_64-pc-windows-msvc}}").unwrap(), url);
        assert_eq!(fill("{{z}}").unwrap_err().to_string(), "{{z}} is unknown");
    }
}
