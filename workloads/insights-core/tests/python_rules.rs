//! Rules of insights-core in real Python processes.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use bytesize::ByteSize;
use ccx_archive::{Archive, Limits};
use ccx_config::InsightsCore;
use ccx_insights_core::{Adapter, AdapterError, Metrics};
use ccx_rules::{ExternalFindings, Finding, Kind};
use ccx_sample_archive::{Fault, SampleArchive};
use ccx_test_support::send_signal;
use prometheus::Registry;
use serde_json::Value;

const TEN_RULES: &str = "ccx_rules.external";

/// A Python program that finds the packages of these tests.
///
/// The packages are found by `PYTHONPATH`, which a process inherits; setting a variable for a single test
/// requires a separate program.
struct Python {
    folder: tempfile::TempDir,
}

impl Python {
    fn find() -> Self {
        Self::with_variables(&[])
    }

    fn with_variables(variables: &[(&str, &Path)]) -> Self {
        let python = ccx_test_support::needs::python();
        let folder = tempfile::tempdir().unwrap();
        let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages");
        let exports: Vec<String> =
            variables.iter().map(|(name, value)| format!("export {name}='{}'\n", value.display())).collect();
        let script = format!(
            "#!/bin/sh\nexport PYTHONPATH='{}' PYTHONDONTWRITEBYTECODE=1\n{}echo $$ > '{}'\nexec '{}' \"$@\"\n",
            packages.display(),
            exports.concat(),
            folder.path().join("pid").display(),
            python.display()
        );
        let path = folder.path().join("python");
        fs::write(&path, script).unwrap();
        assert!(Command::new("chmod").arg("755").arg(&path).status().unwrap().success());
        Self { folder }
    }

    fn settings(&self, packages: &[&str]) -> InsightsCore {
        InsightsCore {
            python: self.folder.path().join("python"),
            packages: packages.iter().map(ToString::to_string).collect(),
            work_folder: self.folder.path().into(),
            workers: 1,
            ..InsightsCore::default()
        }
    }
}

async fn start(settings: &InsightsCore) -> (Adapter, Registry) {
    let registry = Registry::new();
    let adapter = Adapter::start(settings, Metrics::register(&registry).unwrap()).await.unwrap();
    (adapter, registry)
}

async fn run(adapter: Adapter, archive: Archive) -> (Adapter, Result<ExternalFindings, AdapterError>) {
    let blocking = move || {
        let outcome = adapter.begin(&archive).and_then(ccx_insights_core::Pending::wait);
        (adapter, outcome)
    };
    tokio::task::spawn_blocking(blocking).await.unwrap()
}

fn archive(faults: &[Fault]) -> Archive {
    let cluster_id = "11111111-2222-3333-4444-555555555555".parse().unwrap();
    let sample = SampleArchive { faults: faults.to_vec(), ..SampleArchive::small(cluster_id) };
    Archive::read(sample.to_tar_gz().into(), &Limits::default()).unwrap()
}

/// Returns the sum of a counter's children that have a label of this value.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it counts")]
fn counter(registry: &Registry, name: &str, label: &str) -> u64 {
    let families = registry.gather();
    let metrics = families
        .iter()
        .filter(|family| family.name() == name)
        .flat_map(prometheus::proto::MetricFamily::get_metric);
    metrics
        .filter(|metric| metric.get_label().iter().any(|pair| pair.value() == label))
        .map(|metric| metric.get_counter().get_value() as u64)
        .sum()
}

type Hits = BTreeMap<(String, String), (Value, Vec<String>)>;

fn hits<'a>(findings: impl Iterator<Item = &'a Finding>) -> Hits {
    let entry = |finding: &Finding| {
        let mut tags = finding.tags.clone();
        tags.sort();
        let details = serde_json::from_str(finding.details.get()).unwrap();
        ((finding.rule.to_string(), finding.error_key.to_string()), (details, tags))
    };
    findings.map(entry).collect()
}

fn python_hits(findings: &ExternalFindings) -> Hits {
    hits(findings.findings.iter().filter(|(kind, _)| *kind == Kind::Hit).map(|(_, finding)| finding))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn ten_rules_have_equal_findings_in_python_and_rust() {
    let python = Python::find();
    let (mut adapter, registry) = start(&python.settings(&[TEN_RULES])).await;
    assert_eq!(adapter.rules().len(), 10, "{:?}", adapter.rules());
    let modules: Vec<String> =
        adapter.rules().iter().map(|rule| rule.strip_suffix(".report").unwrap().into()).collect();
    let engine = ccx_builtin_rules::engine();
    let mut cases: Vec<Vec<Fault>> = vec![Vec::new(), Fault::ALL.to_vec()];
    cases.extend(Fault::ALL.iter().map(|fault| vec![*fault]));
    for faults in cases {
        let report = engine.run(&archive(&faults), None);
        let expected =
            hits(report.hits.iter().filter(|hit| modules.iter().any(|module| module == hit.rule.as_str())));
        let (same_adapter, outcome) = run(adapter, archive(&faults)).await;
        adapter = same_adapter;
        assert_eq!(python_hits(&outcome.unwrap()), expected, "{faults:?}");
    }
    assert_eq!(
        counter(&registry, "ccx_insights_core_rule_errors_total", "ccx_rules.external.kcm_gc_resync.report"),
        0
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn merged_reports_have_each_finding_once() {
    let python = Python::find();
    let (adapter, _) = start(&python.settings(&[TEN_RULES])).await;
    let mut report = ccx_builtin_rules::engine().run(&archive(Fault::ALL), None);
    let own = hits(report.hits.iter());
    let (_, outcome) = run(adapter, archive(Fault::ALL)).await;
    let findings = outcome.unwrap();
    let of_python = findings.findings.len();
    assert_eq!(report.merge(findings), of_python, "all of them are ours too");
    assert_eq!(hits(report.hits.iter()), own);
    assert_eq!(report.hits.len(), own.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn failing_rule_is_counted_and_others_have_results() {
    let python = Python::find();
    let (adapter, registry) = start(&python.settings(&["troublesome.failing", TEN_RULES])).await;
    let (_, outcome) = run(adapter, archive(&[Fault::EtcdSlowDisk])).await;
    assert_eq!(outcome.unwrap().findings.len(), 1);
    assert_eq!(counter(&registry, "ccx_insights_core_rule_errors_total", "troublesome.failing.report"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn hanging_rule_is_interrupted_and_others_have_results() {
    let python = Python::find();
    let settings = InsightsCore {
        rule_timeout: Duration::from_millis(500),
        ..python.settings(&["troublesome.hanging", TEN_RULES])
    };
    let (adapter, registry) = start(&settings).await;
    let (_, outcome) = run(adapter, archive(&[Fault::EtcdSlowDisk])).await;
    assert_eq!(outcome.unwrap().findings.len(), 1);
    assert_eq!(counter(&registry, "ccx_insights_core_rule_errors_total", "troublesome.hanging.report"), 1);
    assert_eq!(counter(&registry, "ccx_insights_core_workers_replaced_total", "timeout"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn uninterruptible_rule_kills_its_process() {
    let python = Python::find();
    let settings = InsightsCore {
        rule_timeout: Duration::from_millis(200),
        archive_timeout: Duration::from_secs(2),
        ..python.settings(&["troublesome.stubborn"])
    };
    let (adapter, registry) = start(&settings).await;
    let (_, outcome) = run(adapter, archive(&[])).await;
    assert!(matches!(outcome, Err(AdapterError::TimedOut { .. })), "{outcome:?}");
    assert_eq!(
        counter(&registry, "ccx_insights_core_workers_replaced_total", "timeout"),
        2,
        "one for each attempt"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn crashed_process_is_replaced_and_its_archive_retried() {
    let crashed = tempfile::tempdir().unwrap();
    let seen = crashed.path().join("seen");
    let python = Python::with_variables(&[("CCX_TEST_CRASHED", &seen)]);
    let (adapter, registry) = start(&python.settings(&["troublesome.crashing", TEN_RULES])).await;
    let (_, outcome) = run(adapter, archive(&[Fault::EtcdSlowDisk])).await;
    assert_eq!(outcome.unwrap().findings.len(), 1);
    assert_eq!(counter(&registry, "ccx_insights_core_workers_replaced_total", "died"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn process_that_crashes_twice_is_an_error_with_its_last_output() {
    let python = Python::find();
    let (adapter, _) = start(&python.settings(&["troublesome.crashing"])).await;
    let (adapter, outcome) = run(adapter, archive(&[])).await;
    let error = outcome.unwrap_err();
    assert!(error.to_string().contains("the rule took the process down"), "{error}");
    let (_, outcome) = run(adapter, archive(&[])).await;
    assert!(
        matches!(outcome, Err(AdapterError::Died { .. })),
        "the next archive gets a process of its own: {outcome:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn grown_process_is_replaced() {
    let python = Python::find();
    let settings = InsightsCore {
        max_memory_growth: ByteSize::mib(20),
        ..python.settings(&["troublesome.leaking", TEN_RULES])
    };
    let (mut adapter, registry) = start(&settings).await;
    for _ in 0..8 {
        let (same_adapter, outcome) = run(adapter, archive(&[])).await;
        adapter = same_adapter;
        outcome.unwrap();
    }
    let replaced = counter(&registry, "ccx_insights_core_workers_replaced_total", "memory");
    assert!((1..=4).contains(&replaced), "{replaced}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn output_of_rule_does_not_corrupt_frames() {
    let python = Python::find();
    let (adapter, _) = start(&python.settings(&["troublesome.printing"])).await;
    let (_, outcome) = run(adapter, archive(&[])).await;
    let findings = outcome.unwrap();
    assert_eq!(
        findings.findings[0].1.details.get(),
        r#"{"read": "", "type": "rule", "error_key": "PRINTED"}"#
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn nan_in_details_fails_the_archive_and_not_the_process() {
    let python = Python::find();
    let (adapter, registry) = start(&python.settings(&["troublesome.odd"])).await;
    let (_, outcome) = run(adapter, archive(&[])).await;
    assert!(matches!(outcome, Err(AdapterError::Failed { .. })), "{outcome:?}");
    assert_eq!(counter(&registry, "ccx_insights_core_workers_replaced_total", "died"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn rule_that_exhausts_memory_does_not_affect_the_adapter() {
    let python = Python::find();
    let (adapter, registry) = start(&python.settings(&["troublesome.greedy", TEN_RULES])).await;
    let (_, outcome) = run(adapter, archive(&[Fault::EtcdSlowDisk])).await;
    assert_eq!(outcome.unwrap().findings.len(), 1);
    assert_eq!(counter(&registry, "ccx_insights_core_rule_errors_total", "troublesome.greedy.report"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn killed_process_is_detected_and_replaced() {
    let python = Python::find();
    let (adapter, registry) = start(&python.settings(&[TEN_RULES])).await;
    let pid = fs::read_to_string(python.folder.path().join("pid")).unwrap();
    assert!(send_signal("KILL", &pid.trim()));
    let (_, outcome) = run(adapter, archive(&[Fault::EtcdSlowDisk])).await;
    assert_eq!(outcome.unwrap().findings.len(), 1);
    assert_eq!(counter(&registry, "ccx_insights_core_workers_replaced_total", "died"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn start_with_missing_package_is_an_error() {
    let python = Python::find();
    let registry = Registry::new();
    let outcome =
        Adapter::start(&python.settings(&["no_such_package"]), Metrics::register(&registry).unwrap()).await;
    let error = outcome.err().expect("there is no such package").to_string();
    assert!(error.contains("no_such_package") && error.contains("insights_core.packages"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn configuration_of_ccx_messaging_is_accepted_unchanged() {
    let python = Python::find();
    let config = python.folder.path().join("config.yaml");
    let yaml = "plugins:\n  default_component_enabled: true\n  packages:\n    - ${CCX_TEST_PACKAGE:ccx_rules.external.etcd_slow_disk}\n    \
                - ccx_rules.external.kcm_gc_resync\n  configs:\n    - name: ccx_rules.external.kcm_gc_resync\n      enabled: false\n\
                service:\n  format: insights.formats._json.JsonFormat\n  target_components: []\n";
    fs::write(&config, yaml).unwrap();
    let settings = InsightsCore { config_file: Some(config), ..python.settings(&[]) };
    let (adapter, _) = start(&settings).await;
    assert_eq!(adapter.rules(), ["ccx_rules.external.etcd_slow_disk.report"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs insights-core"]
async fn workers_process_archives_concurrently() {
    let python = Python::find();
    let settings = InsightsCore {
        workers: 2,
        rule_timeout: Duration::from_secs(4),
        ..python.settings(&["troublesome.hanging"])
    };
    let (adapter, _) = start(&settings).await;
    let started = Instant::now();
    tokio::task::spawn_blocking(move || {
        let pending: Vec<_> = (0..2).map(|_| adapter.begin(&archive(&[])).unwrap()).collect();
        for pending in pending {
            pending.wait().unwrap();
        }
    })
    .await
    .unwrap();
    assert!(started.elapsed() < Duration::from_secs(8), "one after the other: {:?}", started.elapsed());
}
