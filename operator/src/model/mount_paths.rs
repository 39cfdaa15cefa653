//! Where pods find what a resource refers to: validation writes these paths into the configuration, builders mount there.

/// The folder of everything that is mounted.
const ROOT: &str = "/etc/ccx";

/// The variable with the user's name for Kafka: the configuration has no file for it.
pub(crate) const USER_VARIABLE: &str = "CCX__KAFKA__SASL_USERNAME";

/// The variable with the database's role: the configuration has no file for it.
pub(crate) const ROLE_VARIABLE: &str = "CCX__DATABASE__USER";

/// The role of the ConfigMap with the authorities of a Kafka that Strimzi runs.
pub(crate) const AUTHORITIES: &str = "kafka-ca";

/// Names of mounted files, whatever the keys are that they come from.
pub(crate) mod file {
    pub(crate) const PASSWORD: &str = "password";
    pub(crate) const CA: &str = "ca.crt";
    pub(crate) const CERTIFICATE: &str = "tls.crt";
    pub(crate) const PRIVATE_KEY: &str = "tls.key";
    pub(crate) const ACCESS_KEY_ID: &str = "access-key-id";
    pub(crate) const SECRET_ACCESS_KEY: &str = "secret-access-key";
}

/// The folder of a volume.
pub(crate) fn folder(volume: &str) -> String {
    format!("{ROOT}/{volume}")
}
