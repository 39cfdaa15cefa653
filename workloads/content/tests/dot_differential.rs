//! Differential test: generated templates, rendered by this crate and by doT.
//!
//! Needs `node` and the npm package `dot`, found by `NODE_PATH`:
//!
//! ```sh
//! npm install --prefix /tmp/dot dot@1.1.3
//! NODE_PATH=/tmp/dot/node_modules cargo test -p ccx-content --test dot_differential
//! ```

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use ccx_content::{SyntaxErrorKind, Template};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use serde::Deserialize;
use serde_json::{Value, json};

/// Number of cases: enough to find the differences of the past, in a few seconds.
const CASES: usize = 2000;

#[derive(Debug, Deserialize)]
struct Original {
    text: Option<String>,
    error: Option<String>,
    timeout: Option<u32>,
}

#[test]
#[ignore = "needs npm package dot"]
fn generated_templates_render_as_in_dot() {
    let mut runner = TestRunner::new_with_rng(
        ProptestConfig::default(),
        TestRng::from_seed(RngAlgorithm::ChaCha, &seed()),
    );
    let case = (template(3), details());
    let mut generate = || case.new_tree(&mut runner).unwrap().current();
    let cases: Vec<(String, Value)> = (0..CASES).map(|_| generate()).collect();
    let originals = render_with_dot(&cases);

    let mut rendered = 0;
    let mut differences = Vec::new();
    for ((template, details), original) in cases.iter().zip(&originals) {
        match compare(template, details, original) {
            Ok(()) => rendered += usize::from(original.text.is_some()),
            Err(difference) => differences.push(difference),
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {CASES}, for example\n{}",
        differences.len(),
        differences[..differences.len().min(8)].join("\n")
    );
    assert!(
        rendered > CASES / 4,
        "only {rendered} of {CASES} have a text: the generator makes too many errors"
    );
}

/// Returns a seed that changes each day, so that runs cover new cases and can still be repeated.
fn seed() -> [u8; 32] {
    let days = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs() / 86_400;
    let days = std::env::var("CCX_DOT_SEED").map_or(days, |seed| seed.parse().unwrap());
    println!("CCX_DOT_SEED={days}");
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&days.to_be_bytes());
    seed
}

fn compare(template: &str, details: &Value, original: &Original) -> Result<(), String> {
    let ours = match Template::compile(template) {
        // Unsupported syntax and undefined names are rejected, used or not.
        Err(error)
            if matches!(
                error.kind,
                SyntaxErrorKind::Unsupported { .. } | SyntaxErrorKind::UnknownName { .. }
            ) =>
        {
            return Ok(());
        }
        compiled => compiled
            .map_err(|error| error.to_string())
            .and_then(|compiled| compiled.render(details).map_err(|error| error.to_string())),
    };
    match (&ours, &original.text) {
        _ if original.timeout.is_some() => Ok(()),
        (Ok(ours), Some(theirs)) if ours == theirs => Ok(()),
        (Err(_), None) => Ok(()),
        _ => Err(format!(
            "{template:?} with {details}\n  ours:   {ours:?}\n  theirs: {:?} {:?}",
            original.text, original.error
        )),
    }
}

/// Renders the cases with doT.
fn render_with_dot(cases: &[(String, Value)]) -> Vec<Original> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dot/render.js");
    let input: Vec<Value> =
        cases.iter().map(|(template, details)| json!({"template": template, "details": details})).collect();
    let mut node = Command::new("node")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("node is installed");
    // Fails when node has already exited; its output has the reason.
    let _ = node.stdin.take().unwrap().write_all(serde_json::to_string(&input).unwrap().as_bytes());
    let output = node.wait_with_output().unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn one_of(choices: &'static [&'static str]) -> impl Strategy<Value = String> {
    proptest::sample::select(choices).prop_map(str::to_owned)
}

/// Generates templates with tags nested up to `depth`.
fn template(depth: u32) -> BoxedStrategy<String> {
    let text = one_of(&["a", " ", "\n", "- ", "it's", "\\", "}", "`x`", "é", "😀", "<&\"'/>", "**b**", "\t"]);
    let print = expression(2).prop_map(|value| format!("{{{{={value}}}}}"));
    let encode = expression(2).prop_map(|value| format!("{{{{!{value} }}}}"));
    let leaf = prop_oneof![4 => text, 5 => print, 1 => encode];
    if depth == 0 {
        return leaf.boxed();
    }
    let shared = template(depth - 1);
    let inner = || shared.clone();
    let if_else = (expression(2), inner(), expression(1), inner(), inner())
        .prop_map(|(a, x, b, y, z)| format!("{{{{? {a} }}}}{x}{{{{??{b}}}}}{y}{{{{??}}}}{z}{{{{?}}}}"));
    let only_if = (expression(2), inner()).prop_map(|(a, x)| format!("{{{{?{a}}}}}{x}{{{{?}}}}"));
    // A name is one variable, so equal names in nested loops would never end; doT itself uses i1, i2, …
    let each = (list(), inner()).prop_map(move |(list, x)| {
        let (item, index) = (format!("item{depth}"), format!("index{depth}"));
        format!("{{{{~{list} :{item}:{index}}}}}{x}{{{{={item}}}}}{{{{={index}}}}}{{{{~}}}}")
    });
    let each_member = inner().prop_map(|x| {
        format!("{{{{~pydata.nodes :n}}}}{x}{{{{=n.name}}}}{{{{?n.role}}}}{{{{=n.role}}}}{{{{?}}}}{{{{~}}}}")
    });
    let for_in = (list(), inner())
        .prop_map(|(list, x)| format!("{{{{ for (var k in {list}) {{ }}}}{x}{{{{=k}}}}{{{{ }} }}}}"));
    let statements = expression(2).prop_map(|value| format!("{{{{ var v = {value}; v += 1; }}}}{{{{=v}}}}"));
    let sequence = proptest::collection::vec(inner(), 1..4).prop_map(|parts| parts.concat());
    prop_oneof![3 => leaf, 1 => if_else, 1 => only_if, 1 => each, 1 => each_member, 1 => for_in, 1 => statements, 3 => sequence].boxed()
}

fn list() -> impl Strategy<Value = String> {
    one_of(&[
        "pydata.tags",
        "pydata.nodes",
        "pydata.nested",
        "pydata.name",
        "pydata.missing",
        "pydata.tags.slice(1)",
        "[1, \"b\"]",
        "pydata.count",
    ])
}

fn expression(depth: u32) -> BoxedStrategy<String> {
    let leaf = one_of(&[
        "pydata.name",
        "pydata[\"name\"]",
        "pydata.count",
        "pydata.ratio",
        "pydata.missing",
        "pydata.nothing",
        "pydata.tags",
        "pydata.nodes",
        "pydata.nodes[0]",
        "pydata.nodes.length",
        "pydata.nested",
        "pydata.nested.a",
        "pydata.flag",
        "1",
        "0",
        "-1",
        "2.5",
        "1e21",
        "1e-7",
        "\"\"",
        "\"a\"",
        "'10'",
        "\" 7 \"",
        "true",
        "false",
        "null",
        "undefined",
        "NaN",
        "[]",
        "[1, 2]",
    ]);
    if depth == 0 {
        return leaf.boxed();
    }
    let shared = expression(depth - 1);
    let inner = || shared.clone();
    let operator =
        one_of(&["+", "-", "*", "/", "%", "==", "!=", "===", "!==", "<", "<=", ">", ">=", "&&", "||"]);
    let binary = (inner(), operator, inner()).prop_map(|(a, operator, b)| format!("{a} {operator} {b}"));
    let parenthesised = inner().prop_map(|a| format!("({a})"));
    let unary = (one_of(&["!", "- ", "+ ", "typeof ", "!!"]), inner())
        .prop_map(|(operator, a)| format!("{operator}{a}"));
    let conditional = (inner(), inner(), inner()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})"));
    let member = (inner(), one_of(&[".length", "[0]", "[\"a\"]", ".a", "[1].name", "[pydata.count]"]))
        .prop_map(|(a, member)| format!("({a}){member}"));
    let method = (inner(), method(), inner(), inner())
        .prop_map(|(a, method, b, c)| format!("({a}).{}", method.replace('1', &b).replace('2', &c)));
    let function = (
        one_of(&[
            "Object.keys(1)",
            "Object.values(1)",
            "Array.isArray(1)",
            "String(1)",
            "Number(1)",
            "Boolean(1)",
            "Math.max(1, 2)",
            "Math.min(1, 2)",
            "Math.round(1)",
            "Math.floor(1)",
            "Math.ceil(1)",
            "Math.abs(1)",
            "parseInt(1)",
            "parseFloat(1)",
        ]),
        inner(),
        inner(),
    )
        .prop_map(|(function, a, b)| function.replace('1', &a.replace('2', "3")).replace('2', &b));
    prop_oneof![3 => leaf, 3 => binary, 1 => parenthesised, 1 => unary, 1 => conditional, 2 => member, 3 => method, 1 => function].boxed()
}

/// Generates calls in which `1` and `2` stand for the arguments.
fn method() -> impl Strategy<Value = String> {
    one_of(&[
        "includes(1)",
        "includes(1, 2)",
        "indexOf(1)",
        "indexOf(1, 2)",
        "lastIndexOf(1)",
        "join(1)",
        "join()",
        "slice(1)",
        "slice(1, 2)",
        "substring(1, 2)",
        "split(1)",
        "split(1, 2)",
        "startsWith(1)",
        "startsWith(1, 2)",
        "endsWith(1)",
        "endsWith(1, 2)",
        "toLowerCase()",
        "toUpperCase()",
        "trim()",
        "replace(1, 2)",
        "charAt(1)",
        "concat(1)",
        "padStart(1, 2)",
        "padEnd(1)",
        "toString()",
        "toFixed(1)",
        "trimEnd()",
        "trimStart()",
    ])
}

fn details() -> impl Strategy<Value = Value> {
    let scalar = || {
        prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            proptest::sample::select(vec![
                json!(0),
                json!(3),
                json!(-1),
                json!(2.5),
                json!(1e21),
                json!(1e-7),
                json!(1234)
            ]),
            proptest::sample::select(vec![
                json!(""),
                json!("a"),
                json!("10"),
                json!("b,a"),
                json!("É😀x"),
                json!(" x\n"),
                json!("0x1f")
            ]),
        ]
    };
    let node = (scalar(), scalar()).prop_map(|(name, role)| json!({"name": name, "role": role}));
    let fields = (
        scalar(),
        scalar(),
        scalar(),
        proptest::collection::vec(scalar(), 0..4),
        proptest::collection::vec(node, 0..3),
        proptest::collection::btree_map("[ab12]", scalar(), 0..4),
    );
    fields.prop_map(|(name, count, flag, tags, nodes, nested)| {
        json!({"name": name, "count": count, "flag": flag, "ratio": 0.1, "nothing": null, "tags": tags, "nodes": nodes, "nested": nested})
    })
}
