use std::fmt;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder. Container tools create one if a file to mount is missing.
    Folder,
    /// A symbolic link.
    Link,
    /// A symbolic link to a missing folder, in a loop, or to an open file of a process.
    BrokenLink,
    /// Another kind of file, such as a named pipe, a socket or a device.
    Other,
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File => "a regular file",
            Self::Folder => "a folder",
            Self::Link => "a symbolic link",
            Self::BrokenLink => "a broken symbolic link",
            Self::Other => "not a regular file",
        })
    }
}
