//! Identifiers: parsed once at the edge, trusted everywhere else.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use snafu::Snafu;
use uuid::Uuid;

/// Why a text is not the identifier that it should be.
#[derive(Clone, Debug, Snafu, PartialEq, Eq)]
#[snafu(display("{value:?} is not {expected}"))]
pub struct IdError {
    value: String,
    expected: &'static str,
}

impl IdError {
    /// Longest part of a refused text that an error repeats, in characters: enough to recognise it, too little to flood a log.
    const SHOWN_CHARS: usize = 80;

    fn new(value: &str, expected: &'static str) -> Self {
        Self { value: value.chars().take(Self::SHOWN_CHARS).collect(), expected }
    }
}

/// The id of a cluster: a UUID.
///
/// Parsing takes every form of RFC 9562 that ingress and the in-cluster operator have ever sent (hyphenated, without hyphens, in
/// braces, `urn:uuid:`, any case); it is always written hyphenated in lower case, so that one cluster is one key in the database.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterId(Uuid);

impl ClusterId {
    /// A random id, for samples and tests.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// The id out of the archive member `config/id`: its first 36 characters, whatever follows.
    pub fn from_config_id(content: &[u8]) -> Option<Self> {
        let head = content.get(..36)?;
        std::str::from_utf8(head).ok()?.parse().ok()
    }

    /// The underlying UUID.
    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl FromStr for ClusterId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Uuid::parse_str(text).map(Self).map_err(|_| IdError::new(text, "a cluster id (a UUID)"))
    }
}

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.0.as_hyphenated(), f)
    }
}

impl fmt::Debug for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for ClusterId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(self.0.as_hyphenated().encode_lower(&mut buffer))
    }
}

impl<'de> Deserialize<'de> for ClusterId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// The number of an organisation. Zero means "none" to the peers and is refused.
///
/// The databases of the peers hold it in an `int4` column, hence the upper bound of [`OrgId::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct OrgId(u32);

impl OrgId {
    /// The largest number that an `int4` column can hold.
    pub const MAX: u32 = i32::MAX.cast_unsigned();

    /// An organisation's number, if it is one.
    pub fn new(number: u64) -> Result<Self, IdError> {
        match u32::try_from(number) {
            Ok(number @ 1..=Self::MAX) => Ok(Self(number)),
            _ => Err(IdError::new(&number.to_string(), "an organisation id (1 to 2147483647)")),
        }
    }

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// The number as PostgreSQL's `int4`.
    pub fn as_i32(self) -> i32 {
        self.0.cast_signed()
    }
}

impl FromStr for OrgId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let number: u64 =
            text.parse().map_err(|_| IdError::new(text, "an organisation id (1 to 2147483647)"))?;
        Self::new(number)
    }
}

impl fmt::Display for OrgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<'de> Deserialize<'de> for OrgId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A customer's account number, older than and beside the organisation id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountNumber(pub u64);

/// The name of a rule: its dotted module, for example `ccx_rules.external.cluster_operator_degraded`.
///
/// Reports and some tables name a rule by its *component*, which is the module and `.report` (`.recommendation` for workload
/// checks); [`RuleFqdn::from_component`] and [`RuleFqdn::component`] go from one to the other.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct RuleFqdn(Box<str>);

impl RuleFqdn {
    /// The rule whose component is `component`.
    pub fn from_component(component: &str) -> Result<Self, IdError> {
        component.strip_suffix(".report").unwrap_or(component).parse()
    }

    /// The component of this rule: the module and `.report`.
    pub fn component(&self) -> String {
        format!("{}.report", self.0)
    }

    /// The component of this workload check: the module and `.recommendation`.
    pub fn recommendation_component(&self) -> String {
        format!("{}.recommendation", self.0)
    }

    /// The dotted module.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleFqdn {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_valid = !text.is_empty()
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        if is_valid {
            Ok(Self(text.into()))
        } else {
            Err(IdError::new(text, "a rule name (letters, digits, _ and .)"))
        }
    }
}

impl fmt::Display for RuleFqdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a rule found, for example `CLUSTER_OPERATOR_DEGRADED`. One rule may have several.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct ErrorKey(Box<str>);

impl ErrorKey {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ErrorKey {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let is_valid =
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if is_valid {
            Ok(Self(text.into()))
        } else {
            Err(IdError::new(text, "an error key (letters, digits and _)"))
        }
    }
}

impl fmt::Display for ErrorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A rule and one of its error keys, written `<rule>|<ERROR_KEY>`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RuleSelector {
    /// The rule.
    pub rule: RuleFqdn,
    /// The error key.
    pub error_key: ErrorKey,
}

impl FromStr for RuleSelector {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let error = || IdError::new(text, "a rule selector (<rule>|<ERROR_KEY>)");
        let (rule, key) = text.split_once('|').ok_or_else(error)?;
        if !rule.contains('.') {
            return Err(error());
        }
        Ok(Self { rule: rule.parse().map_err(|_| error())?, error_key: key.parse().map_err(|_| error())? })
    }
}

impl fmt::Display for RuleSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.rule, self.error_key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANONICAL: &str = "5d5892d3-1f74-4ccf-91af-548dfc9767aa";

    #[test]
    fn every_uuid_form_is_the_same_cluster() {
        for form in [
            CANONICAL,
            "5D5892D3-1F74-4CCF-91AF-548DFC9767AA",
            "5d5892d31f744ccf91af548dfc9767aa",
            "{5d5892d3-1f74-4ccf-91af-548dfc9767aa}",
            "urn:uuid:5d5892d3-1f74-4ccf-91af-548dfc9767aa",
        ] {
            assert_eq!(form.parse::<ClusterId>().unwrap().to_string(), CANONICAL, "{form}");
        }
        assert!("not a uuid".parse::<ClusterId>().is_err());
    }

    #[test]
    fn config_id_may_be_followed_by_anything() {
        let with_newline = format!("{CANONICAL}\n");
        assert_eq!(ClusterId::from_config_id(with_newline.as_bytes()), Some(CANONICAL.parse().unwrap()));
        assert_eq!(ClusterId::from_config_id(b"short"), None);
        assert_eq!(ClusterId::from_config_id(&[0xff; 36]), None);
    }

    #[test]
    fn an_organisation_fits_an_int4_column_and_is_not_zero() {
        assert_eq!("11789772".parse::<OrgId>().unwrap().get(), 11_789_772);
        for refused in ["0", "2147483648", "-1", "", "1x"] {
            assert!(refused.parse::<OrgId>().is_err(), "{refused}");
        }
    }

    #[test]
    fn a_component_loses_its_suffix_and_gets_it_back() {
        let rule = RuleFqdn::from_component("ccx_rules.external.a.report").unwrap();
        assert_eq!(rule.as_str(), "ccx_rules.external.a");
        assert_eq!(rule.component(), "ccx_rules.external.a.report");
    }

    #[test]
    fn a_selector_needs_both_parts() {
        let selector: RuleSelector = "a.b|KEY".parse().unwrap();
        assert_eq!(selector.to_string(), "a.b|KEY");
        for refused in ["a.b", "a|KEY", "a.b|", "|KEY", "a.b|KEY|X", "a b.c|KEY"] {
            assert!(refused.parse::<RuleSelector>().is_err(), "{refused}");
        }
    }

    #[test]
    fn an_error_shows_only_the_head_of_a_long_value() {
        let message = "x".repeat(10_000).parse::<OrgId>().unwrap_err().to_string();
        assert!(message.len() < 200, "{}", message.len());
    }
}
