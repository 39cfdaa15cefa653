//! The state that all handlers share.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use axum::extract::FromRef;
use ccx_auth::Authenticator;
use ccx_config::Ingress;
use ccx_messages::OrgId;
use ccx_outbox::StatusReporter;
use ccx_transport::ObjectStore;
use tokio::sync::Semaphore;

use crate::{
    announce::Announcer, gathering_rules::GatheringRules, metrics::Metrics, track::Tracker,
    user_agent::UserAgents,
};

/// The state that all handlers share. Clones are the same.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) shared: Arc<Shared>,
    authenticator: Arc<Authenticator>,
}

/// The parts of [`Api`].
pub(crate) struct Shared {
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) store: ObjectStore,
    pub(crate) bucket: String,
    pub(crate) announcer: Announcer,
    pub(crate) statuses: StatusReporter,
    pub(crate) tracker: Tracker,
    pub(crate) gathering_rules: Arc<GatheringRules>,
    pub(crate) metrics: Metrics,
    pub(crate) agents: UserAgents,
    pub(crate) limits: Limits,
    /// One permit for each upload that may be in flight.
    pub(crate) uploads: Semaphore,
}

/// Bounds of an upload.
pub(crate) struct Limits {
    settings: Ingress,
    denied: BTreeSet<u32>,
}

impl Api {
    pub(crate) fn new(shared: Shared) -> Self {
        let authenticator = Arc::clone(&shared.authenticator);
        Self { shared: Arc::new(shared), authenticator }
    }
}

impl FromRef<Api> for Arc<Authenticator> {
    fn from_ref(api: &Api) -> Self {
        Arc::clone(&api.authenticator)
    }
}

impl Limits {
    pub(crate) fn new(settings: &Ingress) -> Self {
        Self { denied: settings.denied_organizations.iter().copied().collect(), settings: settings.clone() }
    }

    pub(crate) fn is_denied(&self, org_id: OrgId) -> bool {
        self.denied.contains(&org_id.get())
    }

    /// Returns the size limit of an archive for a service, in bytes; `None` if the service is not accepted.
    pub(crate) fn max_bytes(&self, service: &str) -> Option<u64> {
        let Ingress { services, max_upload, max_upload_by_service, .. } = &self.settings;
        let is_accepted = services.iter().any(|accepted| accepted == service);
        is_accepted.then(|| max_upload_by_service.get(service).unwrap_or(max_upload).as_u64())
    }

    pub(crate) fn idle_timeout(&self) -> Duration {
        self.settings.idle_timeout
    }

    pub(crate) fn upload_timeout(&self) -> Duration {
        self.settings.upload_timeout
    }

    pub(crate) fn link_validity(&self) -> Duration {
        self.settings.link_validity
    }
}
