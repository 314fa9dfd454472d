//! OpenAI's facts: its registered clients, requests, endpoints and claims, and the link that finishes a
//! set-up.

mod api_key;
mod authorization_request;
mod claims;
mod clients;
mod device_code;
mod provider;
mod refresh_error;
mod setup_link;

pub use api_key::exchange_for_api_key;
pub use authorization_request::{create_api_key_query, sign_in_query};
pub use claims::{
    AuthClaims, Claims, Mismatch, MissingClaim, OpenAiClaims, OrganizationClaim, ProfileClaims,
};
pub use clients::{
    API_AUDIENCE, API_BASE, CREATE_API_KEY_CLIENT_ID, CREATE_API_KEY_PORT, CREATE_API_KEY_SCOPE,
    CREATE_API_KEY_USER_AGENT, ISSUER, REDIRECT_PATH, SIGN_IN_CLIENT_ID, SIGN_IN_OTHER_PORT,
    SIGN_IN_PORT, SIGN_IN_SCOPE,
};
pub use device_code::DeviceCodeFlow;
pub use provider::{create_api_key_provider, provider};
pub use refresh_error::{is_refresh_token_reused, requires_reauthentication};
pub use setup_link::{finish_setup_url, platform_url};

pub(crate) use claims::{check_access_token, check_same_person, is_certainly_another_person};
