//! The authorization server.

mod authorize;
mod choice;
mod device;
mod discovery;
mod grant;
mod jwt;
mod page;
mod revoke;
mod token;

pub(crate) use authorize::authorize;
pub(crate) use choice::choose;
pub(crate) use device::{device_page, device_token, device_user_code};
pub(crate) use discovery::{discovery, jwks};
pub(crate) use grant::{issue, mint};
pub(crate) use jwt::Signer;
pub(crate) use page::front_page;
pub(crate) use revoke::revoke;
pub(crate) use token::{api_key, token};

pub use grant::Minted;
