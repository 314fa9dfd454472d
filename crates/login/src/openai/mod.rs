//! OpenAI's facts: its registered clients, endpoints and claims, and the link that finishes a set-up.

mod claims;
mod clients;
mod device_code;
mod provider;
mod setup_link;

pub use claims::{AuthClaims, Claims, Mismatch, OpenAiClaims, OrganizationClaim};
pub use clients::{
    API_BASE, CREATE_API_KEY_CLIENT_ID, CREATE_API_KEY_PORT, CREATE_API_KEY_SCOPE,
    CREATE_API_KEY_USER_AGENT, ISSUER, REDIRECT_PATH, SIGN_IN_CLIENT_ID, SIGN_IN_OTHER_PORT,
    SIGN_IN_PORT, SIGN_IN_SCOPE,
};
pub use device_code::{DeviceGrant, exchange_device_grant, poll_device_code, request_device_code};
pub use provider::provider;
pub use setup_link::finish_setup_url;

pub(crate) use claims::check_same_person;
pub(crate) use provider::API_KEY_TOKEN;
