//! The configuration of a cluster's insights operator that points it at a pipeline.

use std::fmt::Write as _;

/// The endpoints of an insights operator. It puts the cluster, and the request or its own release, in the places of `%s`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InsightsOperator {
    upload: String,
    report: String,
    request_report: String,
    request_status: String,
    gathering_rules: String,
}

impl InsightsOperator {
    /// Returns the endpoints below the base URLs of uploads and of the public API, which have no slash at their end.
    pub fn new(upload: &str, api: &str) -> Self {
        let cluster = format!("{api}/api/insights-results-aggregator/v2/cluster/%s");
        Self {
            upload: format!("{upload}/api/ingress/v1/upload"),
            report: format!("{cluster}/reports"),
            request_report: format!("{cluster}/request/%s/report"),
            request_status: format!("{cluster}/request/%s/status"),
            gathering_rules: format!("{upload}/api/gathering/v2/%s/gathering_rules"),
        }
    }

    /// Returns the manifest of the ConfigMap `insights-config` in `openshift-insights`, which takes precedence over the Secret.
    pub fn config_map(&self) -> String {
        let mut yaml = String::from(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: insights-config\n  namespace: openshift-insights\ndata:\n  config.yaml: |\n    dataReporting:\n",
        );
        for (key, url) in [
            ("uploadEndpoint", &self.upload),
            ("downloadEndpoint", &self.report),
            ("downloadEndpointTechPreview", &self.request_report),
            ("processingStatusEndpoint", &self.request_status),
            ("conditionalGathererEndpoint", &self.gathering_rules),
        ] {
            let _ = writeln!(yaml, "      {key}: \"{url}\"");
        }
        // These services exist only at Red Hat.
        yaml.push_str("    sca:\n      disabled: \"true\"\n");
        yaml
    }

    /// Returns the manifest of the Secret `support` in `openshift-config`, which OpenShift 4.14 and older read.
    pub fn secret(&self) -> String {
        let mut yaml = String::from(
            "apiVersion: v1\nkind: Secret\nmetadata:\n  name: support\n  namespace: openshift-config\ntype: Opaque\nstringData:\n",
        );
        for (key, url) in [
            ("endpoint", &self.upload),
            ("reportEndpoint", &self.report),
            ("conditionalGathererEndpoint", &self.gathering_rules),
        ] {
            let _ = writeln!(yaml, "  {key}: \"{url}\"");
        }
        yaml
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_map_has_every_endpoint_of_the_insights_operator() {
        let expected = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: insights-config
  namespace: openshift-insights
data:
  config.yaml: |
    dataReporting:
      uploadEndpoint: \"https://up.example/api/ingress/v1/upload\"
      downloadEndpoint: \"https://api.example/x/api/insights-results-aggregator/v2/cluster/%s/reports\"
      downloadEndpointTechPreview: \"https://api.example/x/api/insights-results-aggregator/v2/cluster/%s/request/%s/report\"
      processingStatusEndpoint: \"https://api.example/x/api/insights-results-aggregator/v2/cluster/%s/request/%s/status\"
      conditionalGathererEndpoint: \"https://up.example/api/gathering/v2/%s/gathering_rules\"
    sca:
      disabled: \"true\"
";
        assert_eq!(
            InsightsOperator::new("https://up.example", "https://api.example/x").config_map(),
            expected
        );
    }

    #[test]
    fn secret_has_the_endpoints_of_older_releases() {
        let secret = InsightsOperator::new("https://up.example", "https://api.example").secret();
        let lines = [
            "  name: support",
            "  endpoint: \"https://up.example/api/ingress/v1/upload\"",
            "  reportEndpoint: \"https://api.example/api/insights-results-aggregator/v2/cluster/%s/reports\"",
            "  conditionalGathererEndpoint: \"https://up.example/api/gathering/v2/%s/gathering_rules\"",
        ];
        assert!(lines.iter().all(|line| secret.lines().any(|it| it == *line)), "{secret}");
    }
}
