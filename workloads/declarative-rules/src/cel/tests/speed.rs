//! How much the own evaluation gains over that of the crate `cel`; run it by hand, optimised.

use std::hint::black_box;

use cel::{Context, Env};

use super::*;

/// A cluster of the size of the small archives: 31 operators, 35 pods.
fn cluster() -> serde_json::Value {
    let condition = |of: &str, status: &str| json!({"type": of, "status": status, "reason": "AsExpected", "message": "x".repeat(200), "lastTransitionTime": "2026-01-15T11:00:00Z"});
    let operator = |number: u32| {
        let degraded = if number.is_multiple_of(10) { "True" } else { "False" };
        json!({
            "metadata": {"name": format!("operator-{number}"), "labels": {"a": "b"}, "annotations": {"c": "d".repeat(300)}},
            "spec": {}, "status": {"conditions": [condition("Available", "True"), condition("Progressing", "False"), condition("Degraded", degraded)],
                "relatedObjects": (0..20).map(|n| json!({"group": "g", "name": format!("n{n}"), "resource": "r"})).collect::<Vec<_>>()}})
    };
    let pod = |number: u32| {
        json!({
            "metadata": {"name": format!("pod-{number}"), "namespace": "openshift-x", "labels": {"app": "a"}},
            "spec": {"containers": (0..3).map(|n| json!({"name": format!("c{n}"), "image": "i".repeat(90), "env": (0..10).map(|e| json!({"name": format!("E{e}"), "value": "v"})).collect::<Vec<_>>()})).collect::<Vec<_>>()},
            "status": {"containerStatuses": (0..3).map(|n| json!({"name": format!("c{n}"), "restartCount": number, "state": if number.is_multiple_of(9) { json!({"waiting": {"reason": "CrashLoopBackOff"}}) } else { json!({"running": {}}) }})).collect::<Vec<_>>()}})
    };
    json!({"operators": (0..31).map(operator).collect::<Vec<_>>(), "pods": (0..35).map(pod).collect::<Vec<_>>()})
}

const QUERIES: [(&str, &str); 3] = [
    (
        "degraded operators",
        r#"operators.filter(o, o.status.conditions.exists(c, c.type == "Degraded" && c.status == "True")).map(o, {"name": o.metadata.name})"#,
    ),
    (
        "waiting containers",
        r#"pods.filter(p, p.status.containerStatuses.exists(c, c.?state.?waiting.?reason.orValue("") in ["CrashLoopBackOff", "ImagePullBackOff"])).map(p, p.metadata.name)"#,
    ),
    ("nested filter", r#"pods.filter(a, pods.exists(b, b.metadata.name == a.metadata.name + "x"))"#),
];

#[test]
#[ignore = "a measurement: CARGO_PROFILE_TEST_OPT_LEVEL=3 cargo test -p ccx-declarative-rules speed -- --ignored --nocapture"]
fn the_own_evaluation_is_faster_than_the_crates() {
    let cluster = cluster();
    let mut context = Context::default();
    for (name, value) in cluster.as_object().unwrap() {
        context.add_variable(name.as_str(), value.clone()).unwrap();
    }
    let names: Vec<&str> = cluster.as_object().unwrap().keys().map(String::as_str).collect();
    let globals: Vec<_> = names.iter().map(|name| Some(Value::from_serde(cluster[*name].clone()))).collect();
    for (what, source) in QUERIES {
        let stock = Env::stdlib().compile(source).unwrap();
        let own = on_large_stack(|| compile(source, &names)).unwrap();
        let stock_time = fastest(|| drop(black_box(stock.execute(&context))));
        let own_time = fastest(|| {
            let meter = meter();
            drop(black_box(own.evaluate(&Scope { globals: &globals, now: None, meter: &meter })));
        });
        let ratio = stock_time.as_secs_f64() / own_time.as_secs_f64();
        println!("{what}: crate {stock_time:?}, own {own_time:?}, {ratio:.1} times as fast");
        assert!(ratio > 2.0, "{what}");
    }
}

/// The shortest of many runs, which other programs disturbed least.
fn fastest(run: impl Fn()) -> Duration {
    let times = (0..200).map(|_| {
        let started = Instant::now();
        run();
        started.elapsed()
    });
    times.min().unwrap_or_default()
}
