use std::time::Duration;

use bytesize::ByteSize;
use ccx_config::LinkPolicy;
use ccx_messages::{ClusterId, ErrorClass};
use ccx_sample_archive::SampleArchive;

use crate::{
    env::{TestEnv, announcement},
    web::Web,
};

/// An uncompressed archive of these files.
pub(crate) fn tar_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o640);
        builder.append_data(&mut header, path, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

fn sample() -> Vec<u8> {
    SampleArchive::small(ClusterId::random()).to_tar_gz()
}

#[tokio::test(flavor = "multi_thread")]
async fn header_name_that_is_not_utf_8_is_dead_lettered_and_processing_continues() {
    let env = TestEnv::new().await;
    let web = Web::start(sample()).await;
    let running = env.start().await;
    let kafka = &env.config.kafka;
    let payload = announcement("bad", &web.link("bad"));
    let invalid = (b"\xff\xfe".as_slice(), b"value".as_slice());
    for headers in [[invalid, (b"service", b"advisor")], [invalid, (b"service", b"openshift")]] {
        let record =
            ccx_local::RawRecord { topic: &kafka.topics.announce, headers: &headers, payload: &payload };
        record.send(&kafka.bootstrap_servers[0]).unwrap();
    }
    env.announce("good", &web.link("good")).await;

    let results = env.results(1).await;
    assert_eq!(results[0].headers.get_str("ccx-request-id"), Some("good"));
    let letters = env.dead_letters(1).await;
    let [(letter, record)] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!((letter.class, letter.offset), (ErrorClass::BadInput, 1), "the other record is filtered");
    assert_eq!(&*letter.error, "the names of 1 header(s) are not UTF-8");
    assert_eq!(record.payload, payload);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn permanent_failure_is_a_dead_letter_with_its_reason() {
    let mut env = TestEnv::new().await;
    env.config.archive.max_compressed = ByteSize::mib(1);
    let web = Web::start(sample()).await;
    let running = env.start().await;
    let anonymous = env.store("anonymous", tar_of(&[("config/version.json", b"{}")])).await;
    let foreign = env.store("foreign", tar_of(&[("var/log/messages", b"x")])).await;

    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("", b"}not JSON".to_vec(), "failed to parse the announcement"),
        ("no-url", br#"{"request_id":"no-url"}"#.to_vec(), "missing field `url`"),
        (
            "no-identity",
            br#"{"request_id":"no-identity","url":"u","b64_identity":"%","timestamp":"2026-01-15T12:00:00Z"}"#.to_vec(),
            "failed to decode the identity from base64",
        ),
        ("missing", announcement("missing", &web.link("missing")), "404"),
        ("forbidden", announcement("forbidden", &web.link("forbidden")), "403"),
        ("empty", announcement("empty", &web.link("empty")), "empty"),
        ("large", announcement("large", &web.link("large")), "larger than archive.max_compressed"),
        ("page", announcement("page", &web.link("page")), "not an archive"),
        ("truncated", announcement("truncated", &web.link("truncated")), "the archive is truncated"),
        ("anonymous", announcement("anonymous", &anonymous), "no cluster id"),
        ("foreign", announcement("foreign", &foreign), "not an insights archive"),
    ];
    for (_, payload, _) in &cases {
        env.send(Some("openshift"), payload).await;
    }
    env.announce("good", &web.link("good")).await;

    let results = env.results(1).await;
    assert_eq!(results[0].headers.get_str("ccx-request-id"), Some("good"), "the next message is processed");
    let letters = env.dead_letters(cases.len()).await;
    assert_eq!(letters.len(), cases.len());
    for (offset, (request_id, payload, reason)) in (0..).zip(&cases) {
        let (letter, record) = letters.iter().find(|(letter, _)| letter.offset == offset).unwrap();
        assert_eq!(letter.class, ErrorClass::BadInput, "{}", letter.error);
        assert!(letter.error.contains(reason), "{request_id}: {}", letter.error);
        assert_eq!(letter.topic, "platform.upload.announce");
        assert_eq!(letter.partition, 0);
        assert_eq!(letter.failed_by, "ccx-data-pipeline");
        assert_eq!(&record.payload, payload, "the message is unchanged");
        assert_eq!(record.headers.get_str("service"), Some("openshift"), "its headers too");
        if !request_id.is_empty() {
            let statuses = env.statuses(request_id, "error").await;
            let status_message = statuses.last().unwrap()["status_msg"].as_str().unwrap();
            assert!(status_message.contains(reason), "{request_id}: {status_message}");
        }
    }
    let letters = cases.len() as u64;
    running.metric_reaches("ccx_pipeline_dead_letters_total{class=\"bad-input\"}", letters).await;
    running.metric_reaches("ccx_failures_total{archive=\"ocp\"}", letters).await;
    running.metric_reaches("ccx_not_handled_total", 3).await;
    assert_eq!(web.requests("missing"), 1, "not tried again");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn link_to_another_host_than_s3_is_not_followed() {
    let mut env = TestEnv::new().await;
    env.config.object_storage.links = LinkPolicy::PresignedS3;
    let web = Web::start(sample()).await;
    let running = env.start().await;
    env.announce("elsewhere", &web.link("good")).await;
    let letters = env.dead_letters(1).await;
    assert_eq!(letters[0].0.class, ErrorClass::BadInput);
    assert!(letters[0].0.error.contains("does not lead to S3"), "{}", letters[0].0.error);
    assert_eq!(web.requests("good"), 0);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transient_failure_is_retried_to_the_limit_while_others_pass() {
    let mut env = TestEnv::new().await;
    env.config.pipeline.download_read_timeout = Duration::from_millis(300);
    let web = Web::start(sample()).await;
    let running = env.start().await;
    let dead_link = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/archive", listener.local_addr().unwrap())
    };
    for (number, (request_id, link)) in (1..).zip([
        ("failing", web.link("failing")),
        ("stalling", web.link("stalling")),
        ("refusing", dead_link),
    ]) {
        env.announce(request_id, &link).await;
        let letters = env.dead_letters(number).await;
        let (letter, _) = &letters[number - 1];
        assert_eq!(letter.class, ErrorClass::Transient, "{}", letter.error);
        assert!(letter.error.contains("in 3 attempt"), "{}", letter.error);
        env.statuses(request_id, "error").await;
        env.announce("good", &web.link("good")).await;
        env.results(number).await;
    }
    assert_eq!(web.requests("failing"), 3);
    running.metric_reaches("ccx_pipeline_dead_letters_total{class=\"transient\"}", 3).await;
    running.readiness_says("ok").await;

    env.announce("flaky", &web.link("flaky")).await;
    env.statuses("flaky", "success").await;
    assert_eq!(web.requests("flaky"), 3);
    running.end().await;
}
