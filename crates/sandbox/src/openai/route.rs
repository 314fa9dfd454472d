use crate::endpoint::Endpoint;
use crate::openai::world::World;
use crate::openai::{issuer, platform};
use crate::record::Recorded;
use crate::response::{Refusal, Response};

/// The normal response to a request.
pub(crate) fn respond(world: &World, side: Side, request: &Recorded) -> Response {
    if !side.serves(&request.endpoint) {
        return not_found().into();
    }
    if !methods(&request.endpoint).contains(&request.method.as_str()) {
        return wrong_method(&request.endpoint);
    }
    dispatch(world, request).unwrap_or_else(Into::into)
}

fn dispatch(world: &World, request: &Recorded) -> Result<Response, Refusal> {
    match request.endpoint {
        Endpoint::Root => Ok(issuer::front_page()),
        Endpoint::Authorize => Ok(issuer::authorize(world, request)),
        Endpoint::Choice => Ok(issuer::choose(world, request)),
        Endpoint::Token
        | Endpoint::TokenCode
        | Endpoint::TokenRefresh
        | Endpoint::TokenExchange => issuer::token(world, request),
        Endpoint::Revoke => issuer::revoke(world, request),
        Endpoint::DeviceUserCode => issuer::device_user_code(world, request),
        Endpoint::DeviceToken => issuer::device_token(world, request),
        Endpoint::DevicePage => Ok(issuer::device_page(world, request)),
        Endpoint::Discovery => Ok(issuer::discovery(world)),
        Endpoint::Jwks => Ok(issuer::jwks(world)),
        Endpoint::Onboarding => platform::onboarding(world, request),
        Endpoint::Organizations => platform::organizations(world, request),
        Endpoint::Projects | Endpoint::ApiKeys => organization_endpoint(world, request),
        Endpoint::Any | Endpoint::Path(_) | Endpoint::Unknown => Err(not_found()),
    }
}

/// The ids in the path are decoded one segment at a time, so that an id may hold a slash.
fn organization_endpoint(world: &World, request: &Recorded) -> Result<Response, Refusal> {
    let segments = request.segments().unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [_, _, organization, _] => platform::projects(world, request, organization),
        [_, _, organization, _, project, _] => {
            platform::api_keys(world, request, organization, project)
        }
        _ => Err(not_found()),
    }
}

fn methods(endpoint: &Endpoint) -> &'static [&'static str] {
    match endpoint {
        Endpoint::DevicePage => &["GET", "POST"],
        Endpoint::Root
        | Endpoint::Authorize
        | Endpoint::Discovery
        | Endpoint::Jwks
        | Endpoint::Organizations
        | Endpoint::Projects
        | Endpoint::Unknown => &["GET", "HEAD"],
        _ => &["POST"],
    }
}

fn wrong_method(endpoint: &Endpoint) -> Response {
    let refusal = Refusal::platform(405, "method_not_allowed", "This method is not allowed here.");
    Response::from(refusal).with("allow", &methods(endpoint).join(", "))
}

fn not_found() -> Refusal {
    Refusal::platform(404, "not_found", "There is nothing here.")
}

/// The endpoints of a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Issuer,
    Api,
    Both,
}

impl Side {
    pub(crate) fn serves(self, endpoint: &Endpoint) -> bool {
        match self {
            Self::Both => true,
            // Both serve `/`, to open a connection early.
            Self::Api => endpoint.is_api() || *endpoint == Endpoint::Root,
            Self::Issuer => !endpoint.is_api(),
        }
    }
}
