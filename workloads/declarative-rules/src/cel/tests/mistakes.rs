//! Errors of expressions that are reported at compile time.

use crate::cel::{Mistake, compile, on_large_stack};

const NAMES: [&str; 2] = ["pods", "version"];

fn mistakes(source: &str) -> Vec<Mistake> {
    on_large_stack(|| compile(source, &NAMES).err().unwrap_or_default())
}

fn mistake(source: &str) -> (usize, String) {
    let mut mistakes = mistakes(source);
    assert_eq!(mistakes.len(), 1, "{source}: {mistakes:?}");
    let Mistake { at, message } = mistakes.remove(0);
    (at, message)
}

#[test]
fn unknown_name_is_an_error_with_its_offset_and_a_suggestion() {
    assert_eq!(mistake("size(pods) + pod"), (13, "unknown name `pod`, did you mean `pods`?".into()));
    assert_eq!(mistake(r#"["é"].map(x, y)"#), (14, "unknown name `y`, did you mean `x`?".into()));
    assert_eq!(mistake("severity > 1"), (0, "unknown name `severity`".into()));
}

#[test]
fn loop_variable_outside_its_loop_is_an_unknown_name() {
    assert_eq!(mistakes("pods.filter(x, x.ready)"), []);
    assert_eq!(mistake("pods.filter(p, p.ready) == p").1, "unknown name `p`");
}

#[test]
fn expression_with_several_mistakes_reports_all_of_them() {
    let messages: Vec<_> = mistakes("a + b.map(c, d)").into_iter().map(|mistake| mistake.at).collect();
    assert_eq!(messages, [0, 4, 13]);
}

#[test]
fn unknown_function_is_an_error_with_a_suggestion() {
    assert_eq!(mistake("pods.sizee()").1, "unknown function `sizee`, did you mean `size`?");
    assert_eq!(mistake("cond(version)").1, "`cond` has other arguments: `cond(object, type)`");
    assert_eq!(
        mistake(r#"contains("a", "b")"#).1,
        "unknown function `contains`; write `text.contains(part)`"
    );
    assert!(mistake("pods.map(x)").1.contains("takes a name and an expression"));
    assert!(mistake("has(pods)").1.contains("has"));
}

#[test]
fn syntax_error_is_one_mistake_at_its_offset_with_a_suggestion() {
    let slips = [
        ("pods.map(p {\"a\": 1})", 11, "unexpected `{`: is a `,` missing before it?"),
        ("{\"a\": 1 \"b\": 2}", 8, "unexpected `\"b\"`: is a `,` missing before it?"),
        ("[1, 2 3]", 6, "unexpected `3`: is a `,` missing before it?"),
        ("pods.filter(p, p.a == 1", 23, "`)` is missing at the end"),
        ("pods[0", 6, "`]` is missing at the end"),
        ("pods.filter(p, p.a))", 19, "unexpected `)`: no bracket is open"),
        ("size(pods) = 1", 11, "`=` is not an operator; write `==`"),
        ("size(pods) === 1", 11, "`===` is not an operator; write `==`"),
        ("size(pods) !== 1", 11, "`!==` is not an operator; write `!=`"),
        ("size(pods) <> 1", 11, "`<>` is not an operator; write `!=`"),
        ("size(pods) =< 1", 11, "`=<` is not an operator; write `<=`"),
        ("size(pods) => 1", 11, "`=>` is not an operator; write `>=`"),
        ("version =~ \"4\"", 8, "`=~` is not an operator; write `text.matches(\"pattern\")`"),
        ("version ?? 1", 8, "`??` is not an operator; write `.?field.orValue(value)`"),
        ("version?.a == 1", 7, "`?.` is not an operator; write `.?`, as in `pod.?status`"),
        ("version.?a?.b == 1", 10, "`?.` is not an operator; write `.?`, as in `pod.?status`"),
        ("2 ** 2 == 4", 2, "`**` is not an operator; write a product"),
        ("size(pods)++ > 1", 10, "`++` is not an operator; write `+ 1`"),
        ("true AND true", 5, "`AND` is not an operator; write `&&`"),
        ("NOT true", 0, "`NOT` is not an operator; write `!`"),
        ("version is null", 8, "`is` is not an operator; write `==`"),
        ("\"a\" not in [\"a\"]", 4, "`not` is not an operator; write `!(value in list)`"),
        ("{\"a\" = 1}.size() == 1", 5, "`=` is not an operator; a map is written `{\"name\": value}`"),
        ("size pods) > 1", 0, "`(` is missing after `size`"),
        (
            "pods.filter(p -> p.a)",
            14,
            "`->` is not an operator; a loop is written `list.filter(item, condition)`",
        ),
        ("size(pods) > 1 : true", 15, "unexpected `:`: a choice is written `condition ? yes : no`"),
        (
            "size(pods) > 1,5",
            14,
            "unexpected `,`: no bracket is open; a fraction is written with a point, as in 1.5",
        ),
        ("size(pods) > 1;", 14, "unexpected `;`: an expression is one value, without `;`"),
        ("size(pods) > 1 # x", 15, "unexpected `#`: a comment begins with `//`"),
        ("size(pods) > 1_000", 14, "unexpected `_000`: the digits of a number are not separated"),
        (
            "size(pods) > 99999999999999999999",
            13,
            "the number is too large: whole numbers end at 9223372036854775807",
        ),
        ("{{ size(pods) > 0 }}", 0, "an expression is written without `{{ }}`"),
        ("pods.all(p, p.a & p.b)", 16, "`&` is not an operator; write `&&`"),
        ("true | false", 5, "`|` is not an operator; write `||`"),
        ("size(pods) > 1 and true", 15, "`and` is not an operator; write `&&`"),
        ("true or false", 5, "`or` is not an operator; write `||`"),
        ("not true", 0, "`not` is not an operator; write `!`"),
        ("not(true)", 3, "unknown function `not`; write `!`"),
        (
            "pods.filter(p => p.a)",
            14,
            "`=>` is not an operator; a loop is written `list.filter(item, condition)`",
        ),
        ("true ? 1", 8, "unexpected end: `:` and a value are missing, as in `condition ? yes : no`"),
        ("if true", 0, "`if` is a reserved word; write `condition ? yes : no`"),
        ("'abc", 0, "the string is not closed"),
        ("\"a\" + \"b", 6, "the string is not closed"),
        ("size(pods) >", 12, "unexpected end: a value is missing"),
        ("size(pods) > > 1", 13, "unexpected `>`: a value is missing before it"),
        ("", 0, "the expression is empty"),
    ];
    for (source, at, message) in slips {
        assert_eq!(mistake(source), (at, message.to_owned()), "{source}");
    }
    assert_eq!(mistake("size(pods)\n  > > 1").0, 15);
    assert_eq!(mistake("\"é\" + + 1").0, 7);
}

#[test]
fn unknown_macro_is_one_mistake_with_a_suggestion() {
    assert_eq!(mistake("pods.filtr(p, p.a)").1, "unknown function `filtr`, did you mean `filter`?");
    assert_eq!(mistake("pods.any(p, p.a)").1, "unknown function `any`, did you mean `exists`?");
    assert_eq!(mistake("len(pods)").1, "unknown function `len`, did you mean `size`?");
    assert_eq!(mistake("pods.length()").1, "unknown function `length`, did you mean `size`?");
    assert_eq!(mistake("pods.lenght()").1, "unknown function `lenght`, did you mean `size`?");
    assert_eq!(mistake("pods.isEmpty()").1, "unknown function `isEmpty`; write `size(value) == 0`");
    assert_eq!(mistake("\"a\".match(\"a\")").1, "unknown function `match`, did you mean `matches`?");
    assert!(
        mistake("pods.filter(\"p\", true)").1.contains("the first argument must be a name without quotes"),
    );
}

#[test]
fn unknown_name_has_a_hint_about_what_was_meant() {
    for (source, hint) in [
        ("version == None", ", did you mean `null`?"),
        ("version == undefined", ", did you mean `null`?"),
        ("True", ", did you mean `true`?"),
        ("FALSE", ", did you mean `false`?"),
        ("version == worker", "; a text has quotes: `\"worker\"`"),
        ("pods.exists(p, p.app-name == \"x\")", "; a key with other characters is written `map[\"key\"]`"),
        ("version.kubernetes.io/name == \"x\"", "; a key with other characters is written `map[\"key\"]`"),
        ("pods.map(p, {name: p.metadata})", "; the keys of a map have quotes: `\"name\"`"),
    ] {
        let message = mistake(source).1;
        assert!(message.starts_with("unknown name `") && message.ends_with(hint), "{source}: {message}");
    }
    assert_eq!(mistake("facts.pods.size()").1, "`facts` is not needed before a name; write `pods`");
}

#[test]
fn invalid_pattern_is_a_mistake() {
    let (at, message) = mistake(r#""a".matches("(b")"#);
    assert_eq!(
        (at, message.as_str()),
        (11, "the pattern of `matches` is not a valid regular expression: unclosed group")
    );
    assert!(mistake(r#""a".matches(version)"#).1.contains("written out"));
    assert!(mistake(r#""a".matches("(\\w{100}){100}")"#).1.contains("size limit"));
}

#[test]
fn expression_that_is_too_large_is_a_mistake() {
    assert!(mistake(&format!("\"{}\"", "a".repeat(8 * 1024))).1.contains("8192 bytes"));
    let sum = vec!["1"; 300].join("+");
    assert!(mistake(&sum).1.contains("64 deep"));
    assert_eq!(mistakes(&vec!["1"; 60].join("+")), []);
    assert!(
        mistake(&format!("[{}]", vec!["pods.size() + pods.size() + 1 + 1"; 90].join(",")))
            .1
            .contains("500 parts")
    );
    assert!(mistakes(&vec!["1"; 4000].join("+")).len() < 5);
    assert!(!mistakes(&"!".repeat(8000)).is_empty());
    assert!(!mistakes(&"a?b:".repeat(2000)).is_empty());
    assert!(!mistakes(&format!("a{}", ".a".repeat(4000))).is_empty());
    assert!(mistake(&format!("[{}]", vec!["1"; 101].join(","))).1.contains("100 elements"));
    let nested = "pods.map(a, pods.map(b, pods.map(c, pods.map(d, d))))";
    assert_eq!(mistake(nested).1, "loops are nested more than 3 deep; make the inner one a fact");
    assert_eq!(mistakes("pods.map(a, pods.map(b, pods.map(c, c)))"), []);
    assert!(!mistakes(&format!("{}1{}", "(".repeat(2000), ")".repeat(2000))).is_empty());
    assert!(!mistakes(&"[".repeat(8000)).is_empty());
}

#[test]
fn unsupported_bytes_and_messages_are_mistakes() {
    assert!(mistake("b'bytes'").1.contains("bytes are not supported"));
    assert!(mistake("google.protobuf.Duration{seconds: 1}").1.contains("write a map"));
}
