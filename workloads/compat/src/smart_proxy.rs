//! `insights-results-smart-proxy`: its file, variables and Clowder's document as our configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use snafu::{OptionExt as _, ResultExt as _};
use toml::{Table, Value};

use crate::{
    Clowder, LoadError, Translation, ValueError,
    load::{OrganizationSnafu, OrganizationsSnafu, Sources},
    translation::{Counterpart, Key, boolean, listen_address, log_level},
};

const SOURCES: Sources = Sources {
    file_variable: "INSIGHTS_RESULTS_SMART_PROXY_CONFIG_FILE",
    variable_prefix: "INSIGHTS_RESULTS_SMART_PROXY__",
};

const fn key(original: &'static str, ours: &'static str) -> Key {
    Key { original, ours: Counterpart::Key(ours) }
}

const fn unused(original: &'static str, reason: &'static str) -> Key {
    Key { original, ours: Counterpart::Unused(reason) }
}

const OTHER_SERVICES: &str = "reports come from [database], texts from rules.content_directories";
const LOGS: &str = "the log goes to standard error, and the platform collects it";
const DOCUMENTS: &str = "the documents are derived from the code";
const PROTOCOL: &str = "encryption is the task of the exposure";

const KEYS: &[Key] = &[
    Key {
        original: "server.address",
        ours: Counterpart::Converted {
            convert: |value| Some(vec![("smart_proxy.listen", listen_address(value)?.to_string())]),
            expected: "an address and a port, as in :8080",
        },
    },
    Key {
        original: "server.api_v1_prefix",
        ours: Counterpart::Converted {
            convert: |value| prefix(value, "v1/"),
            expected: "a path that ends with v1/",
        },
    },
    Key {
        original: "server.api_v2_prefix",
        ours: Counterpart::Converted {
            convert: |value| prefix(value, "v2/"),
            expected: "a path that ends with v2/",
        },
    },
    unused("server.api_dbg_prefix", "there are no debugging endpoints"),
    unused("server.api_v1_spec_file", DOCUMENTS),
    unused("server.api_v2_spec_file", DOCUMENTS),
    unused("server.api_dbg_spec_file", DOCUMENTS),
    unused("server.debug", "there are no debugging endpoints"),
    Key {
        original: "server.auth",
        ours: Counterpart::Converted { convert: authentication, expected: "true or false" },
    },
    unused("server.auth_type", "a gateway's header and bearer tokens are told apart by themselves"),
    unused("server.use_https", PROTOCOL),
    unused("server.enable_cors", "pages of other origins may not read answers"),
    unused("server.enable_internal_rules_organizations", "the list of organisations says it"),
    key("server.internal_rules_organizations", "auth.internal_organizations"),
    unused("server.log_auth_token", "credentials are never logged"),
    unused("server.org_clusters_fallback", "always on"),
    unused("server.use_rbac", "rbac.url says it"),
    key("rbac.url", "auth.rbac.url"),
    Key {
        original: "rbac.enforce",
        ours: Counterpart::Converted {
            convert: |value| Some(vec![("auth.rbac.enforce", boolean(value)?.to_string())]),
            expected: "true or false",
        },
    },
    unused("services.aggregator", OTHER_SERVICES),
    unused("services.content", OTHER_SERVICES),
    unused("services.groups_poll_time", "texts are read when their files change"),
    unused("services.content_directory_timeout", "texts are read when their files change"),
    key("services.upgrade_risks_prediction", "smart_proxy.upgrade_risks_url"),
    key("amsclient.url", "smart_proxy.account_management.url"),
    key("amsclient.client_id", "smart_proxy.account_management.client_id"),
    key("amsclient.client_secret", "smart_proxy.account_management.client_secret"),
    unused("amsclient.token", "client credentials are used"),
    key("amsclient.page_size", "smart_proxy.account_management.page_size"),
    Key {
        original: "amsclient.cluster_list_caching",
        ours: Counterpart::Converted {
            convert: |value| Some(vec![("smart_proxy.account_management.cache", duration(value)?)]),
            expected: "a duration, as in 1h30m",
        },
    },
    key("redis.endpoint", "valkey.endpoint"),
    key("redis.database", "valkey.database"),
    key("redis.username", "valkey.username"),
    key("redis.password", "valkey.password"),
    Key {
        original: "redis.timeout_seconds",
        ours: Counterpart::Converted {
            convert: |value| Some(vec![("valkey.timeout", format!("{}s", value.parse::<u32>().ok()?))]),
            expected: "a whole number of seconds",
        },
    },
    unused("redis.enabled", "valkey.endpoint says it"),
    key("metrics.namespace", "smart_proxy.metrics_namespace"),
    Key {
        original: "logging.log_level",
        ours: Counterpart::Converted {
            convert: |value| Some(vec![("logging.level", log_level(value)?.to_owned())]),
            expected: "debug, info, warn or error",
        },
    },
    unused("logging.debug", "logging.format says it"),
    unused("logging.logging_to_cloud_watch_enabled", LOGS),
    unused("logging.logging_to_sentry_enabled", LOGS),
];

/// The key of a file with organisations that may see internal rules.
const ORGANIZATIONS_FILE: &str = "setup.internal_rules_organizations_csv_file";

/// Sections whose keys all have no counterpart.
const UNUSED_SECTIONS: [&str; 4] = ["sentry", "cloudwatch", "kafka_zerolog", "tracing"];

/// Reads the original's file, overridden by its variables, and translates both. The file is the one that a variable names, else `config.toml` in
/// `directory`, if one is given.
pub fn translate(
    directory: Option<&Path>,
    variables: &BTreeMap<String, String>,
) -> Result<Result<Translation, ValueError>, LoadError> {
    let named = variables.contains_key(SOURCES.file_variable).then_some(Path::new("."));
    let table: Table = SOURCES.load(directory.or(named), variables, |_| ())?;
    let mut unused_sections = BTreeSet::new();
    let mut values = BTreeMap::new();
    for (section, value) in table {
        if UNUSED_SECTIONS.contains(&section.as_str()) {
            unused_sections.insert(section);
            continue;
        }
        let Value::Table(keys) = value else {
            values.insert(section, String::new());
            continue;
        };
        values.extend(keys.into_iter().map(|(key, value)| (format!("{section}.{key}"), text(&value))));
    }
    let organizations = internal_organizations(&mut values)?;
    Ok(Translation::new(KEYS, &values).map(|mut translation| {
        translation.unused.extend(unused_sections.into_iter().map(|section| (section, LOGS)));
        translation.set(organizations.map(|list| ("auth.internal_organizations", list)));
        translation
    }))
}

/// Adds what Clowder's document says. Certificates of authorities are written to `folder`.
pub fn apply(translation: &mut Translation, clowder: &Clowder, folder: &Path) -> io::Result<()> {
    translation.set(clowder.valkey_settings());
    translation.set(clowder.database_settings(folder)?);
    Ok(())
}

/// Reads the organisations that may see internal rules from the file that the configuration names, if they are enabled: CSV with a line of
/// names, and ids in the first column.
fn internal_organizations(values: &mut BTreeMap<String, String>) -> Result<Option<String>, LoadError> {
    let file = values.remove(ORGANIZATIONS_FILE).filter(|file| !file.is_empty());
    let enabled = values.get("server.enable_internal_rules_organizations").and_then(|value| boolean(value));
    let Some(file) = file.filter(|_| enabled == Some(true)).map(PathBuf::from) else { return Ok(None) };
    let text = fs::read_to_string(&file).context(OrganizationsSnafu { file: &file })?;
    let mut organizations = Vec::new();
    for (index, line) in text.lines().enumerate().skip(1).filter(|(_, line)| !line.trim().is_empty()) {
        let id = line.split(',').next().unwrap_or_default().trim().trim_matches('"');
        let id: u32 = id.parse().ok().context(OrganizationSnafu { file: &file, line: index + 1 })?;
        organizations.push(id.to_string());
    }
    Ok(Some(organizations.join(",")))
}

/// Returns a value as the text of a variable.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Both versions have one prefix with us.
fn prefix(value: &str, version: &str) -> Option<Vec<(&'static str, String)>> {
    Some(vec![("smart_proxy.api_prefix", value.strip_suffix(version)?.to_owned())])
}

/// The header of a gateway; with `false`, only other credentials of `[auth]` count.
fn authentication(value: &str) -> Option<Vec<(&'static str, String)>> {
    Some(vec![("auth.trust_identity_header", boolean(value)?.to_string())])
}

fn duration(value: &str) -> Option<String> {
    let duration = humantime::parse_duration(value).ok()?;
    Some(format!("{}ms", duration.as_millis()))
}

#[cfg(test)]
mod tests;
