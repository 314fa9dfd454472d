/// Whether it is a valid user name (`useradd(8)`). Such a name needs no quotes in a shell.
pub(crate) fn is_user_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let is_first = bytes.next().is_some_and(|it| it.is_ascii_alphabetic() || it == b'_');
    let is_next = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-' | b'.');
    is_first && name.len() <= 32 && bytes.all(is_next)
}
