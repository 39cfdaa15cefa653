//! The document as keys of our configuration.

use std::{io, path::Path};

use super::{Clowder, KafkaBroker, write_authorities};
use crate::translation::{Setting, object_storage_endpoint, security_protocol};

impl Clowder {
    /// Returns the connection to Kafka's brokers. Certificates of authorities are written to `folder`.
    pub(crate) fn kafka_settings(&self, folder: &Path) -> io::Result<Vec<Setting>> {
        let brokers = self.kafka.as_ref().map_or(&[][..], |kafka| &kafka.brokers);
        let Some(first) = brokers.first() else { return Ok(Vec::new()) };
        let addresses = brokers.iter().map(KafkaBroker::address).collect::<Vec<_>>().join(",");
        let mut settings = vec![("kafka.bootstrap_servers", addresses)];
        if let Some(protocol) = first.security_protocol().map(security_protocol) {
            if let Some(sasl) = first.sasl.as_ref().filter(|_| protocol.starts_with("sasl")) {
                settings.extend([
                    ("kafka.sasl_username", sasl.username.clone()),
                    ("kafka.sasl_password", sasl.password.expose().to_owned()),
                    ("kafka.sasl_mechanism", sasl.mechanism.clone()),
                ]);
            }
            if protocol.ends_with("ssl") {
                let file = write_authorities(first.cacert.as_deref(), folder, "kafka-ca.pem")?;
                settings.extend(file.map(|file| ("kafka.ca_file", file.display().to_string())));
            }
            settings.push(("kafka.security_protocol", protocol));
        }
        Ok(settings)
    }

    /// Returns a topic's name on the brokers for each key with a requested name.
    pub(crate) fn topic_settings(&self, requested: &[(&'static str, &str)]) -> Vec<Setting> {
        let name = |requested: &str| self.kafka.as_ref().and_then(|kafka| kafka.topic(requested));
        requested.iter().filter_map(|(key, requested)| Some((*key, name(requested)?.to_owned()))).collect()
    }

    /// Returns the connection to the database. Certificates of authorities are written to `folder`.
    pub(crate) fn database_settings(&self, folder: &Path) -> io::Result<Vec<Setting>> {
        let Some(database) = &self.database else { return Ok(Vec::new()) };
        let is_encrypted = database.ssl_mode.as_deref() != Some("disable");
        let authorities = database.rds_ca.as_deref().filter(|_| is_encrypted);
        let ca_file = write_authorities(authorities, folder, "database-ca.pem")?;
        let mut settings = vec![
            ("database.host", database.hostname.clone()),
            ("database.port", database.port.to_string()),
            ("database.user", database.username.clone()),
            ("database.password", database.password.expose().to_owned()),
            ("database.name", database.name.clone()),
        ];
        settings.extend(database.ssl_mode.clone().map(|mode| ("database.tls_mode", mode)));
        settings.extend(ca_file.map(|file| ("database.ca_file", file.display().to_string())));
        Ok(settings)
    }

    /// Returns the connection to Valkey or Redis.
    pub(crate) fn valkey_settings(&self) -> Vec<Setting> {
        let Some(valkey) = &self.in_memory_db else { return Vec::new() };
        let password = valkey.password.as_ref().map(|password| password.expose().to_owned());
        vec![
            ("valkey.endpoint", format!("{}:{}", valkey.hostname, valkey.port)),
            ("valkey.username", valkey.username.clone().unwrap_or_default()),
            ("valkey.password", password.unwrap_or_default()),
        ]
    }

    /// Returns the connection to the object storage, and the bucket that an application has requested.
    pub(crate) fn object_storage_settings(&self, requested: &str) -> Vec<Setting> {
        let Some(store) = &self.object_store else { return Vec::new() };
        let host =
            store.port.map_or_else(|| store.hostname.clone(), |port| format!("{}:{port}", store.hostname));
        let mut settings = object_storage_endpoint(&host, store.tls);
        let bucket = store.buckets.iter().find(|bucket| bucket.requested_name == requested);
        let access_key =
            bucket.and_then(|bucket| bucket.access_key.clone()).or_else(|| store.access_key.clone());
        let secret_key =
            bucket.and_then(|bucket| bucket.secret_key.clone()).or_else(|| store.secret_key.clone());
        if let (Some(id), Some(key)) = (access_key, secret_key) {
            settings.push(("object_storage.access_key_id", id));
            settings.push(("object_storage.secret_access_key", key.expose().to_owned()));
        }
        if let Some(bucket) = bucket {
            settings.push(("object_storage.bucket", bucket.name.clone()));
            settings.extend(bucket.region.clone().map(|region| ("object_storage.region", region)));
        }
        settings
    }
}
