//! The numbers that an archive is made from.

use std::collections::BTreeMap;

use ccx_messages::ClusterId;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use crate::{
    Fault, alerts, cluster, events, files::Files, gathering, logs, machines, metrics, nodes, operators, pods,
    random::Random, settings, tar_gz,
};

/// A cluster to make an archive of. Equal values make equal bytes.
#[derive(Clone, Debug)]
pub struct SampleArchive {
    /// The id in `config/id` and `config/version.json`.
    pub cluster_id: ClusterId,
    /// The OpenShift version, such as `4.22.3`.
    pub version: String,
    /// The number of nodes, each with its machine; the first three are the control plane. At least one.
    pub nodes: usize,
    /// The number of platform pods in the archive, each with a log of its errors. At least one.
    pub pods: usize,
    /// The size of further log lines, in MiB.
    pub logs_mib: usize,
    /// The faults of the cluster.
    pub faults: Vec<Fault>,
    /// When the data was gathered: every time in the archive is before it.
    pub gathered_at: DateTime<Utc>,
    /// Varies names and numbers; the cluster's id does so too.
    pub seed: u64,
}

impl SampleArchive {
    /// A healthy cluster of 6 nodes; the archive is as big as the operator's own sample, see [`SampleArchive::small`].
    pub fn new(cluster_id: ClusterId) -> Self {
        Self {
            cluster_id,
            // One whose end of support is not known, so that the sample does not become ill with the years.
            version: "4.22.3".into(),
            nodes: 6,
            pods: 35,
            logs_mib: 0,
            faults: Vec::new(),
            // Some fixed time: a sample made without a clock is the same tomorrow.
            gathered_at: DateTime::from_timestamp(1_768_478_400, 0).unwrap_or_default(),
            seed: 0,
        }
    }

    /// 6 nodes, 35 pods: 1.4 MB of tar.
    pub fn small(cluster_id: ClusterId) -> Self {
        Self::new(cluster_id)
    }

    /// 30 nodes, 120 pods and 2 MiB of logs: 6.3 MB of tar.
    pub fn medium(cluster_id: ClusterId) -> Self {
        Self { nodes: 30, pods: 120, logs_mib: 2, ..Self::new(cluster_id) }
    }

    /// 120 nodes, 320 pods and 13 MiB of logs: 25 MB of tar, about as much as the operator ever sends.
    pub fn large(cluster_id: ClusterId) -> Self {
        Self { nodes: 120, pods: 320, logs_mib: 13, ..Self::new(cluster_id) }
    }

    /// The archive as the operator uploads it: a tar archive of the files, sorted by path, in gzip.
    pub fn to_tar_gz(&self) -> Vec<u8> {
        tar_gz::pack(&self.files(), self.gathered_at)
    }

    /// The files of the archive, by path.
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = Files::default();
        let nodes = nodes::Node::all(self);
        let pods = pods::Pod::all(self, &nodes);
        cluster::add(self, &mut files);
        settings::add(self, &mut files);
        operators::add(self, &mut files);
        nodes::add(self, &nodes, &mut files);
        machines::add(self, &nodes, &mut files);
        pods::add(self, &pods, &mut files);
        logs::add(self, &pods, &mut files);
        metrics::add(self, &nodes, &pods, &mut files);
        alerts::add(self, &mut files);
        events::add(self, &nodes, &mut files);
        gathering::add(self, &mut files);
        files.0
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    /// A source of numbers for one part of the archive.
    pub(crate) fn random(&self, topic: &str) -> Random {
        let (high, low) = self.cluster_id.as_uuid().as_u64_pair();
        Random::new(self.seed ^ high ^ low.rotate_left(32), topic)
    }

    /// The time so many minutes before the gathering, as Kubernetes writes it.
    pub(crate) fn minutes_ago(&self, minutes: i64) -> String {
        let time = self.gathered_at - TimeDelta::minutes(minutes);
        time.to_rfc3339_opts(SecondsFormat::Secs, true)
    }

    /// The release image of `version`.
    pub(crate) fn release_image(&self, version: &str) -> String {
        format!("quay.io/openshift-release-dev/ocp-release@sha256:{}", self.random(version).sha256())
    }
}
