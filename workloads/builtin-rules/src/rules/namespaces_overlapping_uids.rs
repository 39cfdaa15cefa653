//! Namespaces with overlapping user ID ranges.

use serde::Serialize;

use super::meta;
use ccx_rules::{
    Context, Response, Rule, RuleMeta,
    documents::{OVERLAPPING_UIDS, Text},
};

const KEY: &str = "NAMESPACES_WITH_OVERLAPPING_UIDS";

pub(super) struct NamespacesOverlappingUids;

#[derive(Serialize)]
struct Details<'a> {
    groups: Vec<&'a [Text<'a>]>,
    platform: bool,
}

impl Rule for NamespacesOverlappingUids {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.namespaces_overlapping_uids", KEY).requires(OVERLAPPING_UIDS)
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let groups: Vec<&[Text<'_>]> = context
            .within_budget(context.overlapping_uids()?)
            .map(|group| &**group)
            .filter(|group| group.len() > 1)
            .collect();
        let platform = groups.iter().copied().flatten().any(|namespace| is_of_platform(namespace));
        (!groups.is_empty()).then(|| Response::hit(KEY, &Details { groups, platform }))
    }
}

fn is_of_platform(namespace: &str) -> bool {
    namespace.starts_with("openshift-") || namespace.starts_with("kube-")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(groups: Value) -> Answer {
        ask(NamespacesOverlappingUids, &[("config/namespaces_with_overlapping_uids.json", groups)])
    }

    #[test]
    fn group_of_namespaces_is_a_hit() {
        for (groups, platform) in [
            (json!([["a", "b"]]), false),
            (json!([["a", "openshift"], ["openshift-x", "b"]]), true),
            (json!([["kube-system", "b"]]), true),
        ] {
            assert_eq!(
                ask_about(groups.clone()),
                Answer::Hit(json!({"groups": groups, "platform": platform}))
            );
        }
    }

    #[test]
    fn empty_list_of_groups_is_silent() {
        assert_eq!(ask_about(json!([])), Answer::Miss);
        assert_eq!(ask_about(json!([[], ["a"]])), Answer::Miss);
        assert_eq!(ask_about(json!({})), Answer::skip_all(&["overlapping_uids"]));
        assert_eq!(ask(NamespacesOverlappingUids, &[]), Answer::skip_all(&["overlapping_uids"]));
    }
}
