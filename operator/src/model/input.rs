//! Inputs that pods read at their start only.

use super::reason::Reason;

/// A part of what a workload runs on that its pods read at their start only.
///
/// Each has a fingerprint in an annotation of the pod template, so that a change of it makes new pods, and only those that use it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// The configuration file.
    Config,
    /// The Secrets that the pods mount.
    Secret,
    /// The certificate authorities that they trust.
    Ca,
    /// The rules that users wrote.
    Rules,
}

impl Input {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Config, Self::Secret, Self::Ca, Self::Rules];

    /// The annotation with its fingerprint.
    pub fn annotation(self) -> &'static str {
        match self {
            Self::Config => "ccx.openshift.io/config-hash",
            Self::Secret => "ccx.openshift.io/secret-hash",
            Self::Ca => "ccx.openshift.io/ca-hash",
            Self::Rules => "ccx.openshift.io/rules-hash",
        }
    }

    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Config => Reason::ConfigChanged,
            Self::Secret => Reason::SecretChanged,
            Self::Ca => Reason::CaChanged,
            Self::Rules => Reason::RulesChanged,
        }
    }

    pub(crate) fn change(self) -> &'static str {
        match self {
            Self::Config => "the configuration has changed",
            Self::Secret => "credentials have changed",
            Self::Ca => "a certificate authority has changed",
            Self::Rules => "the rules have changed",
        }
    }
}
