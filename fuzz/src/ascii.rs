//! Which texts may be tokens and ids
//! ([RFC 6749 appendix A](https://www.rfc-editor.org/rfc/rfc6749#appendix-A)).

/// Whether a text can stand in a header and ends none.
pub fn is_visible(text: &str) -> bool {
    !text.contains(' ') && is_visible_or_space(text)
}

pub fn is_visible_or_space(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}
