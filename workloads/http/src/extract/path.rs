//! The parameters of a path, rejected with the texts of the service that this one replaces.

use std::{collections::HashSet, fmt, marker::PhantomData};

use axum::{
    extract::{
        FromRequestParts, Path,
        path::{ErrorKind, FailedToDeserializePathParams},
        rejection::PathRejection,
    },
    http::request::Parts,
};
use ccx_messages::{ClusterId, ErrorKey, RuleFqdn, RuleSelector};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Visitor},
};

use crate::error::RequestError;

/// Longest id of a user, in bytes; real ones have fewer than 40.
const MAX_USER_ID_BYTES: usize = 256;

/// Longest UID of a namespace, in characters.
const MAX_NAMESPACE_CHARS: usize = 256;

/// Longest part of a wrong value that the answer repeats, in characters.
const SHOWN_CHARS: usize = 200;

/// The parameters of the path as a struct, whose fields are [`Param`]s.
pub struct InPath<T>(pub T);

/// One parameter of a path.
pub struct Param<T>(pub T);

/// A type that a parameter of a path is parsed into.
pub trait Parameter: Sized {
    /// Parses the decoded text.
    fn parse(text: &str) -> Result<Self, Invalid>;
}

/// The reason why a parameter is rejected.
#[derive(Debug)]
pub enum Invalid {
    /// It is empty.
    Missing,
    /// It has another form; the text completes `Error: '…'`.
    Because(String),
}

impl Invalid {
    /// Creates the reason from its text.
    pub fn because(reason: impl Into<String>) -> Self {
        Self::Because(reason.into())
    }
}

/// A missing value is an empty message: the only form in which serde passes it on.
impl fmt::Display for Invalid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Because(reason) => formatter.write_str(reason),
        }
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = RequestError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, RequestError> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(parameters)) => Ok(Self(parameters)),
            Err(rejection) => Err(rejection.into()),
        }
    }
}

impl<'de, T: Parameter> Deserialize<'de> for Param<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<T>(PhantomData<T>);

        impl<T: Parameter> Visitor<'_> for Text<T> {
            type Value = Param<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a parameter of a path")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Param<T>, E> {
                T::parse(text).map(Param).map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Text(PhantomData))
    }
}

impl From<PathRejection> for RequestError {
    fn from(rejection: PathRejection) -> Self {
        let PathRejection::FailedToDeserializePathParams(failure) = rejection else { return Self::Route };
        match FailedToDeserializePathParams::into_kind(failure) {
            ErrorKind::DeserializeError { key, message, .. } if message.is_empty() => {
                Self::MissingParameter { name: key }
            }
            ErrorKind::DeserializeError { key, value, message } => {
                Self::BadParameter { name: key, value: shown(&value), reason: message }
            }
            ErrorKind::InvalidUtf8InPathParam { .. } => Self::BadPath,
            _ => Self::Route,
        }
    }
}

impl Parameter for ClusterId {
    fn parse(text: &str) -> Result<Self, Invalid> {
        text.parse().map_err(|_| Invalid::Because(uuid_problem(text)))
    }
}

/// The id of a user, as the service in front passes it on.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UserId(Box<str>);

impl UserId {
    /// Returns the id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parameter for UserId {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Invalid::Missing);
        }
        if text.len() > MAX_USER_ID_BYTES {
            return Err(Invalid::because(format!("at most {MAX_USER_ID_BYTES} bytes expected")));
        }
        // PostgreSQL's text can't contain it.
        if text.contains('\0') {
            return Err(Invalid::because("a zero byte is not allowed"));
        }
        Ok(Self(text.into()))
    }
}

impl Parameter for RuleFqdn {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let reason =
            "invalid rule ID, it must contain only from latin characters, number, underscores or dots";
        text.parse().map_err(|_| Invalid::because(reason))
    }
}

impl Parameter for ErrorKey {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let reason = "invalid error key, it must contain only from latin characters, number or underscores";
        text.parse().map_err(|_| Invalid::because(reason))
    }
}

/// A rule selector under its other name: without `.report`, and with another text for its error.
pub struct TrimmedSelector(pub RuleSelector);

impl Parameter for TrimmedSelector {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let reason = "Param rule_selector is not a valid rule selector (plugin_name|error_key)";
        trimmed_selector(text).map(Self).ok_or_else(|| Invalid::because(reason))
    }
}

/// Parses a selector, and removes `.report` from its rule.
pub fn trimmed_selector(text: &str) -> Option<RuleSelector> {
    let (rule, error_key) = text.split_once('|')?;
    let rule = RuleFqdn::from_component(rule).ok().filter(|rule| rule.as_str().contains('.'))?;
    Some(RuleSelector { rule, error_key: error_key.parse().ok()? })
}

/// The UID of a namespace: any text of bounded length.
pub struct NamespaceId(pub Box<str>);

impl Parameter for NamespaceId {
    fn parse(text: &str) -> Result<Self, Invalid> {
        let is_valid = (1..=MAX_NAMESPACE_CHARS).contains(&text.chars().count());
        if is_valid && !text.contains(['\0', '\n']) {
            return Ok(Self(text.into()));
        }
        Err(Invalid::because(format!("invalid namespace ID: '{}'", shown(text))))
    }
}

impl Parameter for RuleSelector {
    fn parse(text: &str) -> Result<Self, Invalid> {
        if text.split('|').count() != 2 {
            let reason = "invalid rule ID, it must contain only rule ID and error key separated by |";
            return Err(Invalid::because(reason));
        }
        let reason = "invalid rule ID, each part of ID must contain only from latin characters, number, underscores or dots";
        text.parse().map_err(|_| Invalid::because(reason))
    }
}

/// Clusters in a path, as text: how many are allowed is a setting, unknown where paths are parsed.
pub struct ClusterList(Box<str>);

impl Parameter for ClusterList {
    fn parse(text: &str) -> Result<Self, Invalid> {
        Ok(Self(text.into()))
    }
}

impl ClusterList {
    /// Parses the clusters, each once.
    pub fn clusters(&self, max: usize) -> Result<Vec<ClusterId>, RequestError> {
        parse_clusters(self.0.split(','), max)
    }
}

/// Parses the clusters that a client has listed: at most `max`, each once, in the order of the request.
pub(super) fn parse_clusters<'a>(
    texts: impl Iterator<Item = &'a str>,
    max: usize,
) -> Result<Vec<ClusterId>, RequestError> {
    let mut clusters = Vec::new();
    let mut seen = HashSet::new();
    for (index, text) in texts.enumerate() {
        if index == max {
            return Err(RequestError::TooManyClusters { max });
        }
        let cluster: ClusterId = text
            .parse()
            .map_err(|_| RequestError::BadClusterInList { value: shown(text), reason: uuid_problem(text) })?;
        if seen.insert(cluster) {
            clusters.push(cluster);
        }
    }
    Ok(clusters)
}

/// Returns the text of Go's UUID parser about a text that it rejects.
fn uuid_problem(text: &str) -> String {
    match text.len() {
        38 => "invalid bracketed UUID format".into(),
        45 if !text.to_ascii_lowercase().starts_with("urn:uuid:") => "invalid urn prefix".into(),
        32 | 36 | 45 => "invalid UUID format".into(),
        length => format!("invalid UUID length: {length}"),
    }
}

/// Shortens a value that an answer repeats.
pub fn shown(value: &str) -> String {
    value.chars().take(SHOWN_CHARS).collect()
}

#[cfg(test)]
mod tests;
