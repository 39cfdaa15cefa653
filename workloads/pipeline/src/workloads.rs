//! The message about a cluster's workloads, which goes to a topic of its own.

use ccx_archive::Archive;
use ccx_config::{Compression, Config};
use ccx_messages::{Announce, ClusterId, WorkloadsMessage};
use ccx_rules::{Report, UnknownCheck, WorkloadChecks};

use crate::roles::compressed;

/// The enabled checks, and the compression of the messages.
pub struct Workloads {
    checks: WorkloadChecks,
    compression: Compression,
}

impl Workloads {
    /// Enables the checks of `config`; none when it has no topic for them.
    pub fn new(config: &Config) -> Result<Self, UnknownCheck> {
        let settings = &config.workload_checks;
        let checks = WorkloadChecks::select(&settings.enabled, &settings.disabled)?;
        let is_wanted = !config.kafka.topics.workloads.is_empty();
        Ok(Self {
            checks: if is_wanted { checks } else { WorkloadChecks::none() },
            compression: settings.compression,
        })
    }

    /// Adds the failed checks to the report, and returns the message about them.
    pub(crate) fn report(
        &self,
        archive: &Archive,
        announce: &Announce,
        cluster_id: ClusterId,
        report: &mut Report,
    ) -> Option<Vec<u8>> {
        report.workloads = self.checks.run(archive);
        let message = WorkloadsMessage {
            org_id: announce.identity.org_id,
            account_number: announce.identity.account_number,
            cluster_id,
            metrics: &report.workloads_to_json()?,
            request_id: announce.request_id.as_deref(),
            last_checked: &announce.timestamp,
            version: Report::VERSION,
        };
        Some(compressed(message.to_json(), self.compression))
    }
}
