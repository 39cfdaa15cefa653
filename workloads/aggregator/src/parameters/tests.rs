use proptest::prelude::*;

use super::*;

fn text<T: std::fmt::Debug>(outcome: Result<T, ApiError>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn an_organisation_is_a_positive_number_in_digits() {
    assert_eq!(parse_organization("org_id", "11789772").unwrap().get(), 11_789_772);
    for value in ["", "non-int", "-1", "+1", "1.0", " 1", "99999999999999999999"] {
        let expected = format!(
            "Error during parsing param 'org_id' with value '{value}'. Error: 'unsigned integer expected'"
        );
        assert_eq!(text(parse_organization("org_id", value)), expected);
    }
    assert_eq!(
        text(parse_organization("organization", "0")),
        "Error during parsing param 'organization' with value '0'. Error: 'positive value expected'"
    );
    assert_eq!(
        text(parse_organization("org_id", "2147483648")),
        "Error during parsing param 'org_id' with value '2147483648'. Error: 'at most 2147483647 expected'"
    );
}

#[test]
fn a_user_is_any_text_that_is_not_blank() {
    assert_eq!(parse_user(" 42 ").unwrap().as_str(), "42");
    assert_eq!(text(parse_user(" ")), "Missing required param from request: user_id");
    assert!(text(parse_user(&"x".repeat(257))).ends_with("Error: 'at most 256 bytes expected'"));
    assert!(text(parse_user("a\0b")).ends_with("Error: 'a zero byte is not allowed'"));
}

#[test]
fn a_rule_selector_has_a_rule_and_a_key() {
    assert_eq!(parse_rule_selector("a.b.report|KEY").unwrap().to_string(), "a.b.report|KEY");
    for value in ["a.b", "a.b|KEY|x", ""] {
        let expected = format!(
            "Error during parsing param 'rule_id' with value '{value}'. \
             Error: 'invalid rule ID, it must contain only rule ID and error key separated by |'"
        );
        assert_eq!(text(parse_rule_selector(value)), expected);
    }
    assert_eq!(
        text(parse_rule_selector("a.b|K-Y")),
        "Error during parsing param 'rule_id' with value 'a.b|K-Y'. Error: 'invalid rule ID, each part of ID must contain only \
         from latin characters, number, underscores or dots'"
    );
}

#[test]
fn a_list_names_the_cluster_that_is_none() {
    assert_eq!(
        text(parse_clusters(["x"].into_iter(), 9)),
        "invalid cluster ID: 'x'. Error: invalid UUID length: 1"
    );
    let dashes = "-".repeat(36);
    assert_eq!(
        text(parse_clusters([dashes.as_str()].into_iter(), 9)),
        format!("invalid cluster ID: '{dashes}'. Error: invalid UUID format")
    );
}

#[test]
fn a_list_keeps_its_order_and_loses_repetitions() {
    let [first, second] = [ClusterId::random(), ClusterId::random()];
    let texts = [second, first, second].map(|cluster| cluster.to_string());
    assert_eq!(parse_clusters(texts.iter().map(String::as_str), 3).unwrap(), [second, first]);
    assert_eq!(
        text(parse_clusters(texts.iter().map(String::as_str), 2)),
        "too many clusters in the request, at most 2 are allowed"
    );
}

#[test]
fn a_long_value_is_repeated_only_in_part() {
    assert!(text(parse_organization("org_id", &"9".repeat(10_000))).len() < 400);
}

#[tokio::test]
async fn a_body_is_read_up_to_its_limit() {
    assert_eq!(read_body(Body::from("12345"), 5).await.unwrap(), b"12345");
    assert_eq!(
        text(read_body(Body::from("123456"), 5).await),
        "the body of the request is larger than 5 bytes"
    );
}

proptest! {
    #[test]
    fn no_text_makes_parsing_panic(value in any::<String>(), max in 0_usize..4) {
        let _ = parse_organization("org_id", &value);
        let _ = parse_user(&value);
        let _ = parse_rule_selector(&value);
        let _ = parse_clusters(value.split(','), max);
        let _ = uuid_problem(&value);
    }

    #[test]
    fn every_organisation_is_parsed(number in 1..=OrgId::MAX) {
        prop_assert_eq!(parse_organization("org_id", &number.to_string()).unwrap().get(), number);
    }
}
