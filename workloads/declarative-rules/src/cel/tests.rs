use std::time::{Duration, Instant};

use serde_json::json;

use super::{meter::Limit, *};
use crate::limits::MAX_STEPS;

mod conformance;
mod mistakes;

/// Variables of the tests.
fn data() -> serde_json::Value {
    json!({
        "pods": [
            {"metadata": {"name": "a", "labels": {"app": "x"}}, "status": {"restarts": 3, "ready": true}},
            {"metadata": {"name": "b"}, "status": {"restarts": 70, "ready": false, "reason": "CrashLoopBackOff"}},
            {"metadata": {"name": "c"}},
        ],
        "node": {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "R"}, {"type": "DiskPressure", "status": "True"}]}},
        "numbers": [1, 2, 3, 4.5, 18_446_744_073_709_551_615_u64],
        "nothing": null,
        "text": "Grüße, Welt",
    })
}

fn evaluate_with(source: &str, meter: &Meter) -> Result<Value, EvaluationError> {
    let data = data();
    let variables: Vec<_> = data.as_object().unwrap().iter().collect();
    let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    let globals: Vec<_> =
        variables.iter().map(|(_, value)| Some(Value::from_serde((*value).clone()))).collect();
    let program = on_large_stack(|| compile(source, &names))
        .unwrap_or_else(|mistakes| panic!("{source}: {mistakes:?}"));
    let now = Some("2026-01-15T12:00:00Z".parse().unwrap());
    program.evaluate(&Scope { globals: &globals, now, meter })
}

fn meter() -> Meter {
    Meter::new(MAX_STEPS, Instant::now() + Duration::from_mins(1))
}

fn evaluate(source: &str) -> Result<serde_json::Value, String> {
    let value = evaluate_with(source, &meter());
    value.map(|value| value.to_json()).map_err(|error| error.to_string())
}

fn assert_values(cases: &[(&str, serde_json::Value)]) {
    for (source, expected) in cases {
        assert_eq!(evaluate(source).as_ref(), Ok(expected), "{source}");
    }
}

#[test]
fn condition_functions_return_conditions_of_objects() {
    assert_values(&[
        (r#"cond(node, "Ready").reason.orValue("?")"#, json!("R")),
        (r#"cond(node, "Available").hasValue()"#, json!(false)),
        (r#"condTrue(node, "DiskPressure") && condFalse(node, "Ready")"#, json!(true)),
        (r#"condTrue(node, "Available") || condFalse(nothing, "Ready")"#, json!(false)),
    ]);
}

#[test]
fn null_field_is_absent_for_has_and_optional_access() {
    assert_values(&[
        (r#"{"a": null}.?a.orValue([]).size()"#, json!(0)),
        (r#"{"a": null}.?a.hasValue()"#, json!(false)),
        (r#"{"a": {"b": null}}.?a.b.orValue(7)"#, json!(7)),
        (r#"{"a": {"b": null}}.?a.?b.orValue(7)"#, json!(7)),
        (r#"has({"a": null}.a)"#, json!(false)),
        ("[null][?0].orValue(7)", json!(7)),
        (r#"{"a": null}[?"a"].orValue(7)"#, json!(7)),
        (r#"{"a": null}.a == null"#, json!(true)),
        (r#"[?{"a": null}.?a, 1].size()"#, json!(1)),
    ]);
}

#[test]
fn error_about_null_names_its_field_and_says_how_to_treat_it_as_absent() {
    for source in [
        r#"size({"a": null}.a)"#,
        r#"{"a": null}.a.all(x, x)"#,
        r#"{"a": null}.a > 1"#,
        r#"1 + {"a": null}.a"#,
        r#"{"a": null}.a.b"#,
        r#"{"a": null}["a"].b"#,
        r#"has({"a": null}.a.b)"#,
        r#"{"a": null}.a[0]"#,
        r#"-{"a": null}.a"#,
        r#"{"a": null}.a.startsWith("x")"#,
        r#""x".startsWith({"a": null}.a)"#,
        r#"{"a": null}.a.matches("x")"#,
        r#"{"a": null}.a ? 1 : 2"#,
        r#"!{"a": null}.a"#,
        r#"{"a": null}.a && true"#,
        r#"[{"a": null}].map(x, x.a.size())"#,
    ] {
        let error = evaluate(source).unwrap_err();
        assert!(
            error.ends_with("; `a` is null here: write `.?a.orValue(...)`, which treats null as missing"),
            "{source}: {error}"
        );
        assert!(!error.contains("null_type"), "{source}: {error}");
    }
    let error = evaluate("[null].all(x, x > 1)").unwrap_err();
    assert!(error.ends_with("write `.?field.orValue(...)`, which treats null as missing"), "{error}");
    for source in
        [r#"["a", null].join("")"#, "sum([1, null])", "sum([null])", "[1, null].sort()", "max([1, null])"]
    {
        let error = evaluate(source).unwrap_err();
        assert!(error.contains("null"), "{source}: {error}");
    }
}

#[test]
fn error_about_types_says_what_to_write() {
    for (source, hint) in [
        ("pods.length > 0", "a list has no field `length`; write `.size()`"),
        ("pods.status", "a list has no field `status`; read it from an element: `list[0].status`"),
        ("text.x", "a string has no field `x`"),
        ("[1].contains(1)", "; write `value in list`"),
        ("{\"a\": 1}.?a > 1", "an optional is read with `.orValue(...)`"),
        ("{\"a\": 1}.?a ? 1 : 2", "an optional is read with `.orValue(...)`"),
        ("text < 1", "convert one of them, with `int(...)`"),
        ("text > timestamp(\"2026-01-01T00:00:00Z\")", "with `timestamp(...)`"),
        ("duration(\"1h\") > \"1h\"", "with `duration(...)`"),
        ("pods[-1]", "indices begin at 0, and the last element is `list[size(list) - 1]`"),
        ("[\"a\", 1].join(\"\")", "an element of the list is an int"),
    ] {
        let error = evaluate(source).unwrap_err();
        assert!(error.contains(hint), "{source}: {error}");
    }
}

#[test]
fn age_of_a_time_ends_at_the_gathering_time() {
    assert_values(&[
        (r#"age("2026-01-15T10:30:00Z")"#, json!("5400s")),
        (r#"age("2026-01-15T10:30:00Z") > duration("1h29m")"#, json!(true)),
        (r#"age(timestamp("2026-01-14T12:00:00Z")).getHours()"#, json!(24)),
        ("now()", json!("2026-01-15T12:00:00Z")),
        (
            "[now().getFullYear(), now().getMonth(), now().getDate(), now().getDayOfWeek()]",
            json!([2026, 0, 15, 4]),
        ),
        (r#"now() - duration("1.5s")"#, json!("2026-01-15T11:59:58.500Z")),
        (r#"[duration("250ms"), duration("-1h"), duration("1m0.5s")]"#, json!(["0.25s", "-3600s", "60.5s"])),
    ]);
    assert_eq!(evaluate(r#"age("soon")"#), Err(r#"`age`: "soon" is not a time"#.into()));
    assert_eq!(
        evaluate(r#"duration("3d")"#),
        Err(r#"`duration`: "3d" is not a duration such as `1h30m`"#.into())
    );
    assert!(evaluate(r#"duration("")"#).is_err());
}

#[test]
fn versions_and_quantities_are_compared_by_value() {
    assert_values(&[
        (r#"semver("4.9.1") < semver("4.10.0-rc.1")"#, json!(true)),
        (
            r#"[semver("4.16.3").major(), semver("4.16.3").minor(), semver("v4.16.3").patch()]"#,
            json!([4, 16, 3]),
        ),
        (r#"isSemver("four") || isSemver(4)"#, json!(false)),
        (r#"[semver("4.10.0"), string(semver("4.9"))]"#, json!(["4.10.0", "4.9"])),
        (r#"quantity("16Gi") > quantity("16G")"#, json!(true)),
        (r#"[quantity("250m"), quantity(2), quantity("1Ki")]"#, json!([0.25, 2, 1024])),
    ]);
    assert!(evaluate(r#"quantity("much")"#).unwrap_err().contains("not a quantity"));
    assert!(evaluate(r#"semver("four")"#).unwrap_err().contains("isSemver"));
}

#[test]
fn list_functions_return_expected_values() {
    assert_values(&[
        (r#"["b", "a", "b"].distinct().sort()"#, json!(["a", "b"])),
        ("[1, 1.0, [2], [2]].distinct()", json!([1, [2]])),
        ("[[1, 2], [], [3], 4].flatten()", json!([1, 2, 3, 4])),
        ("[sum([1, 2]), [1.5, 2.0].sum(), sum([])]", json!([3, 3.5, 0])),
        ("[max([1, 3.5, 2]).value(), min([]).hasValue()]", json!([3.5, false])),
        (r#"pods.map(pod, pod.metadata.name).join(", ")"#, json!("a, b, c")),
        ("[size(pods), size(text), pods[0].size()]", json!([3, 11, 2])),
    ]);
    assert!(evaluate(r#"[1, "a"].sort()"#).unwrap_err().contains("comparable"));
}

#[test]
fn text_functions_return_expected_values() {
    assert_values(&[
        (r#"text.split(", ")"#, json!(["Grüße", "Welt"])),
        (r#""ß-".split("")"#, json!(["ß", "-"])),
        ("text.excerpt(4)", json!("Grüß")),
        ("text.excerpt(-1)", json!("")),
        (r#"text.replace("ü", "ue").upperAscii()"#, json!("GRUEßE, WELT")),
        (r#""  a ".trim().lowerAscii()"#, json!("a")),
        (r#"mask("ip-10-0-1-2")"#, json!("ip***")),
        (r#"text.matches("^Gr.*t$") && matches(text, "Welt")"#, json!(true)),
    ]);
}

#[test]
fn optional_access_to_missing_fields_returns_the_default() {
    assert_values(&[
        ("pods.map(pod, pod.?status.?restarts.orValue(0))", json!([3, 70, 0])),
        ("pods.filter(pod, has(pod.status)).map(pod, pod.status.?reason)", json!([null, "CrashLoopBackOff"])),
        ("[?pods[0].?status.?reason, ?pods[1].?status.?reason]", json!(["CrashLoopBackOff"])),
        (r#"{"a": 1, ?"b": pods[0].?status.?reason}"#, json!({"a": 1})),
        ("pods[?7].?metadata.name.orValue(\"?\")", json!("?")),
        ("nothing.?a.b.c.hasValue()", json!(false)),
        ("pods[1].?status.?restarts.optMap(n, n + 1).orValue(0)", json!(71)),
        ("pods.exists(pod, pod.status.restarts > 50)", json!(true)),
    ]);
}

#[test]
fn map_keeps_the_order_of_its_document_and_yields_its_keys() {
    let source = r#"{"z": 1, "a": 2}.map(key, key)"#;
    assert_eq!(evaluate(source), Ok(json!(["z", "a"])));
    let value = evaluate_with(r#"{"z": 1, "a": 2}"#, &meter()).unwrap();
    assert_eq!(serde_json::to_string(&value.details()).unwrap(), r#"{"z":1,"a":2}"#);
}

#[test]
fn evaluation_error_has_its_offset_and_a_hint() {
    let error = evaluate_with("pods.map(pod, pod.status.restarts)", &meter()).unwrap_err();
    assert_eq!(error.at, "pods.map(pod, pod".len());
    assert_eq!(
        error.reason.to_string(),
        "there is no field `status`; where a field may be missing, write `.?status.orValue(...)` or check `has(...)` first"
    );
    assert!(evaluate("pods[3]").unwrap_err().starts_with("the list has no element 3"));
    assert_eq!(
        evaluate("text + 1"),
        Err("`+` does not take (string, int); convert one of them, with `string(...)`".into())
    );
    assert_eq!(evaluate("nothing ? 1 : 2"), Err("a condition must be a bool and is null; where a field may be null or missing, write `.?field.orValue(...)`, which treats null as missing".into()));
    assert_eq!(evaluate("text.map(c, c)"), Err("a loop needs a list or a map and has a string".into()));
    assert_eq!(evaluate("{1: 2}"), Err("the keys of a map must be strings and one is an int".into()));
    assert_eq!(evaluate("1 / 0"), Err("division by zero; check the divisor first".into()));
}

#[test]
fn evaluation_without_steps_left_is_a_limit() {
    for source in [
        "pods.exists(pod, pod.metadata.name == \"a\") || true",
        "true || pods.all(pod, true)",
        "pods.all(pod, pod.metadata.name == \"a\") && false",
        "size(pods.filter(pod, true)) >= 0 ? 1 : 2",
        "pods.?x.orValue(1)",
        "[1, 2, 3].exists(x, [1, 2, 3].exists(y, y == x))",
    ] {
        let needed = MAX_STEPS - {
            let meter = meter();
            evaluate_with(source, &meter).unwrap();
            meter.steps_left()
        };
        for steps in 0..needed {
            let meter = Meter::new(steps, Instant::now() + Duration::from_mins(1));
            let error = evaluate_with(source, &meter).unwrap_err();
            assert_eq!(error.reason, Reason::Limit(Limit::Steps), "{source} with {steps} steps");
            assert_eq!(meter.stopped(), Some(Limit::Steps));
        }
    }
}

#[test]
fn evaluation_after_its_deadline_is_a_limit() {
    let meter = Meter::new(u64::MAX, Instant::now());
    let nested = "numbers.map(a, numbers.map(b, numbers.map(c, numbers.map(d, a)))) == []";
    let nested = nested.replace("numbers.map(d, a)", "text.split(\"\").size()");
    let error = evaluate_with(&format!("[0,1,2,3,4,5,6,7,8,9].map(x, {})", "size(text + text)"), &meter);
    // A few steps may pass before the clock is read, but not thousands.
    assert!(error.is_ok() || error.is_err_and(|error| error.reason == Reason::Limit(Limit::Time)));
    assert_eq!(evaluate_with(&nested, &meter).unwrap_err().reason, Reason::Limit(Limit::Time));
}

#[test]
fn value_that_shares_its_parts_is_limited_by_its_weight() {
    let twenty = "[a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a]";
    let doubling = format!("[1]{}", format!(".map(a, {twenty})").repeat(7));
    assert_eq!(evaluate_with(&doubling, &meter()).unwrap_err().reason, Reason::Limit(Limit::Size));
    let long = format!("[text]{}", ".map(a, a + a + a + a + a + a + a + a + a + a)".repeat(9));
    let limit = evaluate_with(&long, &meter()).unwrap_err().reason;
    assert!(matches!(limit, Reason::Limit(Limit::Size | Limit::Steps)), "{limit:?}");
    let deep = format!("[1]{}", ".map(a, [[[[[[[[[[a]]]]]]]]]])".repeat(25));
    assert_eq!(evaluate_with(&deep, &meter()).unwrap_err().reason, Reason::Limit(Limit::Depth));
}

#[test]
fn every_function_has_a_unique_name_a_signature_and_a_summary() {
    for function in functions::ALL {
        assert!(function.signature.contains(&format!("{}(", function.name)), "{}", function.name);
        assert!(function.summary.ends_with('.'), "{}", function.name);
    }
    let mut names: Vec<&str> = functions::ALL.iter().map(|function| function.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), functions::ALL.len());
}
