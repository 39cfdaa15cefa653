//! Virtual machines with a hardware version that OpenShift no longer supports.

use serde::Serialize;

use super::{meta, non_empty, serialize_number};
use ccx_rules::{
    Context, MetricFamily, Response, Rule, RuleMeta, Sample,
    documents::{INFRASTRUCTURE, METRICS},
};

const KEY: &str = "VSPHERE_OLD_HARDWARE_VERSION";
const HARDWARE_VERSIONS: &str = "vsphere_node_hw_version_total";
const MIN_VERSION: u32 = 15;

pub(super) struct VsphereHwVersionOld;

#[derive(Serialize)]
struct Details {
    hardware_versions: Vec<OldMachines>,
    minimum: String,
}

#[derive(Serialize)]
struct OldMachines {
    hw_version: String,
    #[serde(serialize_with = "serialize_number")]
    count: f64,
}

impl Rule for VsphereHwVersionOld {
    fn meta(&self) -> RuleMeta {
        meta("ccx_rules.external.vsphere_hw_version_old", KEY)
            .requires(METRICS)
            .may_read(INFRASTRUCTURE)
            .reads_metric(MetricFamily::new(HARDWARE_VERSIONS).since(4, 7))
    }

    fn check(&self, context: &Context<'_>) -> Option<Response> {
        let is_on_vsphere =
            context.infrastructure().is_some_and(|infrastructure| infrastructure.platform() == "VSphere");
        if is_on_vsphere && context.metric(HARDWARE_VERSIONS).next().is_none() {
            return Some(Response::undecided("the metrics do not include hardware versions"));
        }
        let hardware_versions =
            non_empty(context.within_budget(context.metric(HARDWARE_VERSIONS)).filter_map(old_machines))?;
        Some(Response::hit(KEY, &Details { hardware_versions, minimum: format!("vmx-{MIN_VERSION}") }))
    }
}

fn old_machines(sample: &Sample<'_>) -> Option<OldMachines> {
    let hw_version = sample.label("hw_version")?;
    let number: u32 = hw_version.strip_prefix("vmx-")?.parse().ok()?;
    (number < MIN_VERSION && sample.value > 0.0)
        .then(|| OldMachines { hw_version: hw_version.into(), count: sample.value })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use ccx_rules::testing::{Answer, ask};

    fn ask_about(samples: &[(&str, u32)]) -> Answer {
        let line = |(version, count): &(&str, u32)| {
            format!("{HARDWARE_VERSIONS}{{hw_version=\"{version}\"}} {count} 1\n")
        };
        ask(VsphereHwVersionOld, &[("config/metrics", json!(samples.iter().map(line).collect::<String>()))])
    }

    #[test]
    fn old_machines_are_counted() {
        let nodes = json!([{"hw_version": "vmx-13", "count": 6}]);
        let expected = Answer::Hit(json!({"hardware_versions": nodes, "minimum": "vmx-15"}));
        assert_eq!(ask_about(&[("vmx-13", 6), ("vmx-14", 0), ("vmx-15", 3)]), expected);
    }

    #[test]
    fn metrics_without_hardware_versions_are_a_skip_on_vsphere() {
        for (platform, expected) in [
            ("VSphere", Answer::Skip("the metrics do not include hardware versions".into())),
            ("AWS", Answer::Miss),
        ] {
            let files = [
                ("config/metrics", json!("up 1 1\n")),
                ("config/infrastructure.json", json!({"status": {"platformStatus": {"type": platform}}})),
            ];
            assert_eq!(ask(VsphereHwVersionOld, &files), expected);
        }
    }

    #[test]
    fn current_machines_are_silent() {
        assert_eq!(ask_about(&[("vmx-15", 6), ("vmx-new", 1)]), Answer::Miss);
        assert_eq!(ask_about(&[]), Answer::Miss);
        assert_eq!(ask(VsphereHwVersionOld, &[]), Answer::skip_all(&["metrics"]));
    }
}
