//! The settings overridden by Clowder's document, as the original does.

use std::{io, path::Path};

use super::{Settings, Storage};
use crate::{
    Clowder,
    clowder::{Database, Kafka, KafkaBroker, write_authorities},
};

impl Settings {
    /// Overrides the settings by the Clowder document; returns the messages for standard output, as the
    /// original prints them.
    ///
    /// Certificates of authorities are written to `folder`, where the clients of Kafka and PostgreSQL read
    /// them.
    pub fn apply(&mut self, clowder: &Clowder, folder: &Path) -> io::Result<Vec<String>> {
        let mut messages = Vec::new();
        match &clowder.kafka {
            None => {
                messages.push("No Kafka configuration available in Clowder, using default one".to_owned());
            }
            Some(kafka) => {
                match kafka.brokers.first() {
                    Some(broker) => self.apply_broker(broker, kafka, folder, &mut messages)?,
                    None => {
                        messages.push("warning: no broker configurations found in clowder config".to_owned());
                    }
                }
                self.apply_topics(kafka, &mut messages);
            }
        }
        match &clowder.database {
            Some(database) => {
                let ca_file = write_authorities(database.rds_ca.as_deref(), folder, "database-ca.pem")?;
                for storage in [&mut self.ocp_recommendations_storage, &mut self.dvo_recommendations_storage]
                {
                    storage.apply(database, ca_file.as_deref());
                }
            }
            None => messages.push("warning: no storage section in Clowder config".to_owned()),
        }
        if let Some(redis) = &clowder.in_memory_db {
            self.redis.endpoint = format!("{}:{}", redis.hostname, redis.port);
            self.redis.username = redis.username.clone().unwrap_or_default();
            self.redis.password = redis.password.clone().unwrap_or_default();
        }
        Ok(messages)
    }

    fn apply_broker(
        &mut self,
        first: &KafkaBroker,
        kafka: &Kafka,
        folder: &Path,
        messages: &mut Vec<String>,
    ) -> io::Result<()> {
        let addresses: Vec<String> = kafka.brokers.iter().map(KafkaBroker::address).collect();
        self.broker.addresses = addresses.join(",");
        if let Some(file) = write_authorities(first.cacert.as_deref(), folder, "kafka-ca.pem")? {
            self.broker.cert_path = file.display().to_string();
        }
        if let Some(protocol) = first.security_protocol() {
            protocol.clone_into(&mut self.broker.security_protocol);
        }
        match &first.sasl {
            Some(sasl) => {
                self.broker.sasl_username.clone_from(&sasl.username);
                self.broker.sasl_password = sasl.password.clone();
                self.broker.sasl_mechanism.clone_from(&sasl.mechanism);
            }
            None if first.authtype.is_some() => {
                messages.push("warning: SASL configuration is missing".to_owned());
            }
            None => {}
        }
        Ok(())
    }

    fn apply_topics(&mut self, kafka: &Kafka, messages: &mut Vec<String>) {
        let broker = &mut self.broker;
        let topics =
            [&mut broker.topic, &mut broker.dead_letter_queue_topic, &mut broker.payload_tracker_topic];
        for topic in topics {
            match kafka.topic(topic) {
                Some(name) => name.clone_into(topic),
                None => messages.push(format!("warning: no kafka mapping found for topic {topic}")),
            }
        }
    }
}

impl Storage {
    /// Overrides the connection by a Clowder document, whose certificates are written to `folder`.
    pub(crate) fn apply_clowder(&mut self, clowder: &Clowder, folder: &Path) -> io::Result<()> {
        if let Some(database) = &clowder.database {
            let ca_file = write_authorities(database.rds_ca.as_deref(), folder, "database-ca.pem")?;
            self.apply(database, ca_file.as_deref());
        }
        Ok(())
    }

    fn apply(&mut self, database: &Database, ca_file: Option<&Path>) {
        self.pg_host.clone_from(&database.hostname);
        self.pg_port = database.port;
        self.pg_username.clone_from(&database.username);
        self.pg_password = database.password.clone();
        self.pg_db_name.clone_from(&database.name);
        let mode = database.ssl_mode.as_ref().filter(|mode| !mode.is_empty());
        let mode = mode.map(|mode| format!(" sslmode={mode}"));
        let authorities = ca_file.map(|file| format!(" sslrootcert={}", file.display()));
        for parameter in [mode, authorities].into_iter().flatten() {
            self.pg_params.push_str(&parameter);
        }
    }
}
