//! The state that all endpoints share.

use std::{sync::Arc, time::Duration};

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use bytes::Bytes;
use ccx_auth::{Authenticator, Caller};
use ccx_config::{Escaping, SmartProxy};
use ccx_http::{AnswerCache, BodyLimits};
use ccx_messages::ClusterId;
use prometheus::Registry;

use crate::{
    circuit_breaker::CircuitBreaker, error::ApiError, last_answers::LastAnswers, metrics::Metrics,
    public_api::PublicApi, upgrade_risks::UpgradeRisks,
};

/// The state that all endpoints share.
pub(crate) struct Api {
    pub(crate) public: Arc<PublicApi>,
    pub(crate) authenticator: Arc<Authenticator>,
    /// `None` when the configuration gives it no memory.
    pub(crate) cache: Option<AnswerCache>,
    pub(crate) last_answers: LastAnswers,
    pub(crate) database: CircuitBreaker,
    pub(crate) metrics: Metrics,
    pub(crate) registry: Registry,
    pub(crate) upgrade_risks: UpgradeRisks,
    pub(crate) documents: Documents,
    pub(crate) request_timeout: Duration,
    pub(crate) escaping: Escaping,
    max_body_bytes: u64,
    max_clusters: usize,
}

/// The documents about the API.
pub(crate) struct Documents {
    pub(crate) v1: Bytes,
    pub(crate) v2: Bytes,
    pub(crate) content: Bytes,
}

impl Api {
    pub(crate) fn new(
        settings: &SmartProxy,
        public: Arc<PublicApi>,
        authenticator: Arc<Authenticator>,
        metrics: Metrics,
        registry: Registry,
        upgrade_risks: UpgradeRisks,
    ) -> Self {
        let max_cache_bytes = settings.max_cache.as_u64();
        Self {
            public,
            authenticator,
            cache: (max_cache_bytes > 0).then(|| AnswerCache::new(max_cache_bytes)),
            last_answers: LastAnswers::new(settings.max_stale_answers.as_u64(), settings.max_stale_age),
            database: CircuitBreaker::new(),
            metrics,
            registry,
            upgrade_risks,
            documents: Documents::new(settings),
            request_timeout: settings.request_timeout,
            escaping: settings.escaping,
            max_body_bytes: settings.max_body.as_u64(),
            max_clusters: settings.max_clusters_per_request,
        }
    }

    /// Drops cached reports of a cluster, as an opinion about it has changed.
    pub(crate) fn invalidate_report(&self, cluster_id: ClusterId) {
        if let Some(cache) = &self.cache {
            cache.invalidate(cluster_id);
        }
    }

    /// Drops cached reports, as an opinion of an organisation, or a text, has changed.
    pub(crate) fn invalidate_reports(&self) {
        if let Some(cache) = &self.cache {
            cache.invalidate_all();
        }
    }
}

impl BodyLimits for Api {
    fn max_body_bytes(&self) -> u64 {
        self.max_body_bytes
    }

    fn max_clusters(&self) -> usize {
        self.max_clusters
    }
}

/// A caller with valid credentials.
pub(crate) struct Authenticated(pub(crate) Caller);

impl<S: Send + Sync> FromRequestParts<S> for Authenticated
where
    Arc<Api>: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let api = Arc::<Api>::from_ref(state);
        Ok(Self(api.authenticator.authenticate(&parts.headers).await?))
    }
}
