//! Counts in a file that any number of processes share.

use shared_file::{Error, SharedFile};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let file = SharedFile::new(folder.path().join("my-app/count"));
    assert_eq!(increment(&file)?, 1);
    assert_eq!(increment(&file)?, 2);
    Ok(())
}

fn increment(file: &SharedFile) -> Result<u32, Error> {
    let mut locked = file.lock()?;
    let count = locked.read(parse)?.unwrap_or_default() + 1;
    locked.replace(count.to_string().into_bytes().into())?;
    Ok(count)
}

/// What is not a number counts as nothing here.
fn parse(content: &[u8]) -> Result<Option<u32>, Error> {
    Ok(std::str::from_utf8(content).ok().and_then(|text| text.parse().ok()))
}
