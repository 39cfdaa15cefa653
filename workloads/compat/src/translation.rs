//! Keys of an original program as keys of ours.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use snafu::{OptionExt as _, Snafu};

/// A configuration of an original program, in terms of ours.
///
/// Values may be secrets, so that it has no `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Translation {
    /// The variables (`CCX__…`) that set the same in our configuration, with their values.
    pub variables: Vec<(String, String)>,
    /// Keys without a counterpart, each with the reason.
    pub unused: Vec<(String, &'static str)>,
    /// Keys that the original does not know.
    pub unknown: Vec<String>,
}

/// A value of an original key can't be translated. The value is not repeated: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
#[snafu(visibility(pub(crate)), display("{key} is invalid: expected {expected}"))]
pub struct ValueError {
    /// The key of the original.
    pub key: String,
    /// The expectation.
    pub expected: &'static str,
}

/// A key of an original program.
pub(crate) struct Key {
    pub(crate) original: &'static str,
    pub(crate) ours: Counterpart,
}

/// How our configuration expresses a key.
pub(crate) enum Counterpart {
    /// By a key with the same value.
    Key(&'static str),
    /// By a key with another form of the value; `None` is an invalid value, an empty list leaves ours as it is.
    Converted { convert: Convert, expected: &'static str },
    /// Not at all, for a reason.
    Unused(&'static str),
}

/// A key of ours with its value, as in a variable.
pub(crate) type Setting = (&'static str, String);

/// Converts a value to keys of ours with their values.
pub(crate) type Convert = fn(&str) -> Option<Vec<Setting>>;

impl Translation {
    /// Translates values by the keys of the original. An empty value is an unset one.
    pub(crate) fn new(keys: &[Key], values: &BTreeMap<String, String>) -> Result<Self, ValueError> {
        let mut translation = Self::default();
        for (name, value) in values.iter().filter(|(_, value)| !value.is_empty()) {
            match keys.iter().find(|key| key.original == name).map(|key| &key.ours) {
                None => translation.unknown.push(name.clone()),
                Some(Counterpart::Unused(reason)) => translation.unused.push((name.clone(), reason)),
                Some(Counterpart::Key(ours)) => translation.variables.push((variable(ours), value.clone())),
                Some(Counterpart::Converted { convert, expected }) => {
                    let converted = convert(value).context(ValueSnafu { key: name, expected: *expected })?;
                    let variables = converted.into_iter().map(|(key, value)| (variable(key), value));
                    translation.variables.extend(variables);
                }
            }
        }
        Ok(translation)
    }

    /// Adds keys of ours with their values, unless these are empty. The last value of a key counts.
    pub(crate) fn set<K: AsRef<str>>(&mut self, settings: impl IntoIterator<Item = (K, String)>) {
        let settings = settings.into_iter().filter(|(_, value)| !value.is_empty());
        self.variables.extend(settings.map(|(key, value)| (variable(key.as_ref()), value)));
    }

    /// As [`set`](Self::set), for keys without a value.
    pub(crate) fn set_defaults(&mut self, settings: impl IntoIterator<Item = Setting>) {
        let is_set = |key: &str| self.variables.iter().any(|(name, _)| *name == variable(key));
        let missing: Vec<Setting> = settings.into_iter().filter(|(key, _)| !is_set(key)).collect();
        self.set(missing);
    }

    /// Puts a prefix before the names of the original's keys.
    pub(crate) fn name_with(&mut self, prefix: &str) {
        let unused = self.unused.iter_mut().map(|(key, _)| key);
        for key in unused.chain(&mut self.unknown) {
            key.insert_str(0, prefix);
        }
    }
}

fn variable(key: &str) -> String {
    format!("CCX__{}", key.replace('.', "__").to_ascii_uppercase())
}

/// Converts `:8080`, which is every address of the machine, `localhost:8080` or `127.0.0.1:8080`, as Go writes addresses to listen on.
pub(crate) fn listen_address(value: &str) -> Option<SocketAddr> {
    let (host, port) = value.rsplit_once(':')?;
    let port = port.parse().ok()?;
    let ip = match host.trim_matches(['[', ']']) {
        "" => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        "localhost" => IpAddr::from([127, 0, 0, 1]),
        literal => literal.parse().ok()?,
    };
    Some(SocketAddr::new(ip, port))
}

/// Converts a security protocol of Kafka's clients, as in `SASL_SSL`.
pub(crate) fn security_protocol(value: &str) -> String {
    value.to_ascii_lowercase().replace('_', "-")
}

/// Returns the URL of an object storage at `host` or `host:port`, and where it expects the name of the bucket.
pub(crate) fn object_storage_endpoint(host: &str, uses_tls: bool) -> Vec<Setting> {
    let scheme = if uses_tls { "https" } else { "http" };
    let name = host.split(':').next().unwrap_or_default();
    let addressing = if name.ends_with(".amazonaws.com") { "virtual-host" } else { "path" };
    vec![
        ("object_storage.endpoint", format!("{scheme}://{host}")),
        ("object_storage.addressing", addressing.to_owned()),
    ]
}

/// Converts the name of a level of the log.
pub(crate) fn log_level(value: &str) -> Option<&'static str> {
    match value.to_ascii_lowercase().as_str() {
        "trace" => Some("trace"),
        "debug" => Some("debug"),
        "info" => Some("info"),
        "warn" | "warning" => Some("warn"),
        "error" | "fatal" => Some("error"),
        _ => None,
    }
}

/// Converts the spellings of Go's `strconv.ParseBool`.
pub(crate) fn boolean(value: &str) -> Option<bool> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Fails unless `key` is one of our configuration.
#[cfg(test)]
pub(crate) fn assert_exists(key: &str) {
    let problems = ccx_config::Config::parse("", [(variable(key), "1".to_owned())]).err().unwrap_or_default();
    assert!(problems.iter().all(|problem| !problem.reason.contains("not a key")), "{key}: {problems:?}");
}
