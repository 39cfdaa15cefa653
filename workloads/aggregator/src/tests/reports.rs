//! The reports of many clusters.

use serde_json::{Value, json};

use super::test_env::{CLUSTER, TestEnv};

const EMPTY: &str = "74ae54aa-6577-4e80-85e7-697cb646ff37";
const FOREIGN: &str = "a7467445-8d6a-43cc-b82c-7007664bdf69";
const UNKNOWN: &str = "00000000-0000-4000-8000-000000000001";

fn by_path(clusters: &[&str]) -> String {
    format!("/api/v1/organizations/11/clusters/{}/reports", clusters.join(","))
}

const BY_BODY: &str = "/api/v1/organizations/11/clusters/reports";

#[tokio::test]
async fn reports_are_indented_by_tabs_and_name_missing_clusters() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    let expected = [
        "{",
        "\t\"reports\": {",
        "\t\t\"34c3ecc5-624a-49a5-bab8-4fdc5e51a266\": {",
        "\t\t\t\"fingerprints\": [],",
        "\t\t\t\"reports\": [",
        "\t\t\t\t{",
        "\t\t\t\t\t\"a\": \"\\u003c\"",
        "\t\t\t\t}",
        "\t\t\t],",
        "\t\t\t\"system\": {}",
        "\t\t}",
        "\t},",
        "\t\"clusters\": [",
        "\t\t\"34c3ecc5-624a-49a5-bab8-4fdc5e51a266\"",
        "\t],",
        "\t\"errors\": [",
        "\t\t\"00000000-0000-4000-8000-000000000001\"",
        "\t],",
        "\t\"generated_at\": \"\",",
        "\t\"status\": \"ok\"",
        "}",
    ]
    .join("\n");
    let by_path = env.get(&by_path(&[CLUSTER, UNKNOWN])).await;
    assert_eq!(by_path.body, expected);
    assert_eq!(by_path.content_type, "application/json; charset=utf-8");
    let body = json!({ "clusters": [CLUSTER, UNKNOWN, CLUSTER] }).to_string();
    assert_eq!(env.post(BY_BODY, &body).await.body, expected);
}

#[tokio::test]
async fn empty_lists_are_null() {
    let env = TestEnv::trusting().await;
    for body in [r#"{"clusters":[]}"#, r#"{"clusters":null}"#, "{}"] {
        let answer: Value = serde_json::from_str(&env.post(BY_BODY, body).await.body).unwrap();
        let expected =
            json!({ "clusters": null, "errors": null, "reports": {}, "generated_at": "", "status": "ok" });
        assert_eq!(answer, expected, "{body}");
    }
}

#[tokio::test]
async fn cluster_of_another_organisation_rejects_the_whole_request() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    let answer = env.get(&by_path(&[CLUSTER, FOREIGN])).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.trim_end()),
        (400, r#"{"status":"Improper organization ID"}"#)
    );
}

#[tokio::test]
async fn reports_over_several_reads_are_complete_and_broken_ones_are_errors() {
    let env = TestEnv::trusting().await;
    env.store_sample().await;
    env
        .run_sql(
            "INSERT INTO report (org_id, cluster, report)
             SELECT 11, '00000000-0000-4000-9000-' || lpad(n::text, 12, '0'), CASE n WHEN 40 THEN '{' ELSE '{\"n\":' || n || '}' END
             FROM generate_series(1, 50) AS n",
        )
        .await;
    let clusters: Vec<String> = (1..=50).map(|n| format!("00000000-0000-4000-9000-{n:012}")).collect();
    let answer = env.post(BY_BODY, &json!({ "clusters": clusters }).to_string()).await;
    let answer: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(answer["errors"], json!([clusters[39]]));
    assert_eq!(answer["clusters"].as_array().unwrap().len(), 49);
    assert_eq!(answer["clusters"][39], clusters[40], "the order is that of the request");
    assert_eq!(answer["reports"][&clusters[49]], json!({ "n": 50 }));
    assert_eq!(answer["reports"].as_object().unwrap().len(), 49);
}

#[tokio::test]
async fn wrong_bodies_have_their_texts() {
    let env = TestEnv::with(ccx_config::Aggregator {
        authentication: ccx_config::Authentication::None,
        max_body: bytesize::ByteSize::b(200),
        max_clusters_per_request: 2,
        ..ccx_config::Aggregator::default()
    })
    .await;
    let three = json!({ "clusters": [EMPTY, EMPTY, EMPTY] }).to_string();
    for (body, status, text) in [
        ("", 400, "client didn't provide request body"),
        (r#"{"clusters":["#, 400, "EOF while parsing a list at line 1 column 13"),
        (r#"{"clusters":"x"}"#, 400, "bad type in json data"),
        ("[]", 400, "bad type in json data"),
        (r#"{"clusters":["x"]}"#, 400, "invalid cluster ID: 'x'. Error: invalid UUID length: 1"),
        (&three, 400, "too many clusters in the request, at most 2 are allowed"),
        (&" ".repeat(201), 413, "the body of the request is larger than 200 bytes"),
    ] {
        let answer = env.post(BY_BODY, body).await;
        let expected = json!({ "status": text }).to_string();
        assert_eq!((answer.status.as_u16(), answer.body.trim_end()), (status, expected.as_str()), "{body}");
    }
}
