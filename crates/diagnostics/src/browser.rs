use std::path::{self, Path, PathBuf};

/// The first program that `browser`, the value of `BROWSER`, names, if none of those that it names
/// exists. It may name several, separated by colons, each with arguments.
///
/// A name without a separator is looked up in the folders of `path` that are absolute.
#[must_use]
pub fn missing_browser<'a>(browser: &'a str, path: &[PathBuf]) -> Option<&'a str> {
    let mut programs = browser.split(':').filter_map(|it| it.split_ascii_whitespace().next());
    let first = programs.clone().next()?;
    let folders = || path.iter().filter(|folder| folder.is_absolute());
    let exists = |program: &str| match program.contains(path::is_separator) {
        true => Path::new(program).is_file(),
        false => folders().any(|folder| folder.join(program).is_file()),
    };
    (!programs.any(exists)).then_some(first)
}
