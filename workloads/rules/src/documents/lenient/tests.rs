use super::*;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Thing<'a> {
    #[serde(borrow)]
    name: Text<'a>,
    count: Int,
    inner: Object<Inner>,
    list: List<Inner>,
    labels: Map<'a>,
    is_on: Bool,
    limit: IntOrText<'a>,
    hosts: Texts<'a>,
    backends: Keys<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inner {
    count: Int,
}

fn thing(json: &str) -> Option<Thing<'_>> {
    parse_object(&File { path: "x", content: json.as_bytes() })
}

#[test]
fn fields_of_the_expected_types_are_parsed() {
    let json = r#"{"name":"a\u00e9","count":3,"inner":{"count":-4},"list":[{"count":5},{}],"labels":{"x":"y"},"other":[]}"#;
    let thing = thing(json).unwrap();
    assert_eq!(&*thing.name, "a\u{e9}");
    assert_eq!((thing.count.0, thing.inner.count.0), (Some(3), Some(-4)));
    assert_eq!(thing.list.iter().map(|inner| inner.count.0).collect::<Vec<_>>(), [Some(5), None]);
    assert_eq!((thing.labels.get("x"), thing.labels.get("y")), (Some("y"), None));
}

#[test]
fn flags_limits_lists_of_texts_and_names_of_fields_are_read() {
    let json = r#"{"is_on":true,"limit":"50%","hosts":["a",1,"b",null],"backends":{"s3":{},"pvc":null}}"#;
    let thing = thing(json).unwrap();
    let texts = |texts: &[Text<'_>]| texts.iter().map(|text| text.0.to_string()).collect::<Vec<_>>();
    assert_eq!((thing.is_on.0, thing.limit), (Some(true), IntOrText::Text("50%".into())));
    assert_eq!(texts(&thing.hosts), ["a", "b"]);
    assert_eq!(texts(&thing.backends), ["s3", "pvc"]);
}

#[test]
fn lists_of_texts_may_be_in_a_list() {
    let lists =
        |json: &str| parse_text_lists(&File { path: "x", content: json.as_bytes() }).map(|lists| lists.len());
    assert_eq!(
        (lists(r#"[["a","b"],3,["c"],{}]"#), lists("[]"), lists("{}"), lists("[")),
        (Some(2), Some(0), None, None)
    );
}

#[test]
fn text_without_escapes_is_borrowed() {
    assert!(matches!(thing(r#"{"name":"plain"}"#).unwrap().name, Text(Cow::Borrowed("plain"))));
}

#[test]
fn field_of_another_type_is_empty_and_its_neighbours_stay() {
    for wrong in ["null", "true", "1.5", "1e300", "18446744073709551615", r#"[[1],"a",{"b":{}}]"#] {
        let json = format!(
            r#"{{"name":{wrong},"count":{wrong},"inner":{wrong},"labels":{wrong},"list":[{wrong},{{"count":7}}],"backends":{wrong},"count2":1}}"#
        );
        let thing = thing(&json).unwrap();
        assert_eq!((&*thing.name, thing.count.0, thing.inner.count.0), ("", None, None), "{wrong}");
        assert_eq!((thing.list.len(), thing.list[0].count.0), (1, Some(7)), "{wrong}");
        assert_eq!((thing.labels.get("x"), thing.backends.len()), (None, 0), "{wrong}");
    }
}

#[test]
fn object_of_objects_is_read_in_its_order() {
    let json = r#"{"b":{"x":1,"y":"?"},"a":[],"c":{"z":2}}"#;
    let file = File { path: "x", content: json.as_bytes() };
    let outer: Entries<'_, Entries<'_, Int>> = parse_object(&file).unwrap();
    let flat: Vec<_> =
        outer.iter().map(|(key, inner)| (&**key, inner.iter().map(|(_, count)| count.0).collect())).collect();
    assert_eq!(flat, [("b", vec![Some(1), None]), ("a", vec![]), ("c", vec![Some(2)])]);
}

#[test]
fn label_that_is_not_a_string_is_skipped() {
    let thing = thing(r#"{"labels":{"a":1,"b":"c","d":{}}}"#).unwrap();
    assert_eq!((thing.labels.get("a"), thing.labels.get("b")), (None, Some("c")));
}

#[test]
fn file_that_is_not_an_object_is_missing() {
    for json in ["", "null", "[]", "[{}]", "3", "\"x\"", "{", "{}x", "\u{feff}{}"] {
        assert!(thing(json).is_none(), "{json}");
    }
    assert!(thing(r#"{"any": null}"#).is_some());
}

#[test]
fn object_without_fields_says_nothing() {
    assert!(thing("{}").is_none());
    for (inner, is_empty) in
        [("null", true), ("{}", true), ("[]", true), (r#"{"any":null}"#, false), (r#"{"count":1}"#, false)]
    {
        let json = format!(r#"{{"inner":{inner}}}"#);
        assert_eq!(thing(&json).unwrap().inner.is_empty(), is_empty, "{inner}");
    }
    assert!(thing(r#"{"name":"a"}"#).unwrap().inner.is_empty());
}

#[test]
fn input_over_the_memory_limit_is_missing() {
    let objects = |count: usize| format!("[{}{{}}]", "{},".repeat(count - 1));
    let list = |json: &str| {
        parse_list::<Inner>(&File { path: "x", content: json.as_bytes() }).map(|items| items.len())
    };
    assert_eq!(list(&objects(MAX_INPUT_OBJECTS)), Some(MAX_INPUT_OBJECTS));
    assert_eq!(list(&objects(MAX_INPUT_OBJECTS + 1)), None);
    let padded = |bytes: usize| format!("{{\"a\":1{}}}", " ".repeat(bytes - 7));
    assert!(thing(&padded(MAX_INPUT_BYTES)).is_some());
    assert!(thing(&padded(MAX_INPUT_BYTES + 1)).is_none());
}

#[test]
fn deeply_nested_list_is_skipped_without_recursion() {
    let deep = format!("{{\"inner\":{}1{},\"name\":\"x\"}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(&*thing(&deep).unwrap().name, "x");
}

#[test]
fn object_in_an_old_and_a_new_folder_is_one_object() {
    let file = |path, content: &'static str| File { path, content: content.as_bytes() };
    let files = [
        file("config/machines/worker-0.json", r#"{"name":"worker-0","count":1}"#),
        file("config/machines/ns/worker-0.json", r#"{"name":"worker-0","count":2}"#),
        file("config/machines/ns/worker-1.json", r#"{"name":"worker-1","count":3}"#),
        file("config/machines/ns/unnamed.json", r#"{"count":4}"#),
        file("config/machines/other/unnamed.json", r#"{"count":4}"#),
    ];
    let things: Vec<Thing<'_>> = parse_named_objects(&files, |thing: &Thing<'_>| ("ns", &*thing.name));
    let counts: Vec<_> = things.iter().map(|thing| thing.count.0).collect();
    assert_eq!(counts, [Some(1), Some(3), Some(4), Some(4)]);
}
