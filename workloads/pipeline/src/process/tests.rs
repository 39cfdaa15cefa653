use bytes::Bytes;
use ccx_archive::Limits;
use ccx_config::{Compression, Config, PipelineRole};
use ccx_messages::{Identity, OrgId, Results, Timestamp, parse_gathering_time};
use ccx_sample_archive::{Fault, SampleArchive};

use super::*;

fn announce(cluster_id: Option<ClusterId>) -> Announce {
    Announce {
        url: "s3://bucket/key".into(),
        identity: Identity { org_id: OrgId::new(11_789_772).unwrap(), account_number: None, cluster_id },
        timestamp: Timestamp::parse("2026-01-15T12:00:01.000000002Z").unwrap(),
        request_id: Some("request-1".into()),
        gathering_time: None,
        is_cluster_authenticated: cluster_id.is_some(),
    }
}

fn tar_of(files: &[(&str, &[u8])]) -> Bytes {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap().into()
}

fn run(archive: impl Into<Bytes>, announce: &Announce) -> Result<Processed, ProcessError> {
    run_with(&Config::default(), archive, announce)
}

fn run_with(
    config: &Config,
    archive: impl Into<Bytes>,
    announce: &Announce,
) -> Result<Processed, ProcessError> {
    let roles = Roles::new(config).unwrap();
    let archive = Archive::read(archive.into(), &Limits::default()).context(ArchiveSnafu)?;
    process(&archive, announce, &ccx_builtin_rules::engine().into(), &roles, None)
}

#[test]
fn sample_becomes_a_message_that_the_writer_parses() {
    let cluster_id = ClusterId::random();
    let mut sample = SampleArchive::small(cluster_id);
    sample.faults = vec![Fault::ClusterOperatorDegraded];
    let processed = run(sample.to_tar_gz(), &announce(None)).unwrap();
    assert_eq!(processed.cluster_id, cluster_id);

    let results = Results::parse(processed.message.as_deref().unwrap()).unwrap();
    assert_eq!(results.cluster_id, cluster_id);
    assert_eq!(results.org_id.get(), 11_789_772);
    assert_eq!(results.last_checked.as_str(), "2026-01-15T12:00:01.000000002Z");
    assert_eq!(results.request_id.as_deref(), Some("request-1"));
    assert_eq!(results.version, 2);
    let end = &cluster_id.to_string()[28..];
    assert_eq!(results.reported_name.unwrap().as_str(), format!("sample-{end}.example.com"));
    let keys: Vec<_> = results.report.hits.iter().map(|hit| &*hit.error_key).collect();
    assert_eq!(keys, ["CLUSTER_OPERATOR_DEGRADED"]);
}

#[test]
fn workload_checks_are_a_message_of_their_own_when_a_topic_is_configured() {
    let metrics: &[u8] =
        b"deployment_validation_operator_host_pid{kind=\"Deployment\",namespace_uid=\"n\",uid=\"u\"} 1\n";
    let archive =
        || tar_of(&[("config/id", b"5d5892d3-1f74-4ccf-91af-548dfc9767aa"), ("config/dvo_metrics", metrics)]);
    assert_eq!(run(archive(), &announce(None)).unwrap().workloads_message, None);

    let mut config = Config::default();
    config.kafka.topics.workloads = "ccx.dvo.results".into();
    let processed = run_with(&config, archive(), &announce(None)).unwrap();
    let message: serde_json::Value = serde_json::from_slice(&processed.workloads_message.unwrap()).unwrap();
    assert_eq!((&message["OrgID"], &message["Version"]), (&11_789_772.into(), &2.into()));
    assert_eq!(message["ClusterName"], "5d5892d3-1f74-4ccf-91af-548dfc9767aa");
    assert_eq!(message["Metrics"]["workload_recommendations"][0]["key"], "DVO_HOST_PID");
    assert!(!String::from_utf8_lossy(processed.message.as_deref().unwrap()).contains("DVO_HOST_PID"));

    config.workload_checks.compression = Compression::Gzip;
    let packed = run_with(&config, archive(), &announce(None)).unwrap().workloads_message.unwrap();
    let unpacked: serde_json::Value =
        serde_json::from_reader(flate2::read::GzDecoder::new(&packed[..])).unwrap();
    assert_eq!(unpacked, message);
}

#[test]
fn archive_without_workload_checks_has_no_workloads_message() {
    let mut config = Config::default();
    config.kafka.topics.workloads = "ccx.dvo.results".into();
    let archive = SampleArchive::small(ClusterId::random()).to_tar_gz();
    assert_eq!(run_with(&config, archive, &announce(None)).unwrap().workloads_message, None);
}

#[test]
fn images_are_a_message_of_their_own_with_their_role() {
    let files: [(&str, &[u8]); 2] = [
        ("config/id", b"5d5892d3-1f74-4ccf-91af-548dfc9767aa"),
        ("config/workload_info.json", br#"{"pods": 3, "images": {"sha256:1": {}}}"#),
    ];
    assert_eq!(run(tar_of(&files), &announce(None)).unwrap().images_message, None);
    let mut config = Config::default();
    config.pipeline.roles = vec![PipelineRole::ShaExtractor];
    let processed = run_with(&config, tar_of(&files), &announce(None)).unwrap();
    assert_eq!((processed.message, processed.workloads_message), (None, None));
    let packed = processed.images_message.unwrap();
    let message: serde_json::Value =
        serde_json::from_reader(flate2::read::GzDecoder::new(&packed[..])).unwrap();
    assert_eq!((&message["OrgID"], &message["Version"]), (&11_789_772.into(), &2.into()));
    assert_eq!(message["Images"]["pods"], 3);

    assert_eq!(run_with(&config, tar_of(&files[..1]), &announce(None)).unwrap().images_message, None);
    config.sha_extractor.compression = Compression::None;
    let plain = run_with(&config, tar_of(&files), &announce(None)).unwrap().images_message.unwrap();
    assert!(plain.ends_with(b"}\n"));
}

#[test]
fn invalid_images_fail_an_archive_only_without_other_results() {
    let files: [(&str, &[u8]); 2] =
        [("config/id", b"5d5892d3-1f74-4ccf-91af-548dfc9767aa"), ("config/workload_info.json", b"{")];
    let mut config = Config::default();
    config.pipeline.roles = vec![PipelineRole::ShaExtractor];
    let error = run_with(&config, tar_of(&files), &announce(None)).unwrap_err();
    assert_eq!(
        (error.class(), error.to_string().as_str()),
        (ErrorClass::BadInput, "config/workload_info.json is not JSON")
    );
    config.pipeline.roles.push(PipelineRole::Rules);
    let processed = run_with(&config, tar_of(&files), &announce(None)).unwrap();
    assert!(processed.message.is_some() && processed.images_message.is_none());
}

fn gathered_at(archive: impl Into<Bytes>, announce: &Announce) -> Option<String> {
    let processed = run(archive, announce).unwrap();
    Results::parse(processed.message.as_deref().unwrap()).unwrap().gathered_at.map(format_utc_seconds)
}

#[test]
fn gathering_time_is_the_announced_one_or_that_of_the_newest_file() {
    let archive = Bytes::from(SampleArchive::small(ClusterId::random()).to_tar_gz());
    let announced =
        Announce { gathering_time: parse_gathering_time("2026-01-15T10:00:00+02:00"), ..announce(None) };
    assert_eq!(gathered_at(archive.clone(), &announced).as_deref(), Some("2026-01-15T08:00:00Z"));
    assert_eq!(gathered_at(archive, &announce(None)).as_deref(), Some("2026-01-15T12:00:00Z"));
}

#[test]
fn gathering_time_that_is_unknown_is_absent_and_rules_that_need_it_are_skipped() {
    let node = br#"{"metadata": {"name": "n"}, "status": {"conditions": [
        {"type": "Ready", "status": "Unknown", "lastTransitionTime": "2026-01-13T04:00:00Z"}]}}"#;
    let id = ClusterId::random().to_string();
    let archive = tar_of(&[("config/id", id.as_bytes()), ("config/node/n.json", node)]);
    assert_eq!(gathered_at(archive.clone(), &announce(None)), None);
    let report = run(archive, &announce(None)).unwrap().report;
    let skip = report.skips.iter().find(|skip| skip.rule.as_str() == "ccx_rules.external.node_not_ready");
    assert_eq!(skip.unwrap().details, "All: ['gathering_time'] Any: ");
}

#[test]
fn authenticated_cluster_precedes_that_of_the_archive() {
    let authenticated = ClusterId::random();
    let archive = SampleArchive::small(ClusterId::random()).to_tar_gz();
    assert_eq!(run(archive, &announce(Some(authenticated))).unwrap().cluster_id, authenticated);
}

#[test]
fn missing_cluster_id_error_names_both_sources() {
    for (files, what) in [
        (vec![("config/version.json", b"{}".as_slice())], "config/id in the archive is missing"),
        (vec![("config/id", b"none".as_slice())], "config/id in the archive does not begin with a UUID"),
    ] {
        let error = run(tar_of(&files), &announce(None)).unwrap_err().to_string();
        assert!(error.contains("identity.system.cluster_id") && error.contains(what), "{error}");
    }
}

#[test]
fn archive_of_something_else_is_named_by_its_first_entries() {
    let files = ["var/log/messages", "etc/hosts", "a\nb", "zzz"].map(|path| (path, b"x".as_slice()));
    let error = run(tar_of(&files), &announce(Some(ClusterId::random()))).unwrap_err().to_string();
    assert!(error.ends_with("but a\\nb, etc/hosts, var/log/messages and 1 more"), "{error}");
}

#[test]
fn upload_that_is_not_an_archive_is_bad_input() {
    let error = run(b"<Error><Code>AccessDenied</Code></Error>".as_slice(), &announce(None)).unwrap_err();
    assert!(matches!(error, ProcessError::Archive { .. }), "{error}");
    assert_eq!(error.class(), ErrorClass::BadInput);
}

#[test]
fn kind_and_remote_configuration_are_read_for_the_metrics() {
    let id: (&str, &[u8]) = ("config/id", b"5d5892d3-1f74-4ccf-91af-548dfc9767aa");
    let configuration: (&str, &[u8]) =
        ("insights-operator/remote-configuration.json", br#"{"version":"1.1.0"}"#);
    let infrastructure: (&str, &[u8]) = ("config/infrastructure.json", b"{}");
    let processed = run(tar_of(&[id, configuration, infrastructure]), &announce(None)).unwrap();
    assert_eq!(processed.kind, ArchiveKind::HyperShift);
    assert_eq!(processed.remote_configuration, Some(RemoteConfiguration { version: Some("1.1.0".into()) }));

    let processed = run(tar_of(&[id]), &announce(None)).unwrap();
    assert_eq!(processed.kind, ArchiveKind::Ocp);
    assert_eq!(processed.remote_configuration, None);

    let unversioned: (&str, &[u8]) = ("insights-operator/remote-configuration.json", b"{}");
    let processed = run(tar_of(&[id, unversioned]), &announce(None)).unwrap();
    assert_eq!(processed.remote_configuration, Some(RemoteConfiguration { version: None }));
}

/// The archives that the Python pipeline is tested with.
#[test]
fn remote_configuration_of_unusual_size_is_not_read() {
    let json = format!(r#"{{"version":"{}"}}"#, "1".repeat(1 << 20));
    let archive = tar_of(&[("insights-operator/remote-configuration.json", json.as_bytes())]);
    let processed = run(archive, &announce(Some(ClusterId::random()))).unwrap();
    assert_eq!(processed.remote_configuration, None);
}

#[test]
#[ignore = "needs published samples"]
fn published_archives_give_their_results() {
    let folder = ccx_test_support::needs::published_samples("archives/ccx-messaging");
    let run_file = |name: &str| run(std::fs::read(folder.join(name)).unwrap(), &announce(None));
    let with_id = run_file("ocp_with_id.tar").unwrap();
    assert_eq!(with_id.cluster_id.to_string(), "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee");
    assert!(Results::parse(with_id.message.as_deref().unwrap()).is_ok());
    let rapid = run_file("rapid-recommendations.tar.gz").unwrap();
    assert_eq!(rapid.remote_configuration, Some(RemoteConfiguration { version: Some("1.1.0".into()) }));
    assert!(matches!(run_file("correct_data.tar"), Err(ProcessError::NoClusterId { .. })));
    assert!(matches!(run_file("wrong_data.tar"), Err(ProcessError::NotInsights { .. })));
}
