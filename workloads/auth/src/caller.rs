//! The sender of a request.

use ccx_messages::{AccountNumber, ClusterId, Identity, OrgId};

/// The sender of a request, authenticated.
///
/// A caller may access what belongs to the own organisation, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The organisation.
    pub org_id: OrgId,
    /// The organisation's older account number, if the credentials state it.
    pub account_number: Option<AccountNumber>,
    /// The user, as the credentials name it: not empty. Votes, ratings and acknowledgements are stored under it.
    pub user_id: Option<String>,
    /// The user's name for people, if the credentials state one: not empty.
    pub display_name: Option<String>,
    /// The cluster that sent the request. It may ask for other clusters of its organisation too: a hub does.
    pub cluster_id: Option<ClusterId>,
    /// Whether the credentials prove that the caller is that cluster; otherwise it only claims to be.
    pub is_cluster_authenticated: bool,
    /// The kind of sender.
    pub kind: CallerKind,
    /// Whether the organisation may see internal rules.
    pub internal: bool,
}

/// The kind of sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallerKind {
    /// The insights operator of a cluster, or another program in it.
    Cluster,
    /// A person.
    User,
    /// A program with an account of its own.
    ServiceAccount,
    /// A user of the Kubernetes cluster that the service runs in, for example in its console.
    KubernetesUser,
    /// A sender without credentials, where the configuration allows it.
    Anonymous,
}

impl CallerKind {
    /// Every kind.
    pub const ALL: [Self; 5] =
        [Self::Cluster, Self::User, Self::ServiceAccount, Self::KubernetesUser, Self::Anonymous];

    /// Returns the name for logs and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cluster => "cluster",
            Self::User => "user",
            Self::ServiceAccount => "service_account",
            Self::KubernetesUser => "kubernetes_user",
            Self::Anonymous => "anonymous",
        }
    }
}

impl Caller {
    /// Returns whether the caller may access what belongs to `org_id`.
    pub fn has_access_to(&self, org_id: OrgId) -> bool {
        self.org_id == org_id
    }

    /// Returns the user for tables in which every row has one: `0` stands for an unknown user there.
    pub fn user_id_or_zero(&self) -> &str {
        self.user_id.as_deref().unwrap_or("0")
    }

    /// Returns the user's name for people, else the id; empty for an unknown user.
    pub fn user_name(&self) -> &str {
        self.display_name.as_deref().or(self.user_id.as_deref()).unwrap_or_default()
    }

    /// Returns the identity to announce an archive with.
    pub fn to_identity(&self) -> Identity {
        Identity { org_id: self.org_id, account_number: self.account_number, cluster_id: self.cluster_id }
    }
}
