//! The name of a cluster in its archive.

use std::borrow::Cow;

use ccx_archive::Archive;
use ccx_messages::ReportedName;
use serde::Deserialize;

const PATH: &str = "config/infrastructure.json";

/// Real ones have some kilobytes.
const MAX_BYTES: usize = 1 << 20;

/// The resource `infrastructures.config.openshift.io/cluster`.
#[derive(Deserialize)]
struct Infrastructure<'a> {
    #[serde(borrow, default)]
    status: Status<'a>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    /// `https://api.NAME.BASE:6443`. Anonymised by insights operators before OpenShift 4.5, and by those that obfuscate the base domain.
    #[serde(borrow, rename = "apiServerURL")]
    api_server_url: Option<Cow<'a, str>>,
    /// `NAME-xxxxx`, with five random characters. Current insights operators anonymise it.
    #[serde(borrow)]
    infrastructure_name: Option<Cow<'a, str>>,
}

/// Returns the domain of the cluster, or else the name of its infrastructure; `None` when the archive has neither, or they are anonymised.
pub(crate) fn reported_name(archive: &Archive) -> Option<ReportedName> {
    let json = archive.file(PATH).filter(|json| json.len() <= MAX_BYTES)?;
    let Infrastructure { status } = serde_json::from_slice(json).ok()?;
    let domain = status.api_server_url.as_deref().and_then(ReportedName::from_api_server_url);
    domain.or_else(|| ReportedName::parse(status.infrastructure_name.as_deref()?))
}

#[cfg(test)]
mod tests {
    use ccx_archive::Limits;

    use super::*;

    fn name_in(json: &str) -> Option<String> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_ustar();
        header.set_size(json.len() as u64);
        header.set_mode(0o640);
        builder.append_data(&mut header, PATH, json.as_bytes()).unwrap();
        let archive = Archive::read(builder.into_inner().unwrap().into(), &Limits::default()).unwrap();
        reported_name(&archive).map(|name| name.to_string())
    }

    #[test]
    fn domain_comes_before_the_name_of_the_infrastructure() {
        let both = r#"{"status":{"apiServerURL":"https://api.prod.example.com:6443","infrastructureName":"prod-x7k2p"}}"#;
        assert_eq!(name_in(both).as_deref(), Some("prod.example.com"));
        let hosted =
            r#"{"status":{"apiServerURL":"https://10.1.2.3:6443","infrastructureName":"prod-x7k2p"}}"#;
        assert_eq!(name_in(hosted).as_deref(), Some("prod-x7k2p"));
    }

    #[test]
    fn anonymized_or_invalid_file_has_no_name() {
        for json in [
            r#"{"status":{"apiServerURL":"https://xxx.xxxx.xxxxxxx.xxx:xxxx","infrastructureName":"xxxx-xxxxx"}}"#,
            r#"{"status":{"apiServerURL":5}}"#,
            r#"{"status":null}"#,
            r#"{"status":{}}"#,
            "{}",
            "[",
        ] {
            assert_eq!(name_in(json), None, "{json}");
        }
    }
}
