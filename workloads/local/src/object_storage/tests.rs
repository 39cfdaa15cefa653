use std::time::Duration;

use aws_sdk_s3::{
    Client,
    config::{BehaviorVersion, Credentials, Region},
    presigning::PresigningConfig,
};

use super::*;

fn client(storage: &ObjectStorage) -> Client {
    let config = storage.config();
    let (id, key) = config.credentials().unwrap().unwrap();
    let settings = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(config.endpoint.unwrap())
        .region(Region::new(config.region.unwrap()))
        .credentials_provider(Credentials::new(id, key.expose(), None, None, "test"))
        .force_path_style(true)
        .build();
    Client::from_conf(settings)
}

async fn put(storage: &ObjectStorage, key: &str, body: &'static [u8]) {
    client(storage).put_object().bucket("bucket").key(key).body(body.to_vec().into()).send().await.unwrap();
}

async fn presigned(storage: &ObjectStorage, key: &str) -> String {
    let hour = PresigningConfig::expires_in(Duration::from_hours(1)).unwrap();
    client(storage).get_object().bucket("bucket").key(key).presigned(hour).await.unwrap().uri().to_owned()
}

#[tokio::test]
async fn presigned_link_is_accepted_and_forged_one_rejected() {
    let storage = ObjectStorage::start("bucket").await.unwrap();
    put(&storage, "key", b"archive").await;
    let link = presigned(&storage, "key").await;
    assert_eq!(reqwest::get(&link).await.unwrap().bytes().await.unwrap(), "archive");
    let forged = link.replace("/key?", "/other?");
    assert_eq!(reqwest::get(&forged).await.unwrap().status(), 403);
}

#[tokio::test]
async fn missing_object_is_not_found() {
    let storage = ObjectStorage::start("bucket").await.unwrap();
    let link = presigned(&storage, "missing").await;
    assert_eq!(reqwest::get(&link).await.unwrap().status(), 404);
}

#[tokio::test]
async fn presigned_link_is_valid_after_an_outage() {
    let storage = ObjectStorage::start("bucket").await.unwrap();
    put(&storage, "key", b"archive").await;
    let link = presigned(&storage, "key").await;
    storage.start_outage();
    assert!(reqwest::get(&link).await.unwrap_err().is_connect());
    storage.end_outage().unwrap();
    assert_eq!(reqwest::get(&link).await.unwrap().bytes().await.unwrap(), "archive");
}

#[tokio::test]
async fn given_folder_keeps_its_objects() {
    let folder = tempfile::tempdir().unwrap();
    let first = ObjectStorage::start_in(folder.path(), "bucket").await.unwrap();
    put(&first, "key", b"archive").await;
    drop(first);
    let second = ObjectStorage::start_in(folder.path(), "bucket").await.unwrap();
    assert_eq!(
        reqwest::get(presigned(&second, "key").await).await.unwrap().bytes().await.unwrap(),
        "archive"
    );
}
