use ccx_config::Addressing;
use ccx_messages::ErrorClass;
use proptest::prelude::*;

use super::*;

const QUERY: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260115%2Fus-east-1%2Fs3%2Faws4_request\
                     &X-Amz-Date=20260115T120000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=5ec2e7";

fn amazon() -> ObjectStorage {
    ObjectStorage::default()
}

fn endpoint(endpoint: &str) -> ObjectStorage {
    ObjectStorage {
        endpoint: Some(endpoint.into()),
        addressing: Addressing::Path,
        ..ObjectStorage::default()
    }
}

fn presigned(link: &str) -> String {
    format!("{link}?{QUERY}")
}

fn is_allowed(link: &str, settings: &ObjectStorage) -> bool {
    ArchiveLocation::parse(link, settings).is_ok()
}

fn refusal(link: &str, settings: &ObjectStorage) -> String {
    let error = ArchiveLocation::parse(link, settings).expect_err(link);
    assert_eq!(error.class(), ErrorClass::BadInput);
    error.to_string()
}

#[test]
fn presigned_link_to_amazon_is_allowed_unchanged() {
    let link = presigned("https://insights-upload.s3.us-east-1.amazonaws.com/00%2F11");
    assert_eq!(
        ArchiveLocation::parse(&link, &amazon()).unwrap(),
        ArchiveLocation::Presigned(Url::parse(&link).unwrap())
    );
}

#[test]
fn s3_link_is_parsed_to_bucket_and_key() {
    let object = |link| ArchiveLocation::parse(link, &amazon()).unwrap();
    let expected = |key: &str| ArchiveLocation::Object { bucket: "insights-upload".into(), key: key.into() };
    assert_eq!(object("s3://insights-upload/a/b.tar.gz"), expected("a/b.tar.gz"));
    assert_eq!(object("s3://insights-upload/a%20b%"), expected("a b%"));
}

#[test]
fn link_without_an_object_is_rejected() {
    for link in ["s3://insights-upload", "s3://insights-upload/", "s3:///key"] {
        assert!(refusal(link, &amazon()).contains("names no object"), "{link}");
    }
    assert!(refusal(&presigned("https://bucket.s3.amazonaws.com/"), &amazon()).contains("names no object"));
}

#[test]
fn link_without_any_part_of_the_signature_is_rejected() {
    for part in ["X-Amz-Algorithm=AWS4-HMAC-SHA256", "X-Amz-Credential=AKIA", "X-Amz-Signature=5ec2e7"] {
        let link = presigned("https://bucket.s3.amazonaws.com/key").replace(part, "X-Other=1");
        assert_eq!(
            refusal(&link, &amazon()),
            "unable to follow https://bucket.s3.amazonaws.com/key: it is not presigned",
            "{part}"
        );
    }
}

#[test]
fn link_with_another_algorithm_is_rejected() {
    let link = presigned("https://bucket.s3.amazonaws.com/key").replace("AWS4-HMAC-SHA256", "none");
    assert!(refusal(&link, &amazon()).contains("not presigned"));
}

#[test]
fn amazon_link_without_tls_with_port_or_user_is_rejected() {
    for start in [
        "http://bucket.s3.amazonaws.com",
        "https://bucket.s3.amazonaws.com:8443",
        "https://me@bucket.s3.amazonaws.com",
    ] {
        assert!(
            refusal(&presigned(&format!("{start}/key")), &amazon()).contains("does not lead to S3"),
            "{start}"
        );
    }
}

#[test]
fn link_to_internal_network_is_rejected() {
    let targets = [
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:9200/key",
        "http://[::1]/key",
        "https://10.0.0.1/key",
    ];
    for target in targets {
        assert!(refusal(&presigned(target), &amazon()).contains("does not lead to S3"), "{target}");
    }
}

#[test]
fn host_that_resembles_amazon_is_rejected() {
    for start in
        ["https://bucket.s3.amazonaws.com@evil.example", "https://evil.example/bucket.s3.amazonaws.com"]
    {
        assert!(!is_allowed(&presigned(&format!("{start}/key")), &amazon()), "{start}");
    }
}

#[test]
fn configured_endpoint_is_allowed_with_its_port_and_protocol_only() {
    let settings = endpoint("http://minio:9000");
    assert!(is_allowed(&presigned("http://minio:9000/bucket/key"), &settings));
    for other in [
        "http://bucket.minio:9000/key",
        "http://minio/bucket/key",
        "https://minio:9000/bucket/key",
        "http://evilminio:9000/key",
        "http://.minio:9000/key",
    ] {
        assert!(!is_allowed(&presigned(other), &settings), "{other}");
    }
    assert!(!is_allowed("http://minio:9000/bucket/key", &settings));
}

#[test]
fn subdomain_of_endpoint_is_allowed_with_virtual_host_addressing_only() {
    let settings =
        ObjectStorage { addressing: Addressing::VirtualHost, ..endpoint("https://s3.example.com") };
    assert!(is_allowed(&presigned("https://bucket.s3.example.com/key"), &settings));
    assert!(is_allowed(&presigned("https://s3.example.com/bucket/key"), &settings));
    for other in
        ["https://.s3.example.com/key", "https://evils3.example.com/key", "http://b.s3.example.com/key"]
    {
        assert!(!is_allowed(&presigned(other), &settings), "{other}");
    }
    let settings = ObjectStorage { addressing: Addressing::Path, ..settings };
    assert!(!is_allowed(&presigned("https://bucket.s3.example.com/key"), &settings));
}

#[test]
fn subdomain_of_ip_address_is_rejected() {
    let settings = ObjectStorage { addressing: Addressing::VirtualHost, ..endpoint("http://127.0.0.1:9000") };
    assert!(!is_allowed(&presigned("http://bucket.127.0.0.1:9000/key"), &settings));
    assert!(is_allowed(&presigned("http://127.0.0.1:9000/bucket/key"), &settings));
    assert!(!is_allowed(&presigned("http://127.0.0.1:9001/bucket/key"), &settings));
}

#[test]
fn any_http_link_is_allowed_by_the_policy_any() {
    let settings = ObjectStorage { links: LinkPolicy::Any, ..amazon() };
    assert!(is_allowed("http://localhost:8080/archive.tar.gz", &settings));
    assert!(refusal("file:///etc/passwd", &settings).contains("file: link"));
}

#[test]
fn invalid_link_is_rejected() {
    assert!(refusal("", &amazon()).contains("failed to read the archive's link"));
    assert!(refusal("/key?X-Amz-Signature=5ec2e7", &amazon()).contains("failed to read the archive's link"));
}

#[test]
fn error_and_location_hide_query_and_user() {
    let link = presigned("http://user:hunter2@evil.example/key");
    let location =
        ArchiveLocation::parse(&link, &ObjectStorage { links: LinkPolicy::Any, ..amazon() }).unwrap();
    for text in [refusal(&link, &amazon()), location.to_string(), format!("{location:?}")] {
        assert!(text.contains("http://evil.example/key"), "{text}");
        assert!(!text.contains("hunter2") && !text.contains("X-Amz") && !text.contains("5ec2e7"), "{text}");
    }
}

#[test]
fn long_link_is_shortened_in_the_error() {
    let text = refusal(&presigned(&format!("http://evil.example/{}", "é".repeat(10_000))), &amazon());
    assert!(text.len() < 500, "{}", text.len());
}

proptest! {
    #[test]
    fn unsigned_link_is_never_allowed(link in "(https?|s3|ftp)://[a-z0-9.@:/?=&%-]{0,60}") {
        if let Ok(ArchiveLocation::Presigned(url)) = ArchiveLocation::parse(&link, &amazon()) {
            prop_assert!(url.query().is_some_and(|query| query.contains("X-Amz-Signature")));
        }
    }

    #[test]
    fn other_host_than_amazons_is_rejected(host in "[a-z0-9-]{1,12}(\\.[a-z0-9-]{1,12}){0,3}") {
        let is_followed = is_allowed(&presigned(&format!("https://{host}/key")), &amazon());
        prop_assert!(!is_followed);
    }

    #[test]
    fn escaped_key_is_decoded(key in "[a-zA-Z0-9 é/._+-]{1,40}") {
        prop_assume!(!key.starts_with('/') && !key.contains("./") && !key.ends_with('.') && !key.contains("//"));
        let mut url = Url::parse("s3://bucket").unwrap();
        url.set_path(&key);
        let location = ArchiveLocation::parse(url.as_str(), &amazon()).unwrap();
        prop_assert_eq!(location, ArchiveLocation::Object { bucket: "bucket".into(), key });
    }
}
