//! Identifiers: parsed once at the edge, trusted everywhere else.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Unexpected},
};
use snafu::Snafu;
use uuid::Uuid;

/// A text is not a valid identifier.
#[derive(Clone, Debug, Snafu, PartialEq, Eq)]
#[snafu(display("{value:?} is not {expected}"))]
pub struct IdError {
    value: String,
    expected: &'static str,
}

impl IdError {
    /// Longest part of an invalid text that the message repeats, in characters.
    const SHOWN_CHARS: usize = 80;

    /// Returns the expected form. In contrast to the message it does not repeat the value.
    pub fn expected(&self) -> &'static str {
        self.expected
    }

    fn new(value: &str, expected: &'static str) -> Self {
        Self { value: value.chars().take(Self::SHOWN_CHARS).collect(), expected }
    }
}

/// The expected form of a [`ClusterId`], for errors.
const CLUSTER_ID: &str = "a cluster id (a UUID)";

/// The expected form of an [`OrgId`], for errors.
const ORG_ID: &str = "an organisation id (1 to 2147483647)";

/// The id of a cluster: a UUID.
///
/// Parsing accepts every form that ingress and the in-cluster operator send (hyphenated, without hyphens, in braces,
/// `urn:uuid:`, any case). It is always written hyphenated in lower case, so that one cluster is one key in the database.
///
/// ```
/// use ccx_messages::ClusterId;
///
/// let id: ClusterId = "5D5892D31F744CCF91AF548DFC9767AA".parse()?;
/// assert_eq!(id.to_string(), "5d5892d3-1f74-4ccf-91af-548dfc9767aa");
/// # Ok::<(), ccx_messages::IdError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClusterId(Uuid);

impl ClusterId {
    /// Returns a random id, for samples and tests.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }

    /// Parses the archive member `config/id`: its first 36 bytes, without the rest.
    pub fn from_config_id(content: &[u8]) -> Option<Self> {
        let head = content.get(..36)?;
        std::str::from_utf8(head).ok()?.parse().ok()
    }

    /// Returns the underlying UUID.
    pub fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl FromStr for ClusterId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Uuid::parse_str(text).map(Self).map_err(|_| IdError::new(text, CLUSTER_ID))
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
        text.parse().map_err(|_| de::Error::invalid_value(Unexpected::Str(&text), &CLUSTER_ID))
    }
}

/// The number of an organisation. Zero means "absent" in the original services and is invalid.
///
/// Their databases hold it in an `int4` column, hence the upper bound of [`OrgId::MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct OrgId(u32);

impl OrgId {
    /// The largest number that an `int4` column can hold.
    pub const MAX: u32 = i32::MAX.cast_unsigned();

    /// Creates an id, if `number` is in range.
    pub fn new(number: u64) -> Result<Self, IdError> {
        match u32::try_from(number) {
            Ok(number @ 1..=Self::MAX) => Ok(Self(number)),
            _ => Err(IdError::new(&number.to_string(), ORG_ID)),
        }
    }

    /// Returns the number.
    pub fn get(self) -> u32 {
        self.0
    }

    /// Returns the number as PostgreSQL's `int4`.
    pub fn as_i32(self) -> i32 {
        self.0.cast_signed()
    }
}

impl FromStr for OrgId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let number: u64 = text.parse().map_err(|_| IdError::new(text, ORG_ID))?;
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
        let number = u64::deserialize(deserializer)?;
        Self::new(number).map_err(|_| de::Error::invalid_value(Unexpected::Unsigned(number), &ORG_ID))
    }
}

/// A customer's account number, older than and beside the organisation id.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct AccountNumber(pub u64);

/// The name of a rule: its dotted module, for example `ccx_rules.external.cluster_operator_degraded`.
///
/// Reports and some tables name a rule by its *component*, which is the module and `.report` (`.recommendation` for
/// workload checks); [`RuleFqdn::from_component`] and [`RuleFqdn::component`] convert between them.
///
/// ```
/// use ccx_messages::RuleFqdn;
///
/// let rule = RuleFqdn::from_component("ccx_rules.external.degraded.report")?;
/// assert_eq!(rule.as_str(), "ccx_rules.external.degraded");
/// # Ok::<(), ccx_messages::IdError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct RuleFqdn(Box<str>);

impl RuleFqdn {
    /// Parses the component of a rule.
    pub fn from_component(component: &str) -> Result<Self, IdError> {
        component.strip_suffix(".report").unwrap_or(component).parse()
    }

    /// Returns the component of this rule: the module and `.report`.
    pub fn component(&self) -> String {
        format!("{}.report", self.0)
    }

    /// Returns the component of this workload check: the module and `.recommendation`.
    pub fn recommendation_component(&self) -> String {
        format!("{}.recommendation", self.0)
    }

    /// Returns the dotted module.
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

/// The finding of a rule, for example `CLUSTER_OPERATOR_DEGRADED`. One rule may have several.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize)]
pub struct ErrorKey(Box<str>);

impl ErrorKey {
    /// Returns the key.
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
///
/// ```
/// use ccx_messages::RuleSelector;
///
/// let selector: RuleSelector = "ccx_rules.degraded|OPERATOR_DEGRADED".parse()?;
/// assert_eq!(selector.error_key.as_str(), "OPERATOR_DEGRADED");
/// # Ok::<(), ccx_messages::IdError>(())
/// ```
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
    fn every_form_of_a_uuid_is_the_same_cluster() {
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
    fn config_id_is_parsed_without_the_rest_of_the_member() {
        let with_newline = format!("{CANONICAL}\n");
        assert_eq!(ClusterId::from_config_id(with_newline.as_bytes()), Some(CANONICAL.parse().unwrap()));
        assert_eq!(ClusterId::from_config_id(b"short"), None);
        assert_eq!(ClusterId::from_config_id(&[0xff; 36]), None);
    }

    #[test]
    fn organisation_outside_of_int4_or_zero_is_rejected() {
        assert_eq!("11789772".parse::<OrgId>().unwrap().get(), 11_789_772);
        for refused in ["0", "2147483648", "-1", "", "1x"] {
            assert!(refused.parse::<OrgId>().is_err(), "{refused}");
        }
    }

    #[test]
    fn component_is_converted_to_a_rule_and_back() {
        let rule = RuleFqdn::from_component("ccx_rules.external.a.report").unwrap();
        assert_eq!(rule.as_str(), "ccx_rules.external.a");
        assert_eq!(rule.component(), "ccx_rules.external.a.report");
    }

    #[test]
    fn selector_without_both_parts_is_rejected() {
        let selector: RuleSelector = "a.b|KEY".parse().unwrap();
        assert_eq!(selector.to_string(), "a.b|KEY");
        for refused in ["a.b", "a|KEY", "a.b|", "|KEY", "a.b|KEY|X", "a b.c|KEY"] {
            assert!(refused.parse::<RuleSelector>().is_err(), "{refused}");
        }
    }

    #[test]
    fn error_about_a_long_value_is_short() {
        let message = "x".repeat(10_000).parse::<OrgId>().unwrap_err().to_string();
        assert!(message.len() < 200, "{}", message.len());
    }
}
