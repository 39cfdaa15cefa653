//! The rules that a caller sees of the hits in a report.

use ccx_messages::RuleFqdn;

use crate::Caller;

/// The tag of rules that the users of a managed cluster can act on.
const MANAGED_TAG: &str = "osd_customer";

/// The part of a module's name that internal rules have.
const INTERNAL_PART: &str = ".internal.";

/// The provider of a cluster's control plane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterManagement {
    /// The organisation runs the cluster itself.
    SelfManaged,
    /// A provider runs it (OpenShift Dedicated, ROSA, ARO, …): most advice is for the provider.
    Managed,
}

impl Caller {
    /// Returns whether the caller sees a rule with these tags in the report of a cluster.
    ///
    /// Internal rules are for listed organisations; on a managed cluster, only rules for its users count.
    ///
    /// ```
    /// # use ccx_auth::{Caller, CallerKind, ClusterManagement::{Managed, SelfManaged}};
    /// # use ccx_messages::{OrgId, RuleFqdn};
    /// # let caller = Caller { org_id: OrgId::new(1)?, account_number: None, user_id: None,
    /// #     display_name: None, cluster_id: None,
    /// #     is_cluster_authenticated: false, kind: CallerKind::User, internal: false };
    /// let rule: RuleFqdn = "ccx_rules_ocp.external.rules.nodes".parse()?;
    /// assert!(caller.sees_rule(&rule, &["performance"], SelfManaged));
    /// assert!(!caller.sees_rule(&rule, &["performance"], Managed));
    /// # Ok::<(), ccx_messages::IdError>(())
    /// ```
    pub fn sees_rule<T: AsRef<str>>(
        &self,
        rule: &RuleFqdn,
        tags: &[T],
        management: ClusterManagement,
    ) -> bool {
        let is_internal = rule.as_str().contains(INTERNAL_PART);
        let is_for_users = tags.iter().any(|tag| tag.as_ref() == MANAGED_TAG);
        (self.internal || !is_internal) && (management == ClusterManagement::SelfManaged || is_for_users)
    }
}

#[cfg(test)]
mod tests {
    use ccx_messages::OrgId;

    use super::*;
    use crate::CallerKind;

    #[test]
    fn internal_rule_is_seen_by_listed_organisations_only() {
        let caller = |internal| Caller {
            org_id: OrgId::new(1).unwrap(),
            account_number: None,
            user_id: None,
            display_name: None,
            cluster_id: None,
            is_cluster_authenticated: false,
            kind: CallerKind::User,
            internal,
        };
        let rule: RuleFqdn = "ccx_rules_ocp.internal.rules.a".parse().unwrap();
        let sees = |internal, management| caller(internal).sees_rule(&rule, &[MANAGED_TAG], management);
        assert!(!sees(false, ClusterManagement::SelfManaged) && !sees(false, ClusterManagement::Managed));
        assert!(sees(true, ClusterManagement::SelfManaged) && sees(true, ClusterManagement::Managed));
    }
}
