//! Inputs that pods read at their start only.

use super::reason::Reason;

/// An input that pods read at their start only.
///
/// Its digest is an annotation of the pod template, so that a change restarts the pods that use it, and no
/// others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// The configuration file.
    Config,
    /// The Secrets that the pods mount.
    Secret,
    /// The certificate authorities that they trust.
    Ca,
    /// The rules of users.
    Rules,
    /// The link of their service account to a cloud identity, which is injected when a pod is created.
    Identity,
}

impl Input {
    /// All inputs.
    pub const ALL: [Self; 5] = [Self::Config, Self::Secret, Self::Ca, Self::Rules, Self::Identity];

    /// Returns the annotation with its digest.
    pub fn annotation(self) -> &'static str {
        match self {
            Self::Config => "ccx.openshift.io/config-hash",
            Self::Secret => "ccx.openshift.io/secret-hash",
            Self::Ca => "ccx.openshift.io/ca-hash",
            Self::Rules => "ccx.openshift.io/rules-hash",
            Self::Identity => "ccx.openshift.io/identity-hash",
        }
    }

    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Config => Reason::ConfigChanged,
            Self::Secret => Reason::SecretChanged,
            Self::Ca => Reason::CaChanged,
            Self::Rules => Reason::RulesChanged,
            Self::Identity => Reason::IdentityChanged,
        }
    }

    pub(crate) fn change(self) -> &'static str {
        match self {
            Self::Config => "the configuration has changed",
            Self::Secret => "credentials have changed",
            Self::Ca => "a CA certificate has changed",
            Self::Rules => "the rules have changed",
            Self::Identity => "the cloud identity has changed",
        }
    }
}
