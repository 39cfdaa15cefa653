//! The state that all endpoints share.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use ccx_config::{Aggregator, Authentication};
use ccx_http::{AnswerCache, BodyLimits};
use ccx_storage::Database;

use crate::{content::CurrentContent, endpoints::Operations, metrics::Metrics, openapi};

/// The state that all endpoints share: the database, the cache, the texts of the rules, and the limits.
pub struct Api {
    pub(crate) database: Database,
    /// `None` when the configuration gives it no memory.
    pub(crate) cache: Option<AnswerCache>,
    pub(crate) metrics: Metrics,
    pub(crate) content: Arc<CurrentContent>,
    pub(crate) limits: Limits,
    pub(crate) authentication: Authentication,
    pub(crate) operations: Operations,
    pub(crate) openapi: Bytes,
    pub(crate) versions: SchemaVersions,
}

/// Bounds of one request.
pub(crate) struct Limits {
    pub(crate) request_timeout: Duration,
    pub(crate) max_body_bytes: u64,
    pub(crate) max_clusters: usize,
    pub(crate) max_feedback_bytes: usize,
    /// Age from which a cluster's report no longer counts for its organisation's list.
    pub(crate) org_overview: Duration,
}

/// The versions of the database's schemas, as last read; 0 is unknown.
#[derive(Default)]
pub(crate) struct SchemaVersions {
    pub(crate) public: AtomicU32,
    pub(crate) dvo: AtomicU32,
}

impl Api {
    /// Creates the API over `database`, whose statements `metrics` count.
    pub fn new(settings: &Aggregator, database: Database, metrics: Metrics) -> Self {
        let max_cache_bytes = settings.max_cache.as_u64();
        let operations = if settings.debug { Operations::WithDebug } else { Operations::Production };
        Self {
            database: database.with_query_observer(metrics.query_observer()),
            cache: (max_cache_bytes > 0).then(|| AnswerCache::new(max_cache_bytes)),
            metrics,
            content: Arc::default(),
            limits: Limits {
                request_timeout: settings.request_timeout,
                max_body_bytes: settings.max_body.as_u64(),
                max_clusters: settings.max_clusters_per_request,
                max_feedback_bytes: settings.max_feedback_bytes,
                org_overview: settings.org_overview_limit,
            },
            authentication: settings.authentication,
            operations,
            openapi: openapi::openapi(&settings.api_prefix, operations, settings.authentication).into(),
            versions: SchemaVersions::default(),
        }
    }
}

impl SchemaVersions {
    /// Stores a version; `None` is a schema that does not exist.
    pub(crate) fn record(schema: &AtomicU32, version: Option<u32>) {
        schema.store(version.unwrap_or(0), Ordering::Relaxed);
    }
}

impl BodyLimits for Api {
    fn max_body_bytes(&self) -> u64 {
        self.limits.max_body_bytes
    }

    fn max_clusters(&self) -> usize {
        self.limits.max_clusters
    }
}
