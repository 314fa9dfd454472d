use serde_json::Value;

use crate::record::Recorded;
use crate::response::Refusal;

/// The parameters of a request, by name. A duplicate name is an error
/// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn from_query(request: &Recorded) -> Result<Self, Refusal> {
        Self::unique(request.query_pairs())
    }

    /// The body: a form or a JSON object of strings.
    pub(crate) fn from_body(request: &Recorded) -> Result<Self, Refusal> {
        let content_type = request.header("content-type").unwrap_or_default();
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/x-www-form-urlencoded" => Self::unique(request.form()),
            "application/json" => Self::unique(texts(request)?),
            _ => Err(invalid("the body is neither a form nor JSON")),
        }
    }

    /// A parameter without a value is treated as absent
    /// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let mut all = self.0.iter();
        all.find(|(candidate, value)| candidate == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| invalid(format!("{name} is missing")))
    }

    /// The parameter, if it has a known value.
    pub(crate) fn required_one_of(&self, name: &str, known: &[&str]) -> Result<&str, Refusal> {
        let value = self.required(name)?;
        if known.contains(&value) {
            Ok(value)
        } else {
            Err(invalid(format!("{name} must be {}", known.join(" or "))))
        }
    }

    fn unique(pairs: Vec<(String, String)>) -> Result<Self, Refusal> {
        let mut names: Vec<&String> = pairs.iter().map(|(name, _)| name).collect();
        names.sort();
        if names.windows(2).any(|two| two[0] == two[1]) {
            return Err(invalid("a parameter comes twice"));
        }
        Ok(Self(pairs))
    }
}

fn texts(request: &Recorded) -> Result<Vec<(String, String)>, Refusal> {
    let Some(Value::Object(fields)) = request.json() else {
        return Err(invalid("the body is not a JSON object"));
    };
    let pairs = fields.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name, text)),
        _ => None,
    });
    Ok(pairs.collect())
}

pub(crate) fn invalid(description: impl Into<String>) -> Refusal {
    Refusal::oauth("invalid_request", description)
}
