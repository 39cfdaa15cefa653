//! `spec.database.external`

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CaSecretRef, CredentialsSecretRef,
    schema::{
        field::host_or_address,
        rule::{needed_when, only_when, rule},
    },
};

/// An existing database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = ExternalDatabase::rules()))]
pub struct ExternalDatabase {
    /// Host name or address.
    ///
    /// Example: `results-rw.databases.svc`.
    #[schemars(transform = host_or_address)]
    pub host: String,
    /// TCP port.
    #[serde(default = "postgres_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// The name of the database.
    #[serde(default = "database_name")]
    #[schemars(length(min = 1, max = 63))]
    pub name: String,
    /// The role and its password. The role owns the database: it creates and migrates the schema.
    pub credentials_secret_ref: CredentialsSecretRef,
    /// Protection of the connection.
    #[serde(default)]
    pub tls_mode: TlsMode,
    /// The authorities that sign the server's certificate; absent means the public ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_secret_ref: Option<CaSecretRef>,
}

impl ExternalDatabase {
    fn rules() -> Vec<Rule> {
        vec![
            needed_when(
                "caSecretRef",
                "self.tlsMode == 'VerifyCa'",
                "set caSecretRef: with the public authorities, VerifyCa would trust any host; or choose VerifyFull",
            ),
            only_when(
                "caSecretRef",
                "self.tlsMode in ['VerifyCa', 'VerifyFull']",
                "set tlsMode to VerifyFull or VerifyCa, or remove caSecretRef: only they check the certificate",
            ),
            rule(
                "self.name.matches('^[A-Za-z0-9_][-A-Za-z0-9_$]*$')",
                "write a database's name: letters, digits, _, - and $",
            )
            .field_path(".name"),
        ]
    }
}

/// Protection of a connection, as libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS if the server supports it.
    Prefer,
    /// TLS without verification of the certificate.
    Require,
    /// TLS with a trusted certificate.
    VerifyCa,
    /// TLS with a trusted certificate for this host.
    #[default]
    VerifyFull,
}

fn postgres_port() -> u16 {
    5432
}

fn database_name() -> String {
    "ccx-data-pipeline".into()
}
