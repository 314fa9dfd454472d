//! Parses the query of a callback strictly: a repeated or incorrectly encoded parameter has no value.

use std::fmt;

use zeroize::Zeroizing;

/// The parameters of an authorization response
/// ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2),
/// [RFC 9207 §2](https://www.rfc-editor.org/rfc/rfc9207#section-2)). All others have no effect, as
/// RFC 6749 asks; the caller can read them.
#[derive(Default)]
pub(crate) struct Parameters {
    pub(crate) state: Parameter,
    pub(crate) code: Parameter,
    pub(crate) error: Parameter,
    pub(crate) error_description: Parameter,
    pub(crate) iss: Parameter,
    pub(crate) others: CallbackParameters,
}

/// The parameters of a callback that are not in RFC 6749, such as `session_state`. Any of them can be missing
/// or forged, and `Debug` shows only their names.
#[derive(Clone, Default)]
pub struct CallbackParameters(Vec<(Zeroizing<String>, Zeroizing<String>)>);

impl CallbackParameters {
    /// The decoded value of a parameter, if it occurs once.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let mut values = self.0.iter().filter(|(it, _)| **it == name).map(|(_, value)| value);
        values.next().filter(|_| values.next().is_none()).map(|value| value.as_str())
    }
}

impl fmt::Debug for CallbackParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name.as_str())).finish()
    }
}

/// One parameter. "Request and response parameters MUST NOT be included more than once"
/// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)): of two, neither wins.
#[derive(Default)]
pub(crate) enum Parameter {
    #[default]
    Absent,
    Once(Zeroizing<String>),
    Repeated,
    Malformed,
}

impl Parameters {
    pub(crate) fn parse(query: &str) -> Self {
        let mut parameters = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let Some(parameter) = parameters.named(name) {
                parameter.add(value);
            } else if let (Some(name), Some(value)) = (decode(name), decode(value)) {
                parameters.others.0.push((name, value));
            }
        }
        parameters
    }

    /// Whether it looks like an authorization response: it has a code or an error.
    pub(crate) fn is_response(&self) -> bool {
        [&self.code, &self.error].into_iter().any(Parameter::is_present)
    }

    /// Decodes the name: `st%61te` is `state`.
    fn named(&mut self, name: &str) -> Option<&mut Parameter> {
        match decode(name)?.as_str() {
            "state" => Some(&mut self.state),
            "code" => Some(&mut self.code),
            "error" => Some(&mut self.error),
            "error_description" => Some(&mut self.error_description),
            "iss" => Some(&mut self.iss),
            _ => None,
        }
    }
}

impl Parameter {
    fn add(&mut self, value: &str) {
        *self = match self {
            Self::Absent => decode(value).map_or(Self::Malformed, Self::Once),
            _ => Self::Repeated,
        };
    }

    /// The value: "Parameters sent without a value MUST be treated as if they were omitted"
    /// ([RFC 6749 §3.1](https://www.rfc-editor.org/rfc/rfc6749#section-3.1)).
    pub(crate) fn value(&self) -> Option<&str> {
        match self {
            Self::Once(value) if !value.is_empty() => Some(value),
            _ => None,
        }
    }

    pub(crate) fn is_present(&self) -> bool {
        !matches!(self, Self::Absent) && !matches!(self, Self::Once(value) if value.is_empty())
    }

    pub(crate) fn is_repeated(&self) -> bool {
        matches!(self, Self::Repeated)
    }

    pub(crate) fn is_malformed(&self) -> bool {
        matches!(self, Self::Malformed)
    }
}

/// Decodes `application/x-www-form-urlencoded`
/// ([RFC 6749 appendix B](https://www.rfc-editor.org/rfc/rfc6749#appendix-B)). `None` for an invalid `%` or invalid
/// UTF-8: replacement characters would make different bytes equal.
pub(crate) fn decode(text: &str) -> Option<Zeroizing<String>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(rest.next()?)? * 16 + hex_digit(rest.next()?)?,
            visible if visible.is_ascii_graphic() => visible,
            _ => return None,
        });
    }
    String::from_utf8(decoded).ok().map(Zeroizing::new)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16)?.try_into().ok()
}

#[cfg(test)]
mod differential_tests;
#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(query: &str) -> Option<String> {
        Parameters::parse(query).code.value().map(str::to_owned)
    }

    // threats 17 37
    #[test]
    fn ten_thousand_unknown_parameters_are_ignored() {
        let many: String = (0..10_000).map(|n| format!("p{n}={n}&")).collect();
        assert_eq!(code(&format!("{many}code=x")).as_deref(), Some("x"));
    }

    proptest! {
        // threats 18
        #[test]
        fn encoded_code_decodes_to_itself(text in "\\PC{1,200}") {
            let query = format!("x=1&code={}&y=2", urlencoding::encode(&text));
            prop_assert_eq!(code(&query), Some(text));
        }

        // threats 37
        #[test]
        fn any_query_can_be_parsed(query in "\\PC*", raw in "[ -~\r\n\t]*") {
            Parameters::parse(&query);
            Parameters::parse(&raw);
        }
    }
}
