mod defect;
mod misplaced;
mod shape;
mod unrepeated;

use std::io;
use std::marker::PhantomData;

use serde::de::DeserializeSeed;
use serde_path_to_error::Track;
use zeroize::Zeroizing;

pub(crate) use defect::Defect;

use crate::wipe::Tree;
use crate::{AuthDocument, Problem};
use misplaced::NoSecret;
use shape::{ObjectOf, Shape};
use unrepeated::Unrepeated;

/// Reads a document. First every object is searched for a key that occurs twice, then the fields
/// that have a meaning here are held against it, and only then is a tree made. Where nobody is signed
/// in, the sign-in may still be there in the way of another program.
pub(crate) fn parse(bytes: &[u8]) -> Result<AuthDocument, Defect> {
    let text = utf8(bytes)?;
    check(text, Unrepeated { again: false }, Problem::DuplicateKey)?;
    check(text, ObjectOf::<Shape>(PhantomData), Problem::Shape)?;
    let tree = serde_json::from_str(text)
        .map_err(|error| Defect::new(text, &error, None, Problem::Shape))?;
    let document = AuthDocument { tree: Tree(tree) };
    if !document.is_signed_in() {
        check(text, NoSecret, Problem::Misplaced)?;
    }
    Ok(document)
}

/// The document as it stands in the file. The length is counted first, so that the buffer never
/// grows and leaves a copy behind.
pub(crate) fn serialize(document: &AuthDocument) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut length = Length(0);
    serde_json::to_writer_pretty(&mut length, &document.tree.0)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer_pretty(&mut *bytes, &document.tree.0)?;
    Ok(bytes)
}

struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Defect> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(Defect::at(bytes, 0, Problem::ByteOrderMark));
    }
    std::str::from_utf8(bytes)
        .map_err(|error| Defect::at(bytes, error.valid_up_to(), Problem::Encoding))
}

/// Reads `text` by `seed` with an eye on the path; `problem` is what a value that JSON allows and
/// `seed` refuses stands for.
fn check<'a>(
    text: &'a str,
    seed: impl DeserializeSeed<'a>,
    problem: Problem,
) -> Result<(), Defect> {
    let mut input = serde_json::Deserializer::from_str(text);
    let mut track = Track::new();
    seed.deserialize(serde_path_to_error::Deserializer::new(&mut input, &mut track))
        .map_err(|error| Defect::new(text, &error, Some(&track.path()), problem))?;
    input.end().map_err(|error| Defect::new(text, &error, None, problem))
}

#[cfg(test)]
mod tests;
