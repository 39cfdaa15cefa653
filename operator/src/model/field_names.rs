//! The fields of a resource for the keys of the workloads' configuration, for messages.

/// The field for each key that the operator sets, sorted by key. A `*` stands for one name.
const FIELDS: &[(&str, &str)] = &[
    ("aggregator", "spec.aggregator"),
    ("aggregator.api_prefix", "spec.aggregator.apiPrefix"),
    ("aggregator.authentication", "spec.aggregator.authentication"),
    ("aggregator.debug", "spec.aggregator.debug"),
    ("aggregator.max_body", "spec.aggregator.maxBodySize"),
    ("aggregator.max_cache", "spec.aggregator.maxCacheSize"),
    ("aggregator.max_clusters_per_request", "spec.aggregator.maxClustersPerRequest"),
    ("aggregator.max_feedback_bytes", "spec.aggregator.maxFeedbackBytes"),
    ("aggregator.metrics_namespace", "spec.aggregator.metricsNamespace"),
    ("aggregator.org_overview_limit", "spec.aggregator.orgOverviewLimit"),
    ("aggregator.request_timeout", "spec.aggregator.requestTimeout"),
    ("aggregator.shutdown_timeout", "spec.aggregator.shutdownTimeout"),
    ("archive", "spec.dataPipeline.archiveLimits"),
    ("archive.max_compressed", "spec.dataPipeline.archiveLimits.maxCompressedSize"),
    ("archive.max_entries", "spec.dataPipeline.archiveLimits.maxEntries"),
    ("archive.max_path_bytes", "spec.dataPipeline.archiveLimits.maxPathBytes"),
    ("archive.max_unpacked", "spec.dataPipeline.archiveLimits.maxUnpackedSize"),
    ("auth", "spec.publicApi.authentication"),
    ("auth.anonymous_organization", "spec.publicApi.authentication.anonymousOrganization"),
    ("auth.cluster_tokens", "spec.publicApi.authentication.clusterTokensSecretRef"),
    ("auth.internal_organizations", "spec.publicApi.authentication.internalOrganizations"),
    ("auth.oidc.audiences", "spec.publicApi.authentication.oidc.audiences"),
    ("auth.oidc.ca_file", "spec.publicApi.authentication.oidc.caSecretRef"),
    ("auth.oidc.issuer", "spec.publicApi.authentication.oidc.issuer"),
    ("auth.token_review.organization", "spec.publicApi.authentication.tokenReview.organization"),
    ("auth.token_review.resource", "spec.publicApi.authentication.tokenReview.resource"),
    ("auth.trust_identity_header", "spec.publicApi.authentication.trustIdentityHeader"),
    ("database", "spec.database"),
    ("database.ca_file", "spec.database.external.caSecretRef"),
    ("database.connect_timeout", "spec.database.connection.connectTimeout"),
    ("database.host", "spec.database.external.host"),
    ("database.max_connections", "spec.database.connection.maxConnectionsPerPod"),
    ("database.name", "spec.database.external.name"),
    ("database.password", "spec.database.external.credentialsSecretRef"),
    ("database.password_file", "spec.database.external.credentialsSecretRef"),
    ("database.port", "spec.database.external.port"),
    ("database.statement_timeout", "spec.database.connection.statementTimeout"),
    ("database.tls_mode", "spec.database.external.tlsMode"),
    ("database.user", "spec.database.external.credentialsSecretRef"),
    ("dvo_writer", "spec.workloadsWriter"),
    ("dvo_writer.group", "spec.workloadsWriter.consumerGroup"),
    ("dvo_writer.metrics_namespace", "spec.workloadsWriter.metricsNamespace"),
    ("ingress", "spec.ingress"),
    ("ingress.link_validity", "spec.ingress.linkValidity"),
    ("ingress.max_concurrent_uploads", "spec.ingress.maxConcurrentUploads"),
    ("ingress.max_upload", "spec.ingress.maxUploadSize"),
    ("insights_core", "spec.dataPipeline.insightsCore"),
    ("insights_core.archive_timeout", "spec.dataPipeline.insightsCore.archiveTimeout"),
    ("insights_core.components", "spec.dataPipeline.insightsCore.components"),
    ("insights_core.config_file", "spec.dataPipeline.insightsCore.configMapKeyRef"),
    ("insights_core.max_archives", "spec.dataPipeline.insightsCore.maxArchives"),
    ("insights_core.max_memory", "spec.dataPipeline.insightsCore.maxMemory"),
    ("insights_core.max_memory_growth", "spec.dataPipeline.insightsCore.maxMemoryGrowth"),
    ("insights_core.on_failure", "spec.dataPipeline.insightsCore.onFailure"),
    ("insights_core.packages", "spec.dataPipeline.insightsCore.packages"),
    ("insights_core.python", "spec.dataPipeline.insightsCore.python"),
    ("insights_core.rule_timeout", "spec.dataPipeline.insightsCore.ruleTimeout"),
    ("insights_core.start_timeout", "spec.dataPipeline.insightsCore.startTimeout"),
    ("insights_core.workers", "spec.dataPipeline.insightsCore.workers"),
    ("kafka", "spec.kafka"),
    ("kafka.bootstrap_servers", "spec.kafka.bootstrapServers"),
    ("kafka.ca_file", "spec.kafka.caSecretRef"),
    ("kafka.certificate_file", "spec.kafka.clientCertificateSecretRef"),
    ("kafka.client_id", "spec.kafka.clientId"),
    ("kafka.key_file", "spec.kafka.clientCertificateSecretRef"),
    ("kafka.properties", "spec.kafka.properties"),
    ("kafka.sasl_mechanism", "spec.kafka.sasl.mechanism"),
    ("kafka.sasl_password", "spec.kafka.sasl.credentialsSecretRef"),
    ("kafka.sasl_password_file", "spec.kafka.sasl.credentialsSecretRef"),
    ("kafka.sasl_username", "spec.kafka.sasl.username"),
    ("kafka.security_protocol", "spec.kafka.securityProtocol"),
    ("kafka.session_timeout", "spec.kafka.sessionTimeout"),
    ("kafka.start_offset", "spec.kafka.startOffset"),
    ("kafka.topics", "spec.kafka.topics"),
    ("kafka.topics.announce", "spec.kafka.topics.announce"),
    ("kafka.topics.announce_dead_letters", "spec.kafka.topics.announceDeadLetters"),
    ("kafka.topics.payload_status", "spec.kafka.topics.payloadStatus"),
    ("kafka.topics.results", "spec.kafka.topics.results"),
    ("kafka.topics.results_dead_letters", "spec.kafka.topics.resultsDeadLetters"),
    ("kafka.topics.workloads", "spec.kafka.topics.workloads"),
    ("logging", "spec.logging"),
    ("logging.format", "spec.logging.format"),
    ("logging.level", "spec.logging.level"),
    ("object_storage", "spec.objectStorage"),
    ("object_storage.access_key_id", "spec.objectStorage.credentials.secretRef"),
    ("object_storage.access_key_id_file", "spec.objectStorage.credentials.secretRef"),
    ("object_storage.addressing", "spec.objectStorage.addressing"),
    ("object_storage.bucket", "spec.objectStorage.bucket"),
    ("object_storage.ca_file", "spec.objectStorage.caSecretRef"),
    ("object_storage.endpoint", "spec.objectStorage.endpoint"),
    ("object_storage.links", "spec.objectStorage.linkPolicy"),
    ("object_storage.region", "spec.objectStorage.region"),
    ("object_storage.secret_access_key", "spec.objectStorage.credentials.secretRef"),
    ("object_storage.secret_access_key_file", "spec.objectStorage.credentials.secretRef"),
    ("pipeline", "spec.dataPipeline"),
    ("pipeline.archive_timeout", "spec.dataPipeline.archiveTimeout"),
    ("pipeline.download_connect_timeout", "spec.dataPipeline.downloads.connectTimeout"),
    ("pipeline.download_read_timeout", "spec.dataPipeline.downloads.readTimeout"),
    ("pipeline.download_timeout", "spec.dataPipeline.downloads.timeout"),
    ("pipeline.group", "spec.dataPipeline.consumerGroup"),
    ("pipeline.max_bytes_in_flight", "spec.dataPipeline.maxSizeInFlight"),
    ("pipeline.max_downloads", "spec.dataPipeline.downloads.maxParallel"),
    ("pipeline.max_record_age", "spec.dataPipeline.maxRecordAge"),
    ("pipeline.rule_timeout", "spec.dataPipeline.rules.ruleTimeout"),
    ("pipeline.service", "spec.dataPipeline.service"),
    ("pipeline.shutdown_timeout", "spec.dataPipeline.shutdownTimeout"),
    ("pipeline.workers", "spec.dataPipeline.workers"),
    ("retry", "spec.retry"),
    ("retry.initial_delay", "spec.retry.initialDelay"),
    ("retry.max_attempts", "spec.retry.maxAttempts"),
    ("retry.max_delay", "spec.retry.maxDelay"),
    ("rules", "spec.dataPipeline.rules"),
    ("rules.builtin", "spec.dataPipeline.rules.builtIn"),
    ("rules.content_directories", "spec.dataPipeline.rules.content"),
    ("rules.directories", "spec.dataPipeline.rules.configMapRefs"),
    ("rules.disabled", "spec.dataPipeline.rules.disabledRules"),
    ("smart_proxy", "spec.publicApi"),
    ("smart_proxy.metrics_namespace", "spec.publicApi.metricsNamespace"),
    ("smart_proxy.stale_after", "spec.publicApi.staleAfter"),
    ("smart_proxy.upgrade_risks_url", "spec.publicApi.upgradeRisksUrl"),
    ("valkey", "spec.requestsWriter.valkey"),
    ("valkey.ca_file", "spec.requestsWriter.valkey.caSecretRef"),
    ("valkey.database", "spec.requestsWriter.valkey.database"),
    ("valkey.endpoint", "spec.requestsWriter.valkey.endpoint"),
    ("valkey.password", "spec.requestsWriter.valkey.credentialsSecretRef"),
    ("valkey.password_file", "spec.requestsWriter.valkey.credentialsSecretRef"),
    ("valkey.tls", "spec.requestsWriter.valkey.tls"),
    ("valkey.username", "spec.requestsWriter.valkey.credentialsSecretRef"),
    ("valkey_writer", "spec.requestsWriter"),
    ("valkey_writer.expiration", "spec.requestsWriter.expiration"),
    ("valkey_writer.group", "spec.requestsWriter.consumerGroup"),
    ("valkey_writer.metrics_namespace", "spec.requestsWriter.metricsNamespace"),
    ("web", "spec.publicApi"),
    ("web.login.client_id", "spec.publicApi.login.clientId"),
    ("web.login.client_secret", "spec.publicApi.login.clientSecretRef"),
    ("web.login.client_secret_file", "spec.publicApi.login.clientSecretRef"),
    ("web.login.max_session", "spec.publicApi.login.maxSession"),
    ("web.login.scopes", "spec.publicApi.login.scopes"),
    ("web.login.url", "spec.publicApi.login.url"),
    ("web.secret", "spec.publicApi.pageSecretRef"),
    ("web.secret_file", "spec.publicApi.pageSecretRef"),
    ("workload_checks", "spec.dataPipeline.workloadChecks"),
    ("workload_checks.compression", "spec.dataPipeline.workloadChecks.compression"),
    ("workload_checks.disabled", "spec.dataPipeline.workloadChecks.disabled"),
    ("workload_checks.enabled", "spec.dataPipeline.workloadChecks.enabled"),
    ("writer", "spec.dbWriter"),
    ("writer.group", "spec.dbWriter.consumerGroup"),
    ("writer.linger", "spec.dbWriter.batch.linger"),
    ("writer.max_batch_bytes", "spec.dbWriter.batch.maxSize"),
    ("writer.max_batch_messages", "spec.dbWriter.batch.maxMessages"),
    ("writer.metrics_namespace", "spec.dbWriter.metricsNamespace"),
    ("writer.org_allowlist_file", "spec.dbWriter.orgAllowlistConfigMapRef"),
    ("writer.shutdown_timeout", "spec.dbWriter.shutdownTimeout"),
];

/// The prefix of variables that set a key: `CCX__KAFKA__CLIENT_ID` is `kafka.client_id`.
const VARIABLE_PREFIX: &str = "CCX__";

/// Returns the field that sets a key, or the section of a key that no field sets.
pub(crate) fn field(key: &str) -> Option<String> {
    if let Some(name) = key.strip_prefix("kafka.properties.") {
        return Some(format!("spec.kafka.properties.{name}"));
    }
    let section = key.split('.').next().unwrap_or_default();
    [key, section].into_iter().find_map(find).map(str::to_owned)
}

fn find(key: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(known, _)| *known == key).map(|(_, field)| *field)
}

/// Replaces the keys of the configuration, which users of a resource do not have, by fields.
pub(crate) fn translate(text: &str) -> String {
    let mut translated = String::with_capacity(text.len());
    for part in sections(text).split_inclusive(|character: char| !is_part_of_key(character)) {
        let word = part.trim_end_matches(|character| !is_part_of_key(character)).trim_end_matches('.');
        translated.push_str(&key_to_field(word).unwrap_or_else(|| word.to_owned()));
        translated.push_str(&part[word.len()..]);
    }
    translated
}

/// Replaces references to a section, such as ``[kafka] in `ccx config print` ``.
fn sections(text: &str) -> String {
    let mut text = text.replace(" in `ccx config print`", "");
    for (section, field) in FIELDS.iter().filter(|(key, _)| !key.contains('.')) {
        text = text.replace(&format!("[{section}]"), field);
    }
    text.replace("`ccx config print`", "the CcxPipeline").replace("ccx.toml", "the CcxPipeline")
}

fn key_to_field(word: &str) -> Option<String> {
    if let Some(variable) = word.strip_prefix(VARIABLE_PREFIX) {
        return field(&variable.to_ascii_lowercase().replace("__", "."));
    }
    // A section alone is an ordinary word.
    let is_key = word.contains('.') && (find(word).is_some() || word.starts_with("kafka.properties."));
    is_key.then(|| field(word)).flatten()
}

fn is_part_of_key(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_' || character == '.'
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn fields_and_keys_exist_and_are_sorted() {
        let definition =
            serde_json::to_value(<ccx_crds::CcxPipeline as kube::CustomResourceExt>::crd()).unwrap();
        let schema = &definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
        let configuration: Value = serde_json::to_value(schemars::schema_for!(ccx_config::Config)).unwrap();
        for (key, field) in FIELDS {
            let of_field = field.split('.').fold(schema, |schema, name| &schema["properties"][name]);
            assert!(of_field.is_object(), "the definition has no field {field}");
            let of_key = key.split('.').fold(&configuration, |schema, name| {
                let reference = schema["properties"][name]["$ref"].as_str();
                let target =
                    reference.and_then(|it| it.strip_prefix("#")).and_then(|it| configuration.pointer(it));
                target.unwrap_or(&schema["properties"][name])
            });
            assert!(of_key.is_object() || of_key.is_boolean(), "the configuration has no key {key}");
        }
        assert!(FIELDS.is_sorted());
    }

    #[test]
    fn key_without_a_field_has_that_of_its_section() {
        assert_eq!(field("kafka.topics.images").as_deref(), Some("spec.kafka"));
        assert_eq!(field("kafka.properties.acks").as_deref(), Some("spec.kafka.properties.acks"));
        assert_eq!(field("unknown.key"), None);
    }

    #[test]
    fn keys_sections_and_variables_in_a_text_become_fields() {
        let texts = [
            (
                "failed to use Kafka at b:9092\n  help: see [kafka] in `ccx config print`; the user needs the right Create",
                "failed to use Kafka at b:9092\n  help: see spec.kafka; the user needs the right Create",
            ),
            ("raise pipeline.max_bytes_in_flight.", "raise spec.dataPipeline.maxSizeInFlight."),
            (
                "correct ccx.toml or CCX__DATABASE__PORT",
                "correct the CcxPipeline or spec.database.external.port",
            ),
            ("the database is at kafka.svc:9092", "the database is at kafka.svc:9092"),
            ("(kafka.properties.acks)", "(spec.kafka.properties.acks)"),
        ];
        for (text, expected) in texts {
            assert_eq!(translate(text), expected);
        }
    }
}
