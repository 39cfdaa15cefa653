use std::fmt::Debug;

use axum::{Router, body::Body, extract::Request, routing::get};
use proptest::prelude::*;
use tower::Service as _;

use super::*;

#[derive(Deserialize)]
struct Parameters {
    user_id: Param<UserId>,
    rule_id: Param<RuleSelector>,
}

/// Sends a request with these parameters, percent-encoded where needed.
async fn extracted(user_id: &str, rule_id: &str) -> Result<(String, String), String> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let handler = async move |InPath(path): InPath<Parameters>| {
        sender.send((path.user_id.0.as_str().to_owned(), path.rule_id.0.to_string())).unwrap();
    };
    let mut router: Router = Router::new().route("/{org_id}/{user_id}/{rule_id}", get(handler));
    let request = Request::get(format!("/1/{user_id}/{rule_id}")).body(Body::empty()).unwrap();
    let response = router.call(request).await.unwrap();
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    receiver.try_recv().map_err(|_| {
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        problem["status"].as_str().unwrap().to_owned()
    })
}

fn reason<T: Parameter>(text: &str) -> String {
    T::parse(text).err().unwrap().to_string()
}

fn message<T: Debug>(outcome: Result<T, RequestError>) -> String {
    outcome.unwrap_err().to_string()
}

#[tokio::test]
async fn parameters_of_a_path_are_decoded_and_parsed() {
    assert_eq!(extracted("a%20b", "r.s%7CKEY").await.unwrap(), ("a b".into(), "r.s|KEY".into()));
}

#[tokio::test]
async fn wrong_parameter_is_named_with_its_value() {
    assert_eq!(
        extracted("%20", "r.s%7CK").await.unwrap_err(),
        "Missing required param from request: user_id"
    );
    assert_eq!(extracted("%FF", "r.s%7CK").await.unwrap_err(), "the path of the request is not UTF-8");
    assert_eq!(
        extracted("7", "a.b%7CK-Y").await.unwrap_err(),
        "Error during parsing param 'rule_id' with value 'a.b|K-Y'. Error: 'invalid rule ID, each part of ID \
         must contain only from latin characters, number, underscores or dots'"
    );
}

#[tokio::test]
async fn long_wrong_parameter_is_repeated_only_in_part() {
    assert!(extracted("7", &"9".repeat(10_000)).await.unwrap_err().len() < 400);
}

#[test]
fn user_that_is_blank_long_or_has_a_zero_byte_is_rejected() {
    assert_eq!(UserId::parse(" 42 ").unwrap().as_str(), "42");
    assert!(matches!(UserId::parse(" "), Err(Invalid::Missing)));
    assert_eq!(reason::<UserId>(&"x".repeat(257)), "at most 256 bytes expected");
    assert_eq!(reason::<UserId>("a\0b"), "a zero byte is not allowed");
}

#[test]
fn rule_selector_needs_a_rule_and_a_key() {
    assert_eq!(<RuleSelector as Parameter>::parse("a.b.report|KEY").unwrap().to_string(), "a.b.report|KEY");
    for value in ["a.b", "a.b|KEY|x", ""] {
        assert_eq!(
            reason::<RuleSelector>(value),
            "invalid rule ID, it must contain only rule ID and error key separated by |"
        );
    }
}

#[test]
fn list_with_a_wrong_cluster_names_it() {
    assert_eq!(
        message(parse_clusters(["x"].into_iter(), 9)),
        "invalid cluster ID: 'x'. Error: invalid UUID length: 1"
    );
    let dashes = "-".repeat(36);
    assert_eq!(
        message(parse_clusters([dashes.as_str()].into_iter(), 9)),
        format!("invalid cluster ID: '{dashes}'. Error: invalid UUID format")
    );
}

#[test]
fn list_keeps_its_order_and_drops_repetitions() {
    let [first, second] = [ClusterId::random(), ClusterId::random()];
    let texts = [second, first, second].map(|cluster| cluster.to_string());
    assert_eq!(parse_clusters(texts.iter().map(String::as_str), 3).unwrap(), [second, first]);
    assert_eq!(
        message(parse_clusters(texts.iter().map(String::as_str), 2)),
        "too many clusters in the request, at most 2 are allowed"
    );
}

proptest! {
    #[test]
    fn any_text_is_parsed_without_a_panic(value in any::<String>(), max in 0_usize..4) {
        let _ = UserId::parse(&value);
        let _ = <RuleSelector as Parameter>::parse(&value);
        let _ = <ClusterId as Parameter>::parse(&value);
        let _ = parse_clusters(value.split(','), max);
    }
}
