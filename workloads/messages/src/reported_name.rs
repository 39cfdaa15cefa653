//! The name that a cluster's own data gives it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name: that of a domain (RFC 1035, 2.3.4).
const MAX_BYTES: usize = 253;

/// Longest label of a domain.
const MAX_LABEL_BYTES: usize = 63;

/// A name by which people recognise a cluster, from the cluster's own data: a domain name, in lower case.
///
/// ```
/// use ccx_messages::ReportedName;
///
/// let name = ReportedName::from_api_server_url("https://api.prod.example.com:6443").unwrap();
/// assert_eq!(name.as_str(), "prod.example.com");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedName(Box<str>);

impl ReportedName {
    /// Parses a name; `None` for text that is no domain name, and for one that the cluster has anonymised.
    pub fn parse(text: &str) -> Option<Self> {
        let is_domain = text.len() <= MAX_BYTES && text.split('.').all(is_label);
        (is_domain && !is_anonymized(text)).then(|| Self(text.to_ascii_lowercase().into()))
    }

    /// Returns the domain of a cluster, `NAME.BASE`, from the address of its API server: `https://api.NAME.BASE:6443`.
    ///
    /// The whole domain, as several clusters may share a short name. `None` for an address of another form: several clusters may share the host,
    /// as those of hosted control planes.
    pub fn from_api_server_url(url: &str) -> Option<Self> {
        let (_scheme, rest) = url.split_once("://")?;
        let host = rest.split([':', '/']).next()?;
        let (label, domain) = host.split_once('.')?;
        if label.eq_ignore_ascii_case("api") { Self::parse(domain) } else { None }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=MAX_LABEL_BYTES).contains(&label.len())
        && label.bytes().all(is_allowed)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// Clusters replace every letter and digit with `x`.
fn is_anonymized(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'x' | b'.' | b'-'))
}

impl fmt::Display for ReportedName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for ReportedName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Deserializes the optional name of a message. Another program may use the field for something else: such a value is no name, and no reason
/// to reject the message.
pub(crate) fn deserialize_lenient<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ReportedName>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(value.as_str().and_then(ReportedName::parse))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(url: &str) -> Option<String> {
        ReportedName::from_api_server_url(url).map(|name| name.to_string())
    }

    #[test]
    fn api_server_url_gives_the_domain_of_the_cluster() {
        for (url, expected) in [
            ("https://api.prod.example.com:6443", "prod.example.com"),
            ("https://API.Prod.example.com/", "prod.example.com"),
            ("https://api.crc.testing:6443", "crc.testing"),
            ("https://api.lab-1.upshift.rdu2.redhat.com:6443/path", "lab-1.upshift.rdu2.redhat.com"),
        ] {
            assert_eq!(name(url).as_deref(), Some(expected), "{url}");
        }
    }

    #[test]
    fn api_server_url_without_a_name_gives_none() {
        let long = format!("https://api.{}.com:6443", "a".repeat(64));
        for url in [
            "",
            "api.prod.example.com",
            "https://api",
            "https://api.:6443",
            "https://api.<CLUSTER_BASE_DOMAIN>:6443",
            "https://api.xxxx-x.xxxxxxx.xxx:6443",
            "https://xxx.xxxx.xxxxxxx.xxx:xxxx",
            "https://10.0.0.1:6443",
            "https://[fd00::1]:6443",
            "https://c100-e.us-east.containers.cloud.ibm.com:30000",
            "https://api.-prod.example.com:6443",
            "https://api.prod..example.com:6443",
            "https://api.pr\u{f6}d.example.com:6443",
            "https://api.pr\0d.example.com:6443",
            &long,
        ] {
            assert_eq!(name(url), None, "{url}");
        }
    }
}
