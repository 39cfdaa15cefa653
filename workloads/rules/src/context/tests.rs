use std::time::Duration;

use serde_json::json;

use super::*;
use crate::{
    RuleMeta,
    documents::NODES,
    testing::{archive, now},
};

fn with_context<T>(files: &[(&str, serde_json::Value)], look: impl FnOnce(&Context<'_>) -> T) -> T {
    let meta =
        RuleMeta::new("pack.a".parse().unwrap(), "KEY".parse().unwrap()).requires(NODES).requires(METRICS);
    let plan = Plan::new([&meta.reads_metric("up")].into_iter());
    look(&Context::new(&plan, &archive(files), Some(now())))
}

#[test]
fn ages_end_when_the_data_was_gathered() {
    with_context(&[], |context| {
        assert_eq!(context.age("2026-01-15T12:59:00+01:00"), Some(TimeDelta::minutes(1)));
        assert_eq!(context.age("2026-01-15T12:00:01Z"), Some(TimeDelta::seconds(-1)));
        assert_eq!(context.age("yesterday"), None);
    });
}

#[test]
fn documents_that_are_broken_do_not_hide_the_others() {
    let files = [
        ("config/node/a.json", json!("{")),
        ("config/node/b.json", json!({"metadata": {"name": "b"}})),
        ("config/node/c.json", json!({"metadata": {"name": ["c"]}, "status": 7})),
        ("config/node/d.json", json!([])),
    ];
    let names = with_context(&files, |context| {
        context.nodes().iter().map(|node| node.metadata.name.to_string()).collect::<Vec<_>>()
    });
    assert_eq!(names, ["b", ""]);
}

#[test]
fn document_is_parsed_once() {
    with_context(&[("config/node/b.json", json!({}))], |context| {
        assert!(std::ptr::eq(context.nodes(), context.nodes()));
    });
}

#[test]
fn metrics_are_those_that_a_rule_declared() {
    with_context(&[("config/metrics", json!("up 1\ndown 2\nup{a=\"b\"} 3\n"))], |context| {
        let values =
            |family| context.metric(family).map(|sample| sample.value.to_string()).collect::<Vec<_>>();
        assert_eq!(values("up"), ["1", "3"]);
        assert!(values("down").is_empty());
    });
}

#[test]
fn undeclared_input_is_missing() {
    with_context(&[("config/alerts.json", json!([]))], |context| {
        assert_eq!(context.alerts().map(<[_]>::len), None);
    });
}

#[test]
fn extension_is_one_value_for_each_archive_and_type() {
    with_context(&[], |context| {
        context.extension::<Cell<u32>>().set(7);
        assert_eq!(context.extension::<Cell<u32>>().get(), 7);
        assert_eq!(context.extension::<Cell<u8>>().get(), 0);
    });
    with_context(&[], |context| assert_eq!(context.extension::<Cell<u32>>().get(), 0));
}

#[test]
fn iteration_ends_with_the_budget() {
    with_context(&[], |context| {
        context.start_rule(Instant::now() + Duration::from_hours(1));
        assert_eq!(context.within_budget(0..1000).count(), 1000);
        context.start_rule(Instant::now());
        std::thread::sleep(Duration::from_millis(1));
        assert!(context.is_over_budget());
        assert_eq!(context.within_budget(0..1000).count(), 63);
    });
}
