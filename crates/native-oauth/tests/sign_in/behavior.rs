//! In what a provider can differ.

use serde_json::{Value, json};

/// In what the provider differs from the standards, or from the defaults.
#[derive(Clone)]
pub(crate) struct Behavior {
    /// What the issuer ends with.
    pub(crate) issuer_suffix: &'static str,
    /// Where the metadata is.
    pub(crate) metadata_path: &'static str,
    /// Fields of the metadata; a null removes one.
    pub(crate) metadata: Value,
    /// Fields of the metadata that are null.
    pub(crate) metadata_nulls: &'static [&'static str],
    /// Claims of ID tokens; a null removes one.
    pub(crate) claims: Value,
    /// Fields of token responses.
    pub(crate) tokens: Value,
    /// The header of ID tokens.
    pub(crate) header: Value,
    /// The key that signs, as a number of [`Keys`](crate::signing::Keys).
    pub(crate) signs_with: usize,
    /// What stands in place of the signature.
    pub(crate) signature: Option<&'static str>,
    /// The keys that are published, and whether they have their `kid`.
    pub(crate) publishes: (Vec<usize>, bool),
    /// Members of these keys.
    pub(crate) key_members: Value,
    /// Published before these keys.
    pub(crate) more_keys: Vec<Value>,
    /// Parameters of the callback; a null removes one, a list repeats one.
    pub(crate) callback: Value,
    /// The response to each request at a path.
    pub(crate) response: Option<(&'static str, String)>,
    /// The response to each code.
    pub(crate) code_error: Option<(u16, Value)>,
    /// The nonce that proofs need.
    pub(crate) dpop_nonce: Option<&'static str>,
    /// No proof is good enough.
    pub(crate) refuses_proofs: bool,
    /// The `expires_in` of a pushed request.
    pub(crate) pushed_lifetime: Value,
    /// The status of errors that a device code gets.
    pub(crate) device_status: u16,
}

impl Default for Behavior {
    fn default() -> Self {
        Self {
            issuer_suffix: "",
            metadata_path: "/.well-known/openid-configuration",
            metadata: json!({}),
            metadata_nulls: &[],
            claims: json!({}),
            tokens: json!({}),
            header: json!({"alg": "ES256", "kid": "key-0"}),
            signs_with: 0,
            signature: None,
            publishes: (vec![0], true),
            key_members: json!({}),
            more_keys: Vec::new(),
            callback: json!({}),
            response: None,
            code_error: None,
            dpop_nonce: None,
            refuses_proofs: false,
            pushed_lifetime: json!(60),
            device_status: 400,
        }
    }
}
