//! Comparison of results with the interpreter of the crate `cel`.

use cel::{Context, Env};
use proptest::prelude::*;

use super::*;

/// Expressions with every operator, macro and function that both implementations support.
const EXPRESSIONS: &[&str] = &[
    "1 + 2 * 3 - 4 % 3",
    "-7 / 2",
    "-7 % 3",
    "7.0 / 2.0",
    "1.5 - 2.0 * 3.0",
    "3u * 2u",
    "2u - 1u",
    "9223372036854775807 + 1",
    "-(-9223372036854775807 - 1)",
    "1 + 1.0",
    "1u + 1",
    "5u - 6u",
    "1 == 1.0",
    "1 < 1.5",
    "2u >= 1",
    "1 == \"1\"",
    "1 != null",
    "null == null",
    "[1] == [1.0]",
    "{\"a\": 1} == {\"a\": 1.0}",
    "\"a\" < \"b\"",
    "true > false",
    "[1] < [2]",
    "9007199254740992 == 9007199254740992.0",
    "18446744073709551615u > -1",
    "numbers[4] > numbers[0]",
    "numbers[0] == numbers[0]",
    "4.5 in numbers",
    "\"status\" in pods[0]",
    "\"x\" in \"xy\"",
    "true && false || true",
    "true || 1 / 0 == 1",
    "1 / 0 == 1 || true",
    "false && 1 / 0 == 1",
    "1 / 0 == 1 && false",
    "1 / 0 == 1 || false",
    "nothing || true",
    "1 || true",
    "true ? 1 : 1 / 0",
    "1 ? 2 : 3",
    "!true",
    "!1",
    "-nothing",
    "-2u",
    "pods.exists(p, p.status.restarts > 50)",
    "pods.all(p, p.status.restarts > 50)",
    "pods.exists(p, p.status.restarts > 99)",
    "pods.all(p, has(p.metadata.name))",
    "pods.exists_one(p, p.metadata.name == \"a\")",
    "pods.exists_one(p, true)",
    "pods.exists_one(p, p.status.ready)",
    "pods.map(p, p.metadata.name)",
    "pods.map(p, has(p.status), p.status.ready)",
    "pods.filter(p, has(p.status) && p.status.ready)",
    "pods.map(p, p.status)",
    "pods.filter(p, 1)",
    "pods.map(p, pods.map(p, 1))",
    "pods.map(p, p.?status.?restarts.orValue(-1))",
    "has(pods[2].status)",
    "has(pods[2].status.ready)",
    "pods[0].status[\"ready\"]",
    "pods[-1]",
    "pods[9]",
    "pods[1.0].metadata.name",
    "pods[0.5]",
    "pods[0][0]",
    "pods[?0].?metadata.?name.value()",
    "pods[?9].hasValue()",
    "nothing.a",
    "nothing.?a.hasValue()",
    "text.?a.hasValue()",
    "nothing[?0].hasValue()",
    "pods[0].?x.y.z.hasValue()",
    "optional.of(1).or(optional.of(2)).value()",
    "optional.none().orValue(3)",
    "optional.none().value()",
    "optional.ofNonZeroValue(\"\").hasValue()",
    "optional.of(2).optMap(x, x * 2).value()",
    "pods[0].?status.optMap(s, s.restarts).orValue(9)",
    "optional.none().optMap(x, x).hasValue()",
    "pods[0].?status.optFlatMap(s, s.?reason).hasValue()",
    "[?optional.none(), 1, ?optional.of(2)]",
    "{?\"a\": optional.none(), \"b\": 1}",
    "size(text)",
    "size(pods)",
    "pods[0].size()",
    "size(1)",
    "text.contains(\"Welt\")",
    "text.startsWith(\"Gr\")",
    "text.endsWith(\"x\")",
    "text.matches(\"^G\")",
    "\"a\" + \"b\"",
    "[1] + [2, 3]",
    "[1] + 2",
    "int(\"42\")",
    "int(4.9)",
    "int(-4.9)",
    "int(\"x\")",
    "int(1e30)",
    "int(5u)",
    "uint(-1)",
    "uint(\"7\")",
    "double(\"1.5\")",
    "double(3)",
    "string(1)",
    "string(1.0)",
    "string(1.5)",
    "string(2u)",
    "string(true)",
    "bool(\"true\")",
    "bool(\"maybe\")",
    "string(1e30)",
    "type(1) == int",
    "type(\"\") == string",
    "type([]) == list",
    "type({}) == map",
    "type(null) == null_type",
    "type(int) == type",
    "type(1.0) == int",
    "duration(\"1h\") > duration(\"59m\")",
    "duration(\"90s\") + duration(\"30s\") == duration(\"2m\")",
    "duration(\"1h30m\").getMinutes()",
    "timestamp(\"2026-01-15T12:00:00Z\") - duration(\"1h\") < timestamp(\"2026-01-15T11:30:00Z\")",
    "(timestamp(\"2026-01-15T12:00:00Z\") - timestamp(\"2026-01-14T12:00:00Z\")).getHours()",
    "timestamp(\"2026-01-15T12:00:00Z\").getFullYear()",
    "timestamp(\"2026-01-15T12:34:56Z\").getMonth()",
    "timestamp(\"2026-01-15T12:34:56Z\").getMinutes()",
    "timestamp(\"x\")",
    "duration(\"x\")",
    "timestamp(\"2026-01-15T12:34:56Z\").getDate()",
    "timestamp(\"2026-01-15T12:34:56Z\").getDayOfWeek()",
    "int(timestamp(\"2026-01-15T12:34:56Z\"))",
    "string(duration(\"1.5s\"))",
    "string(timestamp(\"2026-01-15T12:34:56Z\"))",
    "dyn(1) + 1",
];

/// Evaluates an expression with the crate's interpreter; `None` if it fails.
fn stock(source: &str) -> Option<serde_json::Value> {
    let program = Env::stdlib().compile(source).unwrap();
    let mut context = Context::default();
    for (name, value) in data().as_object().unwrap() {
        context.add_variable(name.as_str(), value.clone()).unwrap();
    }
    let value = program.execute(&context).ok()?;
    Some(value.json().unwrap_or_else(|error| json!(error.to_string())))
}

fn own(source: &str) -> Option<serde_json::Value> {
    evaluate_with(source, &meter()).ok().map(|value| value.to_json())
}

/// Returns true if the value contains an optional, which the crate does not convert to JSON.
fn has_optional(value: &Value) -> bool {
    match value {
        Value::Optional(_) => true,
        Value::List(list) => list.items().iter().any(has_optional),
        Value::Map(map) => map.entries().iter().any(|(_, value)| has_optional(value)),
        _ => false,
    }
}

/// Normalizes numbers and sorts lists, because the crate's maps have no order.
fn normal(json: Option<serde_json::Value>) -> Option<serde_json::Value> {
    json.map(|json| sorted(Value::from_serde(json).to_json()))
}

fn sorted(json: serde_json::Value) -> serde_json::Value {
    match json {
        serde_json::Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(sorted).collect();
            items.sort_by_key(ToString::to_string);
            items.into()
        }
        serde_json::Value::Object(fields) => {
            fields.into_iter().map(|(key, value)| (key, sorted(value))).collect()
        }
        other => other,
    }
}

#[test]
fn listed_expressions_have_the_results_of_the_crate() {
    for source in EXPRESSIONS {
        assert_eq!(normal(own(source)), normal(stock(source)), "{source}");
    }
}

/// Generates expressions that both implementations support.
///
/// `PROPTEST_CASES=20000 PROPTEST_MAX_GLOBAL_REJECTS=1000000` tries many.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "0",
        "-3",
        "2u",
        "1.5",
        "true",
        "false",
        "null",
        "\"a\"",
        "\"\"",
        "[]",
        "{}",
        "pods",
        "node",
        "numbers",
        "nothing",
        "text",
        "pods[0]",
        "pods[1].status",
        "pods[2].?status",
        "9223372036854775807",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 3, |inner| {
        let one = (
            prop::sample::select(vec![
                "!(@)",
                "-(@)",
                "size(@)",
                "(@).?status",
                "(@).status",
                "has((@).status)",
                "string(@)",
                "[@]",
                "{\"k\": @}",
                "type(@) == int",
                "(@)[0]",
                "(@)[?1]",
                "(@).orValue(1)",
                "(@).hasValue()",
                "optional.of(@)",
                "(@).metadata.name",
                "int(@)",
                "(@).k",
                "(@).map(k, k)",
                "[?(@)]",
            ]),
            inner.clone(),
        )
            .prop_map(|(form, a)| form.replace('@', &a));
        let operators = vec!["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"];
        let two = (prop::sample::select(operators), inner.clone(), inner.clone())
            .prop_map(|(operator, a, b)| format!("({a}) {operator} ({b})"));
        let looped = (
            prop::sample::select(vec!["exists", "all", "exists_one", "map", "filter"]),
            inner.clone(),
            inner.clone(),
            prop::sample::select(vec!["x", "x.status", "x > 1", "@", "(@) == x"]),
        )
            .prop_map(|(name, range, body, form)| {
                format!("({range}).{name}(x, {})", form.replace('@', &body))
            });
        let three =
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : ({c})"));
        prop_oneof![2 => one, 3 => two, 2 => looped, 1 => three]
    })
}

/// Returns true if the crate has a result where the specification, and this implementation, have an error.
fn is_result_of_the_crate(source: &str, reason: &Reason) -> bool {
    let has_optional = ["optional.of(", ".?", "[?"].iter().any(|form| source.contains(form));
    match reason {
        // The crate adds a list and a map, which results in the list and the keys of the map.
        Reason::NoOverload("+", types) => **types == [Type::List, Type::Map],
        // The crate has an empty optional for elements of an optional whose content is neither a list nor a
        // map.
        Reason::NoOverload("[]", _) => has_optional,
        Reason::NoOverload("has", types) => has_optional && **types == [Type::List],
        Reason::NoFields(of, _) => has_optional && *of == Type::List,
        _ => false,
    }
}

proptest! {
    #[test]
    fn any_expression_has_the_result_of_the_crate(source in expression()) {
        let names = ["pods", "node", "numbers", "nothing", "text"];
        // Expressions beyond the limits have no result to compare.
        prop_assume!(on_large_stack(|| compile(&source, &names).is_ok()));
        let value = evaluate_with(&source, &meter());
        prop_assume!(!value.as_ref().is_ok_and(has_optional));
        prop_assume!(!value.is_err_and(|error| is_result_of_the_crate(&source, &error.reason)));
        prop_assert_eq!(normal(own(&source)), normal(stock(&source)), "{}", source);
    }
}
