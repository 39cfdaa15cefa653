//! The faults that a sample cluster can have.

use std::{fmt, str::FromStr};

use snafu::{OptionExt, Snafu};
use strum::{IntoStaticStr, VariantArray};

/// A fault of the cluster that a sample describes; each is detected by exactly one rule.
///
/// It is written as its error key in kebab case: `node-not-ready` triggers `NODE_NOT_READY`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Fault {
    /// A cluster operator reports that it is degraded.
    ClusterOperatorDegraded,
    /// The version operator can't apply the desired release.
    ClusterVersionFailing,
    /// A node is not ready since 45 minutes.
    NodeNotReady,
    /// A node has less processors and memory than its role needs.
    NodesMinimumRequirementsNotMet,
    /// A machine of the worker pool is degraded.
    MachineConfigPoolDegraded,
    /// A platform container is in a crash loop.
    PlatformPodCrashLooping,
    /// A critical alert is firing since two hours.
    CriticalAlertFiring,
    /// The disk of an etcd member is slow, so that an alert fires.
    EtcdSlowDisk,
    /// Nodes are virtual machines of an old vSphere hardware version.
    VsphereOldHardwareVersion,
    /// A platform operator's log has a panic.
    PlatformOperatorPanic,
    /// The controller manager's garbage collector resynchronises because resources were removed.
    KcmGarbageCollectorResync,
    /// The machine API reports failures as events.
    MachineApiWarningEvents,
}

impl Fault {
    /// Every fault.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The error key of the rule that finds the fault.
    pub fn error_key(&self) -> &'static str {
        self.into()
    }

    /// Returns a short description.
    pub fn description(&self) -> &'static str {
        match self {
            Self::ClusterOperatorDegraded => "the authentication operator is degraded",
            Self::ClusterVersionFailing => "the version operator can't apply the desired release",
            Self::NodeNotReady => "a node is not ready since 45 minutes",
            Self::NodesMinimumRequirementsNotMet => "a node has too little memory and too few processors",
            Self::MachineConfigPoolDegraded => "a machine of the worker pool is degraded",
            Self::PlatformPodCrashLooping => "a container of the platform is in a crash loop",
            Self::CriticalAlertFiring => "a critical alert is firing since two hours",
            Self::EtcdSlowDisk => "the disk of an etcd member is slow",
            Self::VsphereOldHardwareVersion => "nodes are virtual machines of vSphere hardware version 13",
            Self::PlatformOperatorPanic => "an operator's log has a panic",
            Self::KcmGarbageCollectorResync => "the controller manager's garbage collector starts over",
            Self::MachineApiWarningEvents => "the machine API fails to create and update machines",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.error_key().to_ascii_lowercase().replace('_', "-"))
    }
}

/// A name that no fault has.
#[derive(Debug, Snafu, PartialEq, Eq)]
#[snafu(display("{name:?} is not a fault; the faults are: {}", all_names()))]
pub struct UnknownFault {
    name: String,
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(name: &str) -> Result<Self, UnknownFault> {
        Self::ALL.iter().copied().find(|fault| fault.to_string() == name).context(UnknownFaultSnafu { name })
    }
}

fn all_names() -> String {
    Fault::ALL.iter().map(Fault::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_name_is_parsed_back() {
        for &fault in Fault::ALL {
            assert_eq!(fault.to_string().parse(), Ok(fault));
        }
        assert_eq!(Fault::KcmGarbageCollectorResync.to_string(), "kcm-garbage-collector-resync");
    }

    #[test]
    fn faults_have_distinct_error_keys() {
        let keys: std::collections::BTreeSet<_> = Fault::ALL.iter().map(Fault::error_key).collect();
        assert_eq!(keys.len(), Fault::ALL.len());
    }

    #[test]
    fn unknown_name_is_refused_with_the_known_ones() {
        let error = "disk-on-fire".parse::<Fault>().unwrap_err().to_string();
        assert!(
            error.starts_with("\"disk-on-fire\" is not a fault; the faults are: cluster-operator-degraded, "),
            "{error}"
        );
        assert!(error.ends_with("machine-api-warning-events"), "{error}");
    }
}
