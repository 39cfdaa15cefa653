use std::{fs, path::Path};

use ccx_archive::{Archive, Limits};
use ccx_messages::ClusterId;
use ccx_sample_archive::SampleArchive;
use prometheus::Registry;
use tempfile::TempDir;

use super::*;
use crate::metrics::Metrics;

const RULE: &str = "\
apiVersion: ccx.rules/v1
id: acme.external.a
error_key: KEY
inputs: {version: {file: config/version.json}}
when: version != null
tests: [{name: nothing, expect: miss}]
";

/// Rules of a directory, and what is counted.
struct Fixture {
    directory: TempDir,
    rules: Rules,
    metrics: Metrics,
}

impl Fixture {
    fn new(change: impl FnOnce(&mut Config)) -> Self {
        let directory = TempDir::new().unwrap();
        let mut config = Config::default();
        config.rules.directories = vec![directory.path().to_owned()];
        change(&mut config);
        let rules = Rules::from_config(&config);
        Self { directory, rules, metrics: Metrics::new(&Registry::new()).unwrap() }
    }

    fn write(&self, text: &str) {
        fs::write(self.directory.path().join("a.yaml"), text).unwrap();
    }

    /// The status after a poll of the files.
    fn poll(&mut self) -> RulesStatus {
        self.rules.watch.as_mut().unwrap().poll_now(&self.metrics.rule_set);
        self.rules.status.get()
    }

    fn counts(&self) -> (u64, u64, i64, i64) {
        let RuleSetMetrics { loads, failures, refused, rules } = &self.metrics.rule_set;
        (loads.get(), failures.get(), refused.get(), rules.get())
    }

    /// The reason why a report of the current engine is incomplete.
    fn incomplete(&self) -> Option<String> {
        let archive = SampleArchive::small(ClusterId::random()).to_tar_gz();
        let archive = Archive::read(archive.into(), &Limits::default()).unwrap();
        self.rules.engine.get().run(&archive, None).incomplete
    }

    fn has_rule(&self, module: &str) -> bool {
        self.rules.engine.get().rules().any(|meta| meta.rule.as_str() == module)
    }
}

#[test]
fn user_rules_run_beside_the_built_in_ones() {
    let mut fixture = Fixture::new(|_| {});
    fixture.write(RULE);
    let status = fixture.poll();
    assert_eq!((status.rules, status.error), (1, None));
    assert_eq!(status.digest.map(|digest| digest.len()), Some(64));
    assert_eq!(status.builtin as usize + 1, fixture.rules.engine.get().rules().len());
    assert!(fixture.has_rule("acme.external.a") && fixture.has_rule("ccx_rules.external.node_not_ready"));
    assert_eq!(fixture.counts(), (1, 0, 0, 1));
}

#[test]
fn invalid_set_is_rejected_and_the_previous_one_stays() {
    let mut fixture = Fixture::new(|_| {});
    fixture.write(RULE);
    let good = fixture.poll();
    fixture.write(&RULE.replace("when:", "whn:"));
    for _ in 0..2 {
        let status = fixture.poll();
        let error = status.error.unwrap();
        assert_eq!((error.line, error.column), (Some(1), Some(1)));
        assert_eq!(Path::new(&error.file), fixture.directory.path().join("a.yaml"));
        assert_eq!(error.message, "a rule needs the field `when`");
        assert_eq!(status.digest, good.digest);
        assert!(fixture.has_rule("acme.external.a"));
        assert_eq!(fixture.counts(), (1, 1, 1, 1));
    }
    fixture.write(RULE);
    assert_eq!(fixture.poll(), good);
    assert_eq!(fixture.counts(), (1, 1, 0, 1));
}

#[test]
fn reports_are_incomplete_until_a_set_is_loaded_and_not_after_a_rejected_one() {
    let mut fixture = Fixture::new(|_| {});
    let not_loaded = Some("the rules of users could not be loaded".to_owned());
    assert_eq!(fixture.incomplete(), not_loaded);
    fixture.write("- no rule");
    fixture.poll();
    assert_eq!(fixture.incomplete(), not_loaded);
    fixture.write(RULE);
    fixture.poll();
    assert_eq!(fixture.incomplete(), None);
    fixture.write("- no rule");
    assert!(fixture.poll().error.is_some());
    assert_eq!(fixture.incomplete(), None);
}

#[test]
fn reports_are_complete_when_no_user_rules_are_configured() {
    let fixture = Fixture::new(|config| config.rules.directories.clear());
    assert_eq!(fixture.incomplete(), None);
}

#[test]
fn missing_directory_is_reported_and_the_rules_stay() {
    let mut fixture = Fixture::new(|_| {});
    fixture.write(RULE);
    let good = fixture.poll();
    let (here, elsewhere) =
        (fixture.directory.path().to_owned(), fixture.directory.path().with_extension("moved"));
    fs::rename(&here, &elsewhere).unwrap();
    let error = fixture.poll().error.unwrap();
    assert!(error.message.starts_with("failed to read "), "{error:?}");
    assert!(fixture.has_rule("acme.external.a"));
    fs::rename(&elsewhere, &here).unwrap();
    assert_eq!(fixture.poll(), good);
}

#[test]
fn rejected_set_is_reported_again_after_the_directory_was_missing() {
    let mut fixture = Fixture::new(|_| {});
    fixture.write("- no rule");
    let refused = fixture.poll();
    let (here, elsewhere) =
        (fixture.directory.path().to_owned(), fixture.directory.path().with_extension("moved"));
    fs::rename(&here, &elsewhere).unwrap();
    assert_ne!(fixture.poll(), refused);
    fs::rename(&elsewhere, &here).unwrap();
    assert_eq!(fixture.poll(), refused);
}

#[test]
fn rules_are_disabled_by_module_or_key_or_all_built_in_ones() {
    let disabled = [
        "ccx_rules.external.node_not_ready",
        "ccx_rules_processing.version_info|OTHER",
        "acme.external.a|KEY",
        "no.such_rule",
    ];
    let mut fixture = Fixture::new(|config| config.rules.disabled = disabled.map(str::to_owned).to_vec());
    fixture.write(RULE);
    assert_eq!(fixture.poll().rules, 0);
    assert!(
        !fixture.has_rule("ccx_rules.external.node_not_ready")
            && fixture.has_rule("ccx_rules_processing.version_info")
    );
    let mut only_users = Fixture::new(|config| config.rules.builtin = false);
    only_users.write(RULE);
    only_users.poll();
    assert_eq!(only_users.rules.engine.get().rules().len(), 1);
}

#[test]
fn disabled_rules_have_the_forms_of_explain_and_unknown_names_are_reported() {
    let names = [
        "NODE_NOT_READY",
        "node_not_ready",
        "ccx_rules.external.node_not_ready.report",
        "node_not_ready|NODE_NOT_READY",
    ];
    for name in names {
        let disabled = vec![name.to_owned(), "etcd_slow_dsk".to_owned()];
        let mut fixture = Fixture::new(|config| config.rules.disabled = disabled.clone());
        fixture.write(RULE);
        let status = fixture.poll();
        assert!(!fixture.has_rule("ccx_rules.external.node_not_ready"), "{name}");
        assert_eq!(status.unknown_disabled, ["etcd_slow_dsk"], "{name}");
        let without_users = Fixture::new(|config| {
            config.rules.directories.clear();
            config.rules.disabled = disabled;
        });
        assert_eq!(without_users.rules.status.get().unknown_disabled, ["etcd_slow_dsk"]);
    }
}

#[test]
fn status_is_json_with_the_position_of_the_error() {
    let error = RulesProblem { file: "a.yaml".into(), line: Some(3), column: Some(7), message: "M".into() };
    let status = RulesStatus {
        digest: Some("d".into()),
        rules: 2,
        builtin: 1,
        error: Some(error),
        ..RulesStatus::default()
    };
    let expected =
        r#"{"digest":"d","rules":2,"builtin":1,"error":{"file":"a.yaml","line":3,"column":7,"message":"M"}}"#;
    assert_eq!(serde_json::to_string(&status).unwrap(), expected);
    let none = serde_json::to_string(&RulesStatus::default()).unwrap();
    assert_eq!(none, r#"{"digest":null,"rules":0,"builtin":0,"error":null}"#);
}
