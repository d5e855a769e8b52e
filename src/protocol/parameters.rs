//! `application/x-www-form-urlencoded` parameters, parsed as strictly as RFC 6749 requires.

use std::borrow::Cow;

use url::form_urlencoded;

use super::weight::Weight;

/// The maximum number of parameters: more than any specified request has.
const MAX_PARAMETERS: usize = 100;

/// Why parameters can't be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// A percent sign without two hexadecimal digits after it.
    #[error("a percent sign must be followed by two hexadecimal digits")]
    PercentEncoding,
    /// The decoded bytes are not UTF-8 (RFC 6749 appendix B).
    #[error("parameters must be UTF-8")]
    NotUtf8,
    /// A control character, such as NUL.
    #[error("parameters must not contain control characters")]
    ControlCharacter,
    /// More parameters than the server accepts.
    #[error("at most 100 parameters are allowed")]
    TooMany,
    /// RFC 6749 §3.1 and §3.2: a parameter must not be sent more than once.
    #[error("the parameter {0} must be sent only once")]
    Repeated(String),
}

/// The decoded parameters of a query or a body, in their original order.
#[derive(Clone, Debug, Default)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    _weight: Weight,
}

impl PartialEq for Parameters {
    fn eq(&self, other: &Self) -> bool {
        self.pairs == other.pairs
    }
}

impl Eq for Parameters {}

impl Parameters {
    fn new(pairs: Vec<(String, String)>) -> Self {
        let bytes = pairs.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum();
        Self { pairs, _weight: Weight::new(bytes) }
    }

    /// Parses `name=value` pairs. A parameter without a value counts as omitted (RFC 6749 §3.1).
    ///
    /// # Errors
    /// The errors of [`ParameterError`], except a repetition: see [`Parameters::once_each`].
    pub fn parse(encoded: &[u8]) -> Result<Self, ParameterError> {
        let mut pairs = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MAX_PARAMETERS {
                return Err(ParameterError::TooMany);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            if !value.is_empty() {
                pairs.push((name, value));
            }
        }
        Ok(Self::new(pairs))
    }

    /// Whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Parses parameters from another server. Its error texts may not be UTF-8, although RFC 6749 §4.1.2.1 allows only
    /// ASCII. U+FFFD replaces what can't be decoded; no expected value contains it.
    ///
    /// # Errors
    /// [`ParameterError::TooMany`].
    pub fn parse_lossy(encoded: &[u8]) -> Result<Self, ParameterError> {
        let replaced = |c: char| if is_forbidden(c) { char::REPLACEMENT_CHARACTER } else { c };
        let clean = |text: Cow<'_, str>| text.chars().map(replaced).collect::<String>();
        let sent = form_urlencoded::parse(encoded).filter(|(_, value)| !value.is_empty());
        let pairs: Vec<_> = sent
            .take(MAX_PARAMETERS.saturating_add(1))
            .map(|(name, value)| (clean(name), clean(value)))
            .collect();
        if pairs.len() > MAX_PARAMETERS {
            return Err(ParameterError::TooMany);
        }
        Ok(Self::new(pairs))
    }

    /// Removes every parameter that has none of these names.
    pub fn retain(&mut self, names: &[&str]) {
        let mut pairs = std::mem::take(&mut self.pairs);
        pairs.retain(|(name, _)| names.contains(&name.as_str()));
        *self = Self::new(pairs);
    }

    /// The value of a parameter; the first one if it was sent more than once.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may be repeated (`resource`, RFC 8707 §2).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Refuses a parameter that was sent more than once. Only `resource` may be repeated (RFC 8707 §2).
    pub fn once_each(&self) -> Result<(), ParameterError> {
        for (index, (name, _)) in self.pairs.iter().enumerate() {
            let before = self.pairs.iter().take(index);
            if name != "resource" && before.clone().any(|(earlier, _)| earlier == name) {
                return Err(ParameterError::Repeated(name.clone()));
            }
        }
        Ok(())
    }

    /// Whether this parameter was sent more than once.
    pub fn is_repeated(&self, name: &str) -> bool {
        self.all(name).nth(1).is_some()
    }

    /// All pairs, to send the same request again.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Parameters {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self::new(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

/// Decodes a name or a value.
///
/// # Errors
/// See [`ParameterError`].
pub fn decode(encoded: &[u8]) -> Result<String, ParameterError> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = (rest.next().and_then(hex), rest.next().and_then(hex));
                let (Some(high), Some(low)) = digits else {
                    return Err(ParameterError::PercentEncoding);
                };
                (high << 4) | low
            }
            other => *other,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| ParameterError::NotUtf8)?;
    if text.chars().any(is_forbidden) {
        return Err(ParameterError::ControlCharacter);
    }
    Ok(text)
}

/// Whether a character is a control character other than line breaks and tabs, which text areas send.
fn is_forbidden(c: char) -> bool {
    c.is_control() && !matches!(c, '\r' | '\n' | '\t')
}

fn hex(digit: &u8) -> Option<u8> {
    char::from(*digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Encodes pairs as a query or a form body.
pub fn encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut encoder = form_urlencoded::Serializer::new(String::new());
    encoder.extend_pairs(pairs);
    encoder.finish()
}

/// Adds pairs to the query of a URI. An existing query is kept (RFC 6749 §3.1.2).
pub fn add_to_query<'a>(uri: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let (base, fragment): (&str, Cow<'_, str>) = match uri.split_once('#') {
        Some((base, fragment)) => (base, Cow::Owned(format!("#{fragment}"))),
        None => (uri, Cow::Borrowed("")),
    };
    let joint = match base.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{base}{joint}{}{fragment}", encode(pairs))
}
