//! `ccx insights-config`: what points a cluster's insights operator at this pipeline.

use ccx_cli::CliError;
use ccx_config::InsightsOperator;
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

pub(crate) fn run(args: &InsightsConfigArgs) -> Result<(), Box<dyn CliError>> {
    let Base(upload) = &args.url;
    let Base(api) = args.api_url.as_ref().unwrap_or(&args.url);
    let endpoints = InsightsOperator::new(upload, api);
    let object = match args.kind {
        Kind::ConfigMap => endpoints.config_map(),
        Kind::Secret => endpoints.secret(),
    };
    Ok(output::print(object.trim_end())?)
}

fn parse_base(text: &str) -> Result<Base, String> {
    let expected = "expected https://host, with or without a path";
    let url = Url::parse(text).map_err(|_| expected)?;
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    // The insights operator would take a percent sign for a place of its own.
    let is_valid =
        matches!(url.scheme(), "https" | "http") && url.has_host() && is_plain && !text.contains('%');
    if is_valid { Ok(Base(url.as_str().trim_end_matches('/').to_owned())) } else { Err(expected.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_that_the_insights_operator_would_misread_is_refused() {
        for url in ["example.com", "ftp://host", "https://host/%s", "https://host/?a", "https://u:p@host"] {
            assert!(parse_base(url).unwrap_err().starts_with("expected https://host"), "{url}");
        }
    }
}
