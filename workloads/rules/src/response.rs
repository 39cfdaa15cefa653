//! The answer of a rule.

use std::borrow::Cow;

use ccx_messages::ErrorKey;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::{FaultReason, details_compat};

/// The kind of an answer; each has its own section in the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The cluster has the problem.
    Hit,
    /// A fact about the cluster.
    Info,
    /// The cluster was checked and does not have the problem.
    Pass,
    /// A fact that identifies the cluster's kind.
    Fingerprint,
}

impl Kind {
    /// Returns the value of `type` in the report.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "rule",
            Self::Info => "info",
            Self::Pass => "pass",
            Self::Fingerprint => "fingerprint",
        }
    }

    /// Returns the field that joins the last part of the rule's name with the key.
    pub(crate) fn id_field(self) -> &'static str {
        match self {
            Self::Hit => "rule_id",
            Self::Info => "info_id",
            Self::Pass => "pass_id",
            Self::Fingerprint => "fingerprint_id",
        }
    }

    /// Returns the field of the details that repeats the key.
    pub(crate) fn key_field(self) -> &'static str {
        match self {
            Self::Hit => "error_key",
            Self::Info => "info_key",
            Self::Pass => "pass_key",
            Self::Fingerprint => "fingerprint_key",
        }
    }
}

/// A rule's answer: a key and the data that the texts about it need, or the reason why it has none.
#[derive(Debug)]
pub struct Response(pub(crate) Result<Answer, Undecided>);

/// The reason why a rule has no answer.
#[derive(Debug)]
pub(crate) enum Undecided {
    /// The rule failed.
    Fault(FaultReason),
    /// The archive lacks this.
    Missing(Cow<'static, str>),
    /// The archive has the rule's files, which lack the facts that this sentence names.
    Unclear(String),
}

/// A key and the data that the texts about it need.
#[derive(Debug)]
pub(crate) struct Answer {
    pub kind: Kind,
    pub key: Cow<'static, str>,
    pub details: Box<RawValue>,
}

impl Response {
    /// Creates a hit: the cluster has the problem `key`. `details` must serialize to a JSON object.
    ///
    /// ```
    /// use ccx_rules::Response;
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// struct Details<'a> {
    ///     affected_nodes: Vec<&'a str>,
    /// }
    ///
    /// let hit = Response::hit("NODE_NOT_READY", &Details { affected_nodes: vec!["worker-0"] });
    /// ```
    pub fn hit(key: impl Into<Cow<'static, str>>, details: &impl Serialize) -> Self {
        Self::new(Kind::Hit, key.into(), details)
    }

    /// Creates a fact about the cluster. `details` must serialize to a JSON object.
    pub fn info(key: impl Into<Cow<'static, str>>, details: &impl Serialize) -> Self {
        Self::new(Kind::Info, key.into(), details)
    }

    /// Creates an answer of any kind, for rules that learn the kind at run time.
    pub fn new(kind: Kind, key: Cow<'static, str>, details: &impl Serialize) -> Self {
        let details = to_raw_value(details).map_err(|error| FaultReason::InvalidDetails(error.to_string()));
        Self(details.map(|details| Answer { kind, key, details }).map_err(Undecided::Fault))
    }

    /// Skips the rule: the archive lacks `input`, as the rule found out while it ran.
    pub fn missing(input: impl Into<Cow<'static, str>>) -> Self {
        Self(Err(Undecided::Missing(input.into())))
    }

    /// The rule can't be decided, since the archive's files lack a fact, such as a `spec` that is not empty:
    /// the rule is skipped.
    pub fn undecided(reason: impl Into<String>) -> Self {
        Self(Err(Undecided::Unclear(reason.into())))
    }

    /// Reports a failure of the rule itself, for rules that are not built in.
    pub fn fault(reason: FaultReason) -> Self {
        Self(Err(Undecided::Fault(reason)))
    }
}

/// The details of a finding as the report has them: the rule's data, the kind and the key.
pub(crate) struct Details<'a> {
    pub kind: Kind,
    pub key: &'a ErrorKey,
    pub data: &'a RawValue,
}

impl Details<'_> {
    /// Encodes one JSON object. Above `max_bytes` it has only the size of the data, as with the Python
    /// engine.
    pub(crate) fn to_json(&self, max_bytes: usize) -> Result<Box<RawValue>, FaultReason> {
        details_compat::check(self.kind, self.data)
            .map_err(|error| FaultReason::InvalidDetails(error.to_string()))?;
        let data = self.data.get();
        let fields = data.strip_prefix('{').and_then(|data| data.strip_suffix('}')).expect("it is an object");
        let head = format!(r#"{{"type":"{}","{}":"{}""#, self.kind.as_str(), self.kind.key_field(), self.key);
        let json = if data.len() > max_bytes {
            format!(r#"{head},"max_detail_length_error":{}}}"#, data.len())
        } else if fields.trim().is_empty() {
            format!("{head}}}")
        } else {
            format!("{head},{fields}}}")
        };
        RawValue::from_string(json).map_err(|error| FaultReason::InvalidDetails(error.to_string()))
    }
}
