//! The mount paths of referenced objects: `validate` writes them into the configuration, `build` mounts
//! there.

/// The directory of all mounts.
const ROOT: &str = "/etc/ccx";

/// The variable with the user name for Kafka, which the configuration can't read from a file.
pub(crate) const USER_VARIABLE: &str = "CCX__KAFKA__SASL_USERNAME";

/// The variable with the database role, which the configuration can't read from a file.
pub(crate) const ROLE_VARIABLE: &str = "CCX__DATABASE__USER";

/// The variable with the user of Valkey, which the configuration can't read from a file.
pub(crate) const VALKEY_USER_VARIABLE: &str = "CCX__VALKEY__USERNAME";

/// The variable with the client id for the account management API, which the configuration can't read from a file.
pub(crate) const CLIENT_VARIABLE: &str = "CCX__SMART_PROXY__ACCOUNT_MANAGEMENT__CLIENT_ID";

/// The role of the ConfigMap with the CA certificates of a Kafka of Strimzi.
pub(crate) const AUTHORITIES: &str = "kafka-ca";

/// Names of mounted files, independent of the keys of their objects.
pub(crate) mod file {
    pub(crate) const PASSWORD: &str = "password";
    pub(crate) const SECRET: &str = "secret";
    pub(crate) const CA: &str = "ca.crt";
    pub(crate) const CERTIFICATE: &str = "tls.crt";
    pub(crate) const PRIVATE_KEY: &str = "tls.key";
    pub(crate) const ACCESS_KEY_ID: &str = "access-key-id";
    pub(crate) const SECRET_ACCESS_KEY: &str = "secret-access-key";
}

/// Returns the mount path of a volume.
pub(crate) fn folder(volume: &str) -> String {
    format!("{ROOT}/{volume}")
}
