use serde_json::json;

use super::*;

fn only(text: &str) -> Node {
    parse("a.yaml", text).unwrap().pop().unwrap()
}

#[test]
fn values_are_converted_to_json() {
    let text = "a: [1, -2.5, true, null, 'q', 18446744073709551615]\nb: {c: |\n    text\n  }\n1: y\ndate: 2026-01-01\n";
    let text = text.replace("{c: |\n    text\n  }", "\n  c: |\n    text\n");
    let expected = json!({"a": [1, -2.5, true, null, "q", 18_446_744_073_709_551_615_u64], "b": {"c": "text\n"}, "1": "y", "date": "2026-01-01"});
    assert_eq!(only(&text).to_json(), expected);
}

#[test]
fn span_of_a_node_covers_its_text_in_the_file() {
    let text = "when: size(é) > 0\nflag: true\n";
    let Content::Map(entries) = only(text).content else { panic!() };
    assert_eq!(&text[entries[0].0.span.clone()], "when");
    assert_eq!(&text[entries[0].1.span.clone()], "size(é) > 0");
    assert_eq!(entries[1].1.scalar(text), Some("true"));
}

#[test]
fn offset_in_a_folded_text_is_converted_to_one_in_the_file() {
    let text = "a: 1\nwhen: >-\n  size(x) >\n    y\n";
    let Content::Map(entries) = only(text).content else { panic!() };
    let node = &entries[1].1;
    let meant = node.scalar(text).unwrap();
    let at = offset_in_file(text, &node.span, meant, meant.find('y').unwrap());
    assert_eq!(Position::from_offset(text, at), Position { line: 4, column: 5 });
}

#[test]
fn file_with_several_or_no_documents_is_parsed() {
    assert_eq!(parse("a.yaml", "a: 1\n---\nb: 2\n").unwrap().len(), 2);
    assert!(parse("a.yaml", "# nothing\n").unwrap().is_empty());
}

#[test]
fn invalid_yaml_is_a_problem_with_its_position() {
    let problem = parse("a.yaml", "a: 1\na: 2\n").unwrap_err();
    assert!(
        problem.to_string().starts_with("a.yaml:2:1: error: not valid YAML: duplicate mapping key: a"),
        "{problem}"
    );
    assert_eq!(parse("a.yaml", "a: [\n").unwrap_err().position, Some(Position { line: 1, column: 4 }));
}
