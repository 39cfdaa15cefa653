//! `ccx insights-config`: what points a cluster's insights operator at this pipeline.

use std::fmt::Write as _;

use ccx_cli::CliError;
use clap::{Args, ValueEnum};
use url::Url;

use crate::output;

/// Print the object that makes a cluster send its archives here
///
/// Apply it in the cluster: its insights operator reads it within minutes, uploads to `--url`, and reads its
/// recommendations from there too. The operator sends the token of `cloud.openshift.com` in the cluster's pull
/// secret, without which it sends nothing; `auth.cluster_tokens` names the organisation of that token. The
/// certificate of the URL must be signed by an authority that the cluster trusts.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  ccx insights-config --url https://insights.example.com | oc apply -f -
  ccx insights-config --url https://upload.example.com --api-url https://api.example.com
  ccx insights-config --url https://insights.example.com --kind secret   # OpenShift 4.14 and older")]
pub(crate) struct InsightsConfigArgs {
    /// The URL of uploads and gathering rules, as clusters reach it.
    #[arg(long, value_name = "URL", value_parser = parse_base)]
    url: Base,
    /// The URL of the reports, if it is another one.
    #[arg(long, value_name = "URL", value_parser = parse_base)]
    api_url: Option<Base>,
    /// The object: the ConfigMap takes precedence over the Secret where a cluster reads both.
    #[arg(long, default_value = "config-map", value_name = "KIND")]
    kind: Kind,
}

/// An HTTP URL without a slash at its end.
#[derive(Clone, Debug)]
struct Base(String);

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// `insights-config` in `openshift-insights`.
    ConfigMap,
    /// `support` in `openshift-config`.
    Secret,
}

/// The endpoints of an insights operator. It puts the cluster, and the request or its own release, in the places of `%s`.
struct Endpoints {
    upload: String,
    report: String,
    request_report: String,
    request_status: String,
    gathering_rules: String,
}

pub(crate) fn run(args: &InsightsConfigArgs) -> Result<(), Box<dyn CliError>> {
    let endpoints = Endpoints::new(&args.url, args.api_url.as_ref().unwrap_or(&args.url));
    let object = match args.kind {
        Kind::ConfigMap => endpoints.config_map(),
        Kind::Secret => endpoints.secret(),
    };
    Ok(output::print(object.trim_end())?)
}

fn parse_base(text: &str) -> Result<Base, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    // The insights operator would take a percent sign for a place of its own.
    let is_valid =
        matches!(url.scheme(), "https" | "http") && url.has_host() && is_plain && !text.contains('%');
    let expected = "expected https://host, with or without a path";
    if is_valid { Ok(Base(url.as_str().trim_end_matches('/').to_owned())) } else { Err(expected.into()) }
}

impl Endpoints {
    fn new(Base(upload): &Base, Base(api): &Base) -> Self {
        let cluster = format!("{api}/api/insights-results-aggregator/v2/cluster/%s");
        Self {
            upload: format!("{upload}/api/ingress/v1/upload"),
            report: format!("{cluster}/reports"),
            request_report: format!("{cluster}/request/%s/report"),
            request_status: format!("{cluster}/request/%s/status"),
            gathering_rules: format!("{upload}/api/gathering/v2/%s/gathering_rules"),
        }
    }

    fn config_map(&self) -> String {
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

    fn secret(&self) -> String {
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
        let (upload, api) =
            (parse_base("https://up.example/").unwrap(), parse_base("https://api.example/x").unwrap());
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
        assert_eq!(Endpoints::new(&upload, &api).config_map(), expected);
    }

    #[test]
    fn url_that_the_insights_operator_would_misread_is_refused() {
        for url in ["example.com", "ftp://host", "https://host/%s", "https://host/?a", "https://u:p@host"] {
            assert!(parse_base(url).is_err(), "{url}");
        }
    }
}
