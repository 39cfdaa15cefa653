//! The metrics of authentication.

use ccx_service::MetricRegistrar;
use prometheus::{IntCounter, IntCounterVec};

use crate::{AuthError, Caller, CallerKind, rbac::Permission};

/// Counts callers, refusals and permissions.
#[derive(Clone, Debug)]
pub struct AuthMetrics {
    authentications: IntCounterVec,
    identity_types: IntCounterVec,
    rejected_service_accounts: IntCounter,
    cache_requests: IntCounterVec,
}

/// A cache of decisions that other services make, as the metrics name it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CacheKind {
    /// Tokens that an OIDC provider or the Kubernetes API verifies.
    Tokens,
    /// Permissions of service accounts.
    Permissions,
    /// Logins that a provider refreshes.
    Logins,
}

/// Counts the requests to one cache.
#[derive(Clone, Debug)]
pub(crate) struct CacheCounters {
    /// Decisions from memory, with those that a request waits for while another one asks.
    pub(crate) hits: IntCounter,
    /// Decisions for which another service was asked.
    pub(crate) misses: IntCounter,
}

impl AuthMetrics {
    /// Adds the metrics to a registry, with the prefix of the role that authenticates.
    pub fn new(registrar: MetricRegistrar<'_>) -> prometheus::Result<Self> {
        Ok(Self {
            authentications: registrar.counters(
                "authentications_total",
                "Requests by the kind of caller, or by the reason of the refusal",
                &["result"],
            )?,
            identity_types: registrar.counters(
                "rbac_identity_type",
                "Callers by the type of their identity",
                &["type"],
            )?,
            rejected_service_accounts: registrar.counter(
                "rbac_service_accounts_rejected",
                "Requests of service accounts without permission",
            )?,
            cache_requests: registrar.counters(
                "auth_cache_requests_total",
                "Credentials (tokens, permissions, logins) by whether the decision about them was cached (hit) or asked for (miss)",
                &["cache", "outcome"],
            )?,
        })
    }

    pub(crate) fn cache(&self, kind: CacheKind) -> CacheCounters {
        let counter = |outcome| self.cache_requests.with_label_values(&[kind.as_str(), outcome]);
        CacheCounters { hits: counter("hit"), misses: counter("miss") }
    }

    pub(crate) fn count(&self, outcome: &Result<Caller, AuthError>) {
        let result = match outcome {
            Ok(caller) => caller.kind.as_str(),
            Err(error) => error.reason(),
        };
        self.authentications.with_label_values(&[result]).inc();
        if let Ok(caller) = outcome {
            self.identity_types.with_label_values(&[identity_type(caller.kind)]).inc();
        }
    }

    pub(crate) fn count_permission(&self, outcome: &Result<Permission, AuthError>) {
        if matches!(outcome, Ok(Permission::Tolerated) | Err(AuthError::Forbidden)) {
            self.rejected_service_accounts.inc();
        }
    }
}

impl CacheKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Permissions => "permissions",
            Self::Logins => "logins",
        }
    }
}

/// Returns the `type` of `x-rh-identity` for a kind of caller.
fn identity_type(kind: CallerKind) -> &'static str {
    match kind {
        CallerKind::Cluster => "System",
        CallerKind::ServiceAccount => "ServiceAccount",
        CallerKind::User | CallerKind::KubernetesUser | CallerKind::Anonymous => "User",
    }
}
