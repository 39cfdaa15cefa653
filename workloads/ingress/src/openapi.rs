//! The documents about both services, from the descriptions beside their handlers.

use std::sync::LazyLock;

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{
        Components, InfoBuilder, LicenseBuilder, OpenApi, ServerBuilder,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};

use crate::routes::{GATHERING_PREFIX, PREFIXES, gathering_routes, upload_routes};

/// The names of the security schemes.
const SCHEMES: [&str; 2] = ["identity", "token"];

/// Paths that need no credentials.
const OPEN_PATHS: [&str; 2] = ["/version", "/openapi.json"];

/// The parts of a form with an archive.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what is received")]
pub(crate) struct UploadForm {
    /// The archive. Its content type names the service: `application/vnd.redhat.<service>.<category>`. It may be named `upload`.
    #[schema(content_media_type = "application/vnd.redhat.openshift.periodic")]
    file: String,
    /// JSON about the archive.
    metadata: Option<String>,
}

/// The answer to an upload.
#[derive(Serialize, ToSchema)]
pub(crate) struct Accepted {
    /// The id of the upload.
    pub(crate) request_id: String,
    /// The sender.
    pub(crate) upload: AcceptedUpload,
}

/// The sender of an upload.
#[derive(Serialize, ToSchema)]
pub(crate) struct AcceptedUpload {
    /// The account number; absent when unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) account_number: Option<String>,
    /// The organisation.
    pub(crate) org_id: String,
}

/// A status of an upload, or all of them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what is sent")]
pub(crate) struct TrackedUpload {
    /// The service that reports the status; absent when all are listed.
    #[schema(nullable = false)]
    service: Option<String>,
    /// The status.
    #[schema(nullable = false)]
    status: Option<String>,
    /// When it was reported.
    #[schema(nullable = false)]
    date: Option<String>,
    /// All statuses, the newest first, from `verbosity=2` on.
    #[schema(value_type = Option<Vec<Object>>, nullable = false)]
    data: Option<Vec<Value>>,
}

/// Conditional gathering rules.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what is sent")]
pub(crate) struct ConditionalRules {
    /// The release of the rules.
    version: String,
    /// The rules.
    #[schema(value_type = Vec<Object>)]
    rules: Vec<Value>,
}

/// The remote configuration of a cluster's gathering.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what is sent")]
pub(crate) struct RemoteConfiguration {
    /// The release of the configuration.
    version: String,
    /// The rules: at least one.
    #[schema(value_type = Vec<Object>, min_items = 1)]
    conditional_gathering_rules: Vec<Value>,
    /// The logs of containers to gather.
    #[schema(value_type = Vec<Object>)]
    container_logs: Vec<Value>,
}

/// The reason why there is no configuration.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only describes what is sent")]
pub(crate) struct GatheringProblem {
    /// The problem.
    status: String,
}

/// Returns the document of the upload service.
pub(crate) fn upload_service() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        let (_, document) = upload_routes().split_for_parts();
        json(document, "insights-ingress-go", "Uploads of archives by clusters.", PREFIXES[0])
    });
    &DOCUMENT
}

/// Returns the document of the service of gathering rules. It needs no credentials.
pub(crate) fn gathering_service() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        let (_, mut document) = gathering_routes().split_for_parts();
        for item in document.paths.paths.values_mut() {
            if let Some(operation) = &mut item.get {
                operation.security = Some(Vec::new());
            }
        }
        let description = "Rules that say what an insights operator gathers beyond the usual.";
        json(document, "insights-operator-gathering-conditions-service", description, GATHERING_PREFIX)
    });
    &DOCUMENT
}

fn json(mut document: OpenApi, title: &str, description: &str, server: &str) -> String {
    document.info = InfoBuilder::new()
        .title(title)
        .description(Some(description))
        .version(env!("CARGO_PKG_VERSION"))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()))
        .build();
    document.servers = Some(vec![ServerBuilder::new().url(server).description(Some("This service")).build()]);
    let requirement = |name: &str| SecurityRequirement::new::<_, [&str; 0], &str>(name, []);
    for (path, item) in &mut document.paths.paths {
        for operation in [&mut item.get, &mut item.post].into_iter().flatten() {
            let is_open = operation.security.is_some() || OPEN_PATHS.contains(&path.as_str());
            operation.security = Some(if is_open { Vec::new() } else { SCHEMES.map(requirement).into() });
        }
    }
    let components = document.components.get_or_insert_default();
    add_schemes(components);
    let json = serde_json::to_string_pretty(&document).expect("the document has only text keys");
    format!("{json}\n")
}

fn add_schemes(components: &mut Components) {
    let description = "Base64 of JSON with the caller's organisation, set by a gateway.";
    let header = ApiKeyValue::with_description("x-rh-identity", description);
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("The token of a cluster."));
    components.add_security_scheme(SCHEMES[0], SecurityScheme::ApiKey(ApiKey::Header(header)));
    components.add_security_scheme(SCHEMES[1], SecurityScheme::Http(bearer.build()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_of_each_service_is_up_to_date() {
        ccx_test_support::assert_generated("workloads/ingress/openapi.ingress.json", upload_service());
        ccx_test_support::assert_generated("workloads/ingress/openapi.gathering.json", gathering_service());
    }

    #[test]
    fn operations_of_uploads_need_credentials() {
        let document: Value = serde_json::from_str(upload_service()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            for operation in item.as_object().unwrap().values() {
                let is_open = operation["security"].as_array().unwrap().is_empty();
                assert_eq!(is_open, OPEN_PATHS.contains(&path.as_str()), "{path}");
            }
        }
    }
}
