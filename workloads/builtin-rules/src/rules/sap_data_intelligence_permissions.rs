//! SAP Data Intelligence without the permissions that its pods need.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{ANYUID_SCC, ANYUID_SCC_BINDING, DATA_HUBS},
};

const KEY: &str = "SAP_DATA_INTELLIGENCE_PERMISSIONS";

pub(super) struct SapDataIntelligencePermissions;

#[derive(Serialize)]
struct Details<'a> {
    namespace: &'a str,
    missing: String,
}

impl Rule for SapDataIntelligencePermissions {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules_ocp.external.rules.sap_data_intelligence_permissions", KEY)
            .requires(DATA_HUBS)
            .requires_any(&[ANYUID_SCC, ANYUID_SCC_BINDING])
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let namespaces = context.within_budget(context.data_hubs()).map(|hub| hub.namespace);
        let groups = namespaces.map(|namespace| (namespace, format!("system:serviceaccounts:{namespace}")));
        let grants = [
            (&ANYUID_SCC, context.anyuid_scc().is_some()),
            (&ANYUID_SCC_BINDING, context.anyuid_scc_binding().is_some()),
        ];
        if grants.iter().any(|(input, is_read)| !is_read && !context.files(input).is_empty()) {
            return Some(Response::undecided("one of the grants of `anyuid` could not be read"));
        }
        let (namespace, missing) = groups.into_iter().find(|(_, group)| !has_any_uid(group, context))?;
        Some(Response::hit(KEY, &Details { namespace, missing }))
    }
}

/// Returns whether the members of a group may run pods with any user ID.
fn has_any_uid(group: &str, context: &Context<'_>) -> bool {
    let by_constraint =
        || context.anyuid_scc().is_some_and(|scc| scc.groups.iter().any(|name| &**name == group));
    let by_binding =
        || context.anyuid_scc_binding().is_some_and(|binding| binding.names().any(|name| name == group));
    by_constraint() || by_binding()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    const DATA_HUB: &str = "customresources/installers.datahub.sap.com/datahubs/sdi/default.json";
    const BINDING: &str = "config/clusterrolebinding/system_openshift_scc_anyuid.json";
    const CONSTRAINT: &str = "config/securitycontextconstraint/anyuid.json";

    fn ask_about(path: &'static str, grant: Value) -> Answer {
        ask(SapDataIntelligencePermissions, &[(DATA_HUB, json!({})), (path, grant)])
    }

    #[test]
    fn namespace_without_the_permission_is_a_hit() {
        let hit = Answer::Hit(json!({"namespace": "sdi", "missing": "system:serviceaccounts:sdi"}));
        assert_eq!(ask_about(BINDING, json!({"groupNames": null})), hit);
        assert_eq!(ask_about(CONSTRAINT, json!({"groups": ["system:serviceaccounts:other"]})), hit);
    }

    #[test]
    fn permission_by_binding_or_constraint_is_silent() {
        let group = "system:serviceaccounts:sdi";
        assert_eq!(ask_about(BINDING, json!({"groupNames": [group]})), Answer::Miss);
        assert_eq!(ask_about(BINDING, json!({"subjects": [{"kind": "Group", "name": group}]})), Answer::Miss);
        assert_eq!(ask_about(CONSTRAINT, json!({"groups": [group]})), Answer::Miss);
    }

    #[test]
    fn empty_grant_is_a_skip() {
        let skip = Answer::Skip("All: [] Any: ['anyuid_scc', 'anyuid_scc_binding']".into());
        assert_eq!(ask_about(BINDING, json!({})), skip);
        assert_eq!(ask_about(CONSTRAINT, json!({})), skip);
        let files = [(DATA_HUB, json!({})), (BINDING, json!({})), (CONSTRAINT, json!({"groups": ["other"]}))];
        assert!(matches!(ask(SapDataIntelligencePermissions, &files), Answer::Skip(_)));
    }

    #[test]
    fn missing_files_are_a_skip() {
        let missing = "All: ['data_hubs'] Any: ['anyuid_scc', 'anyuid_scc_binding']";
        assert_eq!(ask(SapDataIntelligencePermissions, &[]), Answer::Skip(missing.into()));
    }
}
