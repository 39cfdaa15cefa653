//! References to Secrets and ConfigMaps in the namespace of the object. Their data is never copied into it.

use kube::core::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{
    field::{data_key, object_name},
    rule::different_keys,
};

/// An object in the same namespace, by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LocalRef {
    /// The object's name.
    ///
    /// Example: `registry-login`.
    #[schemars(transform = object_name)]
    pub name: String,
}

/// A PEM file of certificate authorities in a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CaSecretRef {
    /// The Secret's name.
    ///
    /// Example: `kafka-cluster-ca-cert`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// The key in the Secret.
    #[serde(default = "ca_key")]
    #[schemars(transform = data_key)]
    pub key: String,
}

/// A user name and a password in a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = CredentialsSecretRef::rules()))]
pub struct CredentialsSecretRef {
    /// The Secret's name.
    ///
    /// Example: `ccx-user`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// The key of the user's name.
    #[serde(default = "username_key")]
    #[schemars(transform = data_key)]
    pub username_key: String,
    /// The key of the password.
    #[serde(default = "password_key")]
    #[schemars(transform = data_key)]
    pub password_key: String,
}

impl CredentialsSecretRef {
    fn rules() -> Vec<Rule> {
        vec![different_keys("usernameKey", "passwordKey")]
    }
}

/// An access key in a Secret, under the names that Amazon's tools and bucket claims use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = S3CredentialsSecretRef::rules()))]
pub struct S3CredentialsSecretRef {
    /// The Secret's name.
    ///
    /// Example: `insights-upload`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// The key of the access key's id.
    #[serde(default = "access_key_id_key")]
    #[schemars(transform = data_key)]
    pub access_key_id_key: String,
    /// The key of the secret access key.
    #[serde(default = "secret_access_key_key")]
    #[schemars(transform = data_key)]
    pub secret_access_key_key: String,
}

impl S3CredentialsSecretRef {
    fn rules() -> Vec<Rule> {
        vec![different_keys("accessKeyIdKey", "secretAccessKeyKey")]
    }
}

/// A client certificate and its private key in a Secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(extend("x-kubernetes-validations" = CertificateSecretRef::rules()))]
pub struct CertificateSecretRef {
    /// The Secret's name.
    ///
    /// Example: `ccx-client-certificate`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// The key of the certificate, a PEM file.
    #[serde(default = "certificate_key")]
    #[schemars(transform = data_key)]
    pub certificate_key: String,
    /// The key of the private key, a PEM file.
    #[serde(default = "private_key_key")]
    #[schemars(transform = data_key)]
    pub private_key_key: String,
}

impl CertificateSecretRef {
    fn rules() -> Vec<Rule> {
        vec![different_keys("certificateKey", "privateKeyKey")]
    }
}

/// One file of a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfigMapKeyRef {
    /// The ConfigMap's name.
    ///
    /// Example: `organisations`.
    #[schemars(transform = object_name)]
    pub name: String,
    /// The key in the ConfigMap.
    ///
    /// Example: `organisations.csv`.
    #[schemars(transform = data_key)]
    pub key: String,
}

fn ca_key() -> String {
    "ca.crt".into()
}

fn username_key() -> String {
    "username".into()
}

fn password_key() -> String {
    "password".into()
}

fn access_key_id_key() -> String {
    "AWS_ACCESS_KEY_ID".into()
}

fn secret_access_key_key() -> String {
    "AWS_SECRET_ACCESS_KEY".into()
}

fn certificate_key() -> String {
    "tls.crt".into()
}

fn private_key_key() -> String {
    "tls.key".into()
}
