use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::response::Refusal;

/// A prefix for the kind, and 32 random bytes.
pub(crate) fn secret(prefix: &str) -> Result<String, Refusal> {
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes::<32>()?)))
}

/// Eight letters and digits in two groups. No two of them look similar.
pub(crate) fn user_code() -> Result<String, Refusal> {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let letter = |byte: &u8| char::from(LETTERS[usize::from(byte % 32)]);
    let text: String = bytes::<8>()?.iter().map(letter).collect();
    let (front, back) = text.split_at(4);
    Ok(format!("{front}-{back}"))
}

fn bytes<const N: usize>() -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Refusal::server_error("the operating system gives no random bytes"))?;
    Ok(bytes)
}
