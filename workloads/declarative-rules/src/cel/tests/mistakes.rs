//! What is wrong with an expression is said before there is data.

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
fn an_unknown_name_is_found_with_its_place_and_the_name_that_was_meant() {
    assert_eq!(mistake("size(pods) + pod"), (13, "unknown name `pod`, did you mean `pods`?".into()));
    assert_eq!(mistake(r#"["é"].map(x, y)"#), (14, "unknown name `y`, did you mean `x`?".into()));
    assert_eq!(mistake("severity > 1"), (0, "unknown name `severity`".into()));
}

#[test]
fn the_variable_of_a_loop_is_unknown_outside() {
    assert_eq!(mistakes("pods.filter(x, x.ready)"), []);
    assert_eq!(mistake("pods.filter(p, p.ready) == p").1, "unknown name `p`");
}

#[test]
fn all_mistakes_are_found_at_once() {
    let messages: Vec<_> = mistakes("a + b.map(c, d)").into_iter().map(|mistake| mistake.at).collect();
    assert_eq!(messages, [0, 4, 13]);
}

#[test]
fn an_unknown_function_is_found_with_the_one_that_was_meant() {
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
fn broken_syntax_is_found_with_its_place() {
    let (at, message) = mistake("size(pods) >");
    assert_eq!(at, 12);
    assert!(message.starts_with("not a valid expression: "), "{message}");
    let second_line = mistakes("size(pods)\n  > > 1");
    assert_eq!(second_line[0].at, 15, "{second_line:?}");
    assert_eq!(mistakes("\"é\" + + 1")[0].at, 7);
    assert!(!mistakes("").is_empty());
    assert!(!mistakes("'é").is_empty());
}

#[test]
fn a_pattern_is_checked() {
    let (at, message) = mistake(r#""a".matches("(b")"#);
    assert_eq!(
        (at, message.as_str()),
        (11, "the pattern of `matches` is no regular expression: unclosed group")
    );
    assert!(mistake(r#""a".matches(version)"#).1.contains("written out"));
    assert!(mistake(r#""a".matches("(\\w{100}){100}")"#).1.contains("size limit"));
}

#[test]
fn an_expression_that_is_too_large_is_refused() {
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
fn what_is_left_out_of_the_language_is_named() {
    assert!(mistake("b'bytes'").1.contains("bytes are not supported"));
    assert!(mistake("google.protobuf.Duration{seconds: 1}").1.contains("write a map"));
}
