use credentials::ApiKey;
use http_client::retry_if_not_sent;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::{Call, Error, decoded};
use crate::id::{OrganizationId, ProjectId};
use crate::session::Session;

#[derive(Deserialize)]
struct Created {
    key: Sensitive,
}

#[derive(Deserialize)]
struct Sensitive {
    sensitive_id: ApiKey,
}

impl Session {
    /// Creates an API key in a project. The platform lists it as `name`, and returns the key only
    /// once.
    ///
    /// The request is retried only if the first attempt provably did not reach the server, because
    /// each success creates a key.
    ///
    /// # Errors
    ///
    /// [`Error`], with [`Call::CreateApiKey`]. If [`Error::may_have_created_key`], a key with this
    /// name may exist.
    pub async fn create_api_key(
        &self,
        organization: &OrganizationId,
        project: &ProjectId,
        name: &str,
    ) -> Result<ApiKey, Error> {
        let path = keys_path(organization, project);
        let request = create_request(name);
        let response = retry_if_not_sent(|| self.post(&path).send_json(&request)).await;
        let Created { key } = decoded(Call::CreateApiKey, response)?;
        Ok(key.sensitive_id)
    }
}

fn create_request(name: &str) -> Value {
    json!({ "action": "create", "name": name })
}

fn keys_path(organization: &OrganizationId, project: &ProjectId) -> String {
    let (organization, project) = (organization.segment(), project.segment());
    format!("/dashboard/organizations/{organization}/projects/{project}/api_keys")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn create_request_has_the_name_and_encoded_ids() {
        assert_eq!(
            create_request("Codex CLI").to_string(),
            r#"{"action":"create","name":"Codex CLI"}"#
        );
        let organization = OrganizationId::new("o/1").unwrap();
        let project = ProjectId::new("p/2").unwrap();
        assert_eq!(
            keys_path(&organization, &project),
            "/dashboard/organizations/o%2F1/projects/p%2F2/api_keys"
        );
    }

    // threats 85 142
    #[test]
    fn invalid_key_is_none() {
        let read = |id: &str| {
            serde_json::from_str::<Created>(&format!(
                r#"{{"key":{{"id":"k","sensitive_id":{id}}}}}"#
            ))
        };
        assert_eq!(read("\"sk-1\"").unwrap().key.sensitive_id.expose(), "sk-1");
        for odd in ["null", "\"\"", "7", r#""a\r\nb""#, "\"a b\"", "{}"] {
            assert!(read(odd).is_err(), "{odd}");
        }
    }
}
