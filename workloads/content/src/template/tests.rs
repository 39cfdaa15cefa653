use proptest::prelude::*;
use serde_json::json;

use super::*;

fn syntax_error(source: &str) -> String {
    Template::compile(source).unwrap_err().to_string()
}

fn render(source: &str, details: &Json) -> Result<String, String> {
    Template::compile(source).unwrap().render(details).map_err(|error| error.to_string())
}

#[test]
fn syntax_error_has_the_expected_token_and_position() {
    assert_eq!(
        syntax_error("one\n  {{?pydata.a}}x"),
        "line 2, column 17: expected {{?}} or } for what begins in line 2, found the end of the template"
    );
    assert_eq!(
        syntax_error("{{~pydata.a :x}}x{{?}}"),
        "line 1, column 18: expected {{~}} for what begins in line 1, found {{?}}"
    );
    assert_eq!(
        syntax_error("{{~pydata.a}}{{~}}"),
        "line 1, column 1: a loop needs a name for its items: {{~list :item}}"
    );
    assert_eq!(
        syntax_error("{{=pydata.a b}}"),
        "line 1, column 13: expected the end of the tag, found \"b\""
    );
    assert_eq!(syntax_error("{{=}} {{=1}}"), "line 1, column 4: expected a value, found \"}\"");
    assert_eq!(syntax_error("a{{?}}"), "line 1, column 2: {{?}} ends a condition, and none is open here");
}

#[test]
fn undefined_name_is_an_error_of_compilation() {
    let expected = "unknown name \"node\": the details are pydata, other names come from loops and var";
    assert_eq!(syntax_error("{{=node.name}}"), format!("line 1, column 4: {expected}"));
    assert!(Template::compile("{{~pydata.nodes :node}}{{~}}{{=node}}").is_ok());
    assert!(syntax_error("{{~pydata.a :pydata}}{{~}}").contains("expected a free name, found \"pydata\""));
}

#[test]
fn unsupported_javascript_is_an_error_with_an_alternative() {
    for (source, what) in [
        ("{{=pydata.a.map(f)}}", "the method map"),
        ("{{=pydata.a.replace(/x/, 1)}}", "a regular expression"),
        ("{{=f(function() {})}}", "unknown name \"f\""),
        ("{{ var x = {a: 1}; }}", "an object in braces"),
        ("{{#def.x}}", "{{#…}}"),
        ("{{=pydata.a()()}}", "the method a"),
        ("{{=(pydata.a)(1)}}", "calling a value"),
        ("{{ var a = 1, b = 2; }}", "a list of variables"),
        ("{{=Math.random()}}", "Math.random"),
        ("{{ while (true) { } }}", "unknown name \"while\""),
    ] {
        assert!(syntax_error(source).contains(what), "{source}: {}", syntax_error(source));
    }
}

#[test]
fn member_of_undefined_is_an_error_with_position() {
    let expected = "line 2, column 10: unable to read \"name\" of undefined: guard it with {{?…}}";
    assert_eq!(
        render("\n{{=pydata.name.name}}", &json!({})).unwrap_err(),
        expected.replace("column 10", "column 16")
    );
    assert_eq!(
        render("{{=pydata.a.trim()}}", &json!({"a": 1})).unwrap_err(),
        "line 1, column 13: a number has no method trim"
    );
}

#[test]
fn endless_loop_is_an_error() {
    let error = render("{{ for (;;) { } }}", &json!({})).unwrap_err();
    assert_eq!(error, "line 1, column 1: it takes over 200000 steps");
    let nested = "{{~pydata.a :x}}{{~pydata.a :y}}{{~pydata.a :z}}.{{~}}{{~}}{{~}}";
    let list: Vec<u8> = vec![0; 200];
    assert!(render(nested, &json!({"a": list})).unwrap_err().ends_with("200000 steps"));
}

#[test]
fn growing_text_is_limited() {
    let doubling = "{{ var s = \"x\"; }}{{ for (var i = 0; i < 100; i++) { }}{{ s = s + s; }}{{ } }}";
    assert!(render(doubling, &json!({})).unwrap_err().ends_with("over 200000 steps"));
    for source in [
        "{{=\"x\".repeat(1e9)}}",
        "{{=\"x\".padStart(1e9)}}",
        "{{=\"x\".padEnd(1e300, \"ab\")}}",
        "{{=\"x\".repeat(1000).replaceAll(\"x\", \"y\".repeat(10000))}}",
        "{{=\"x\".repeat(2000).split(\"\").join(\"y\".repeat(1000))}}",
    ] {
        assert!(render(source, &json!({})).unwrap_err().contains("longer than 1048576 bytes"), "{source}");
    }
    let lists = "{{ var l = [1]; }}{{ for (var i = 0; i < 100; i++) { }}{{ l = l.concat(l); }}{{ } }}";
    assert!(render(lists, &json!({})).is_err());
}

#[test]
fn nesting_is_limited() {
    let deep = |open: &str, close: &str| format!("{{{{={}1{}}}}}", open.repeat(10_000), close.repeat(10_000));
    for source in [
        deep("(", ")"),
        deep("[", "]"),
        deep("!", ""),
        deep("- ", ""),
        deep("1+", ""),
        deep("pydata.a[", "]"),
    ] {
        assert!(syntax_error(&source).contains("nested deeper than 50"));
    }
    assert!(syntax_error(&format!("{{{{=pydata{}}}}}", ".a".repeat(10_000))).contains("nested deeper"));
    assert!(syntax_error(&"{{?1}}".repeat(10_000)).contains("nested deeper"));
    let growing = format!("{{{{ var v = []; }}}}{}", "{{ v = [v]; }}".repeat(60));
    assert!(render(&growing, &json!({})).unwrap_err().contains("nested too deep"));
    // A few small lists stand for a long text, which is neither counted item by item nor built.
    let long =
        format!("{{{{ var v = [1]; }}}}{}{{{{=v}}}}", "{{ v = [v, v, v, v, v, v, v, v]; }}".repeat(40));
    assert!(render(&long, &json!({})).is_err());
}

#[test]
fn lists_in_lists_are_values_like_others() {
    let details = json!({"a": " x,1,2"});
    for (template, text) in [
        ("{{=[1, [2, [3]]]}}", "1,2,3"),
        ("{{=[[1, 2], 3].length}}", "2"),
        ("{{=[[1, 2], 3][0][1]}}", "2"),
        ("{{=pydata.a.includes([1, [2]])}}", "true"),
        ("{{=[1].concat([[2], 3]).length}}", "3"),
        ("{{~[[1, 2], [3]] :pair}}{{=pair.length}};{{~}}", "2;1;"),
    ] {
        assert_eq!(render(template, &details).unwrap(), text, "{template}");
    }
}

#[test]
fn keys_returns_the_details_that_are_read() {
    let template =
        Template::compile("{{~pydata.nodes :n}}{{=n.name}}{{~}}{{=pydata[\"a b\"].c}}{{=pydata.list[0]}}")
            .unwrap();
    assert_eq!(template.keys().collect::<Vec<_>>(), ["a b", "list", "nodes"]);
}

/// Generates texts that resemble templates more often than random ones.
fn template_like() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "{{",
        "}}",
        "{{=",
        "{{?",
        "{{??",
        "{{~",
        "{{!",
        "{{#",
        "{",
        "}",
        "pydata",
        ".",
        "a",
        "b",
        "[",
        "]",
        "(",
        ")",
        "0",
        "1",
        "e5",
        "\"x\"",
        "'",
        "\\",
        "+",
        "-",
        "*",
        "/",
        "%",
        "==",
        "!",
        "<",
        "&&",
        "?",
        ":",
        ",",
        ";",
        "=",
        "++",
        "for",
        "if",
        "else",
        "var",
        "in",
        "of",
        "Object.keys(",
        "length",
        ".split(\"\")",
        ".slice(-1)",
        ".repeat(9)",
        " ",
        "\n",
        "é",
        "😀",
        ".join(pydata.a)",
        ".indexOf(",
        "{{~}}",
        "{{?}}",
        "{{~pydata.a :i}}",
        "{{ } }}",
        "{{=pydata.a}}",
    ];
    let piece = prop_oneof![8 => proptest::sample::select(PIECES).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn json_like() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map("[ab01]", inner, 0..4)
                .prop_map(|fields| Json::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn compile_of_any_text_returns_a_template_or_an_error_with_position(source in template_like()) {
        if let Err(SyntaxError { position, .. }) = Template::compile(&source) {
            prop_assert!(position.line >= 1 && position.line <= source.matches('\n').count() + 1);
            prop_assert!(position.column >= 1);
        }
    }

    #[test]
    fn render_of_any_template_returns_a_bounded_text_or_an_error(source in template_like(), details in json_like()) {
        let text = Template::compile(&source).map(|template| template.render(&details));
        if let Ok(Ok(text)) = text {
            prop_assert!(text.len() <= render::MAX_TEXT_BYTES);
        }
    }

    #[test]
    fn text_without_braces_is_rendered_unchanged(text in "[^{}]{0,200}") {
        prop_assert_eq!(Template::compile(&text).unwrap().render(&json!({})).unwrap(), text);
    }
}
