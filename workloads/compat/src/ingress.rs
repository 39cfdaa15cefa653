//! `insights-ingress-go`: its variables as our configuration.

use std::collections::BTreeMap;

use snafu::OptionExt as _;

use crate::{
    Translation, ValueError,
    translation::{Counterpart, Key, ValueSnafu, boolean, log_level},
};

/// The prefix of its variables.
const PREFIX: &str = "INGRESS_";

const LOGS: &str = "the log goes to standard error, and the platform collects it";

const fn key(original: &'static str, ours: &'static str) -> Key {
    Key { original, ours: Counterpart::Key(ours) }
}

const fn unused(original: &'static str, reason: &'static str) -> Key {
    Key { original, ours: Counterpart::Unused(reason) }
}

const KEYS: &[Key] = &[
    Key {
        original: "WEBPORT",
        ours: Counterpart::Converted {
            convert: |value| {
                let port: u16 = value.parse().ok()?;
                Some(vec![("ingress.listen", format!("[::]:{port}"))])
            },
            expected: "a port",
        },
    },
    unused("METRICSPORT", "metrics are served at INGRESS_WEBPORT"),
    key("STAGEBUCKET", "object_storage.bucket"),
    key("STORAGEREGION", "object_storage.region"),
    key("MINIOACCESSKEY", "object_storage.access_key_id"),
    key("MINIOSECRETKEY", "object_storage.secret_access_key"),
    key("KAFKAANNOUNCETOPIC", "kafka.topics.announce"),
    key("KAFKATRACKERTOPIC", "kafka.topics.payload_status"),
    key("KAFKAUSERNAME", "kafka.sasl_username"),
    key("KAFKAPASSWORD", "kafka.sasl_password"),
    key("SASLMECHANISM", "kafka.sasl_mechanism"),
    Key {
        original: "KAFKASECURITYPROTOCOL",
        ours: Counterpart::Converted {
            convert: |value| {
                Some(vec![("kafka.security_protocol", value.to_ascii_lowercase().replace('_', "-"))])
            },
            expected: "a protocol",
        },
    },
    key("KAFKACA", "kafka.ca_file"),
    unused("KAFKAGROUPID", "it does not consume"),
    unused("KAFKADELIVERYREPORTS", "every announcement is acknowledged before the answer"),
    unused("VALIDTOPICS", "INGRESS_VALID_UPLOAD_TYPES has the services"),
    Key {
        original: "DEFAULTMAXSIZE",
        ours: Counterpart::Converted {
            convert: |value| Some(vec![("ingress.max_upload", bytes(value)?)]),
            expected: "a number of bytes",
        },
    },
    unused("MAXUPLOADMEM", "archives are streamed to the object storage"),
    Key {
        original: "AUTH",
        ours: Counterpart::Converted {
            convert: |value| Some(vec![("auth.trust_identity_header", boolean(value)?.to_string())]),
            expected: "true or false",
        },
    },
    key("PAYLOADTRACKERURL", "ingress.payload_tracker_url"),
    unused("HTTPCLIENTTIMEOUT", "the time limit is fixed"),
    unused("TLSCAPATH", "certificates of the system count"),
    unused("PROFILE", "there is no profiler in the program"),
    unused("HOSTNAME", "the platform adds it to the log"),
    unused("OPENSHIFTBUILDCOMMIT", "the build knows its commit"),
    unused("DEBUG", "logging.level says it"),
    unused("DEBUGUSERAGENT", "requests are not dumped"),
    Key {
        original: "LOGLEVEL",
        ours: Counterpart::Converted {
            convert: |value| Some(vec![("logging.level", log_level(value)?.to_owned())]),
            expected: "debug, info, warn or error",
        },
    },
    unused("LOGGROUP", LOGS),
    unused("AWSREGION", LOGS),
    unused("AWSACCESSKEYID", LOGS),
    unused("AWSSECRETACCESSKEY", LOGS),
];

/// Keys with lists, separated by blanks or commas.
const LISTS: [(&str, &str); 5] = [
    ("VALID_UPLOAD_TYPES", "ingress.services"),
    ("BLACK_LISTED_ORGIDS", "ingress.denied_organizations"),
    ("DENYLIST", "ingress.denied_organizations"),
    ("KAFKABROKERS", "kafka.bootstrap_servers"),
    ("KAFKA_BROKERS", "kafka.bootstrap_servers"),
];

/// Translates the variables. Kubernetes sets `INGRESS_SERVICE_HOST`, `INGRESS_PORT` and the like for a Service named `ingress`: they are left
/// out.
pub fn translate(variables: &BTreeMap<String, String>) -> Result<Translation, ValueError> {
    let mut values = BTreeMap::new();
    let mut settings = Vec::new();
    for (name, value) in variables {
        let Some(name) = name.strip_prefix(PREFIX).map(str::to_ascii_uppercase) else { continue };
        if is_service_link(&name) {
            continue;
        }
        match LISTS.iter().find(|(original, _)| *original == name) {
            Some((_, ours)) => settings.push(((*ours).to_owned(), list(value))),
            None => drop(values.insert(name, value.clone())),
        }
    }
    let endpoint = values.remove("MINIOENDPOINT").filter(|endpoint| !endpoint.is_empty());
    let uses_tls = values.remove("USESSL").is_some_and(|value| boolean(&value) == Some(true));
    if let Some(sizes) = values.remove("MAXSIZEMAP").filter(|sizes| !sizes.is_empty()) {
        settings.extend(max_sizes(&sizes).context(ValueSnafu {
            key: format!("{PREFIX}MAXSIZEMAP"),
            expected: "a JSON object of numbers of bytes",
        })?);
    }
    let mut translation = Translation::new(KEYS, &values)
        .map_err(|error| ValueError { key: format!("{PREFIX}{}", error.key), ..error })?;
    if let Some(endpoint) = endpoint {
        let scheme = if uses_tls { "https" } else { "http" };
        settings.push(("object_storage.endpoint".to_owned(), format!("{scheme}://{endpoint}")));
    }
    translation.set(settings.into_iter().filter(|(_, value)| !value.is_empty()));
    translation.name_with(PREFIX);
    Ok(translation)
}

fn is_service_link(name: &str) -> bool {
    ["SERVICE_HOST", "SERVICE_PORT", "PORT"]
        .iter()
        .any(|link| name.strip_prefix(link).is_some_and(|rest| rest.is_empty() || rest.starts_with('_')))
}

fn list(value: &str) -> String {
    let is_separator = |letter: char| letter == ',' || letter.is_whitespace();
    value.split(is_separator).filter(|item| !item.is_empty()).collect::<Vec<_>>().join(",")
}

fn bytes(value: &str) -> Option<String> {
    value.parse::<u64>().ok().map(|bytes| format!("{bytes}B"))
}

/// Returns a key of ours for each service, with the maximum size of its archives.
fn max_sizes(value: &str) -> Option<Vec<(String, String)>> {
    let sizes: BTreeMap<String, serde_json::Value> = serde_json::from_str(value).ok()?;
    let setting = |(service, size): (String, serde_json::Value)| {
        let text = size.as_str().map_or_else(|| size.to_string(), str::to_owned);
        Some((format!("ingress.max_upload_by_service.{service}"), bytes(&text)?))
    };
    sizes.into_iter().map(setting).collect()
}

#[cfg(test)]
mod tests;
