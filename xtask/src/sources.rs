use std::fs;
use std::io;
use std::path::Path;

/// A Rust file of ours.
pub(crate) struct Source {
    /// From the workspace's folder, with `/` on every platform.
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Every Rust file under `crates/` and `xtask/`, in the order of their paths.
///
/// # Errors
///
/// The operating system's, when a file cannot be read.
pub(crate) fn rust_sources(root: &Path) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    for top in ["crates", "xtask"] {
        collect(root, top, &mut sources)?;
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(sources)
}

fn collect(root: &Path, folder: &str, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(root, &path, sources)?;
        } else if path.ends_with(".rs") {
            let text = fs::read_to_string(entry.path())?;
            sources.push(Source { path, text });
        }
    }
    Ok(())
}
