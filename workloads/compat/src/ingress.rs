//! `insights-ingress-go`: its variables and Clowder's document as our configuration.

use std::{collections::BTreeMap, io, path::Path};

use snafu::OptionExt as _;

use crate::{
    Clowder, Translation, ValueError,
    translation::{
        Counterpart, Key, ValueSnafu, boolean, log_level, object_storage_endpoint, security_protocol,
    },
};

/// The prefix of its variables.
const PREFIX: &str = "INGRESS_";

/// The original's port of metrics.
const METRICS_PORT: u16 = 8080;

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
            convert: |value| Some(vec![("ingress.listen", any_address(value.parse().ok()?))]),
            expected: "a port",
        },
    },
    Key {
        original: "METRICSPORT",
        ours: Counterpart::Converted {
            convert: |value| Some(vec![("ingress.health_listen", any_address(value.parse().ok()?))]),
            expected: "a port",
        },
    },
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
            convert: |value| Some(vec![("kafka.security_protocol", security_protocol(value))]),
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

/// The keys of topics, with the names that the original requests.
const TOPICS: [(&str, &str); 2] = [
    ("kafka.topics.announce", "platform.upload.announce"),
    ("kafka.topics.payload_status", "platform.payload-status"),
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
        translation.set(object_storage_endpoint(&endpoint, uses_tls));
    }
    translation.set(settings);
    translation.set_defaults([("ingress.health_listen", any_address(METRICS_PORT))]);
    translation.name_with(PREFIX);
    Ok(translation)
}

/// Adds what Clowder's document says, as the original does: credentials of brokers override those of the variables, the rest is for
/// keys without a variable. `INGRESS_STAGEBUCKET` is the name that the application has requested for its bucket. Certificates of
/// authorities are written to `folder`.
pub fn apply(
    translation: &mut Translation,
    clowder: &Clowder,
    variables: &BTreeMap<String, String>,
    folder: &Path,
) -> io::Result<()> {
    let (brokers, credentials): (Vec<_>, Vec<_>) =
        clowder.kafka_settings(folder)?.into_iter().partition(|(key, _)| *key == "kafka.bootstrap_servers");
    let requested = variables.get("INGRESS_STAGEBUCKET").map_or("", String::as_str);
    let (bucket, storage): (Vec<_>, Vec<_>) = clowder
        .object_storage_settings(requested)
        .into_iter()
        .partition(|(key, _)| *key == "object_storage.bucket");
    let listen = clowder.public_port.map(|port| ("ingress.listen", any_address(port)));
    let metrics_port = clowder.metrics_port.filter(|_| !variables.contains_key("INGRESS_METRICSPORT"));
    let metrics = metrics_port.map(|port| ("ingress.health_listen", any_address(port)));
    translation.set(credentials.into_iter().chain(bucket).chain(metrics));
    translation.set_defaults(brokers);
    translation.set_defaults(clowder.topic_settings(&TOPICS));
    translation.set_defaults(storage);
    translation.set_defaults(listen);
    Ok(())
}

fn any_address(port: u16) -> String {
    format!("[::]:{port}")
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
