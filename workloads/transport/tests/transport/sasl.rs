//! Authentication, against a real broker: the mock ones have none.
//!
//! `CCX_TEST_KAFKA_SASL=host:port,user,password` names a broker that authenticates the user by each
//! mechanism, without encryption, and creates topics on their first use. `hack/kafka.sh run cargo test -p
//! ccx-transport` starts one and sets the variable.

use std::time::Duration;

use ccx_config::{Kafka, SaslMechanism, Secret, SecurityProtocol};
use ccx_messages::ErrorClass;
use ccx_transport::{Connectivity, Consumer, Outgoing, Producer};

use crate::brokers::{eventually, next};

const MECHANISMS: [SaslMechanism; 3] =
    [SaslMechanism::Plain, SaslMechanism::ScramSha256, SaslMechanism::ScramSha512];

fn settings() -> Kafka {
    let broker = ccx_test_support::needs::kafka_sasl();
    let parts: Vec<&str> = broker.splitn(3, ',').collect();
    let [server, user, password] = parts.as_slice() else {
        panic!("CCX_TEST_KAFKA_SASL must be host:port,user,password")
    };
    Kafka {
        bootstrap_servers: vec![(*server).into()],
        security_protocol: SecurityProtocol::SaslPlaintext,
        sasl_username: Some((*user).into()),
        sasl_password: Some(Secret::from((*password).to_owned())),
        ..Kafka::default()
    }
}

/// Returns a unique name.
fn unique(name: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    format!("ccx-test-{name}-{}", now.as_nanos())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Kafka with SASL"]
async fn valid_password_is_accepted_by_each_mechanism() {
    let settings = settings();
    for sasl_mechanism in MECHANISMS {
        send_and_receive(&Kafka { sasl_mechanism, ..settings.clone() }).await;
    }
}

async fn send_and_receive(settings: &Kafka) {
    let (topic, group) = (unique("topic"), unique("group"));
    let producer = Producer::new(settings).unwrap();
    producer.send(Outgoing { topic: &topic, key: None, headers: &[], payload: b"hello" }).await.unwrap();
    let consumer = Consumer::subscribe(settings, &group, &topic).unwrap();
    let record = next(&consumer).await;
    assert_eq!(record.payload, "hello");
    consumer.finished(record.position());
    consumer.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Kafka with SASL"]
async fn wrong_password_is_reported_and_transient() {
    let mut settings = settings();
    settings.sasl_password = Some(Secret::from("wrong".to_owned()));
    settings.properties.insert("message.timeout.ms".into(), "5000".into());
    let producer = Producer::new(&settings).unwrap();
    let connectivity = producer.connectivity();
    let topic = unique("topic");
    let message = Outgoing { topic: &topic, key: None, headers: &[], payload: b"hello" };
    let error = tokio::time::timeout(Duration::from_mins(1), producer.send(message))
        .await
        .unwrap()
        .expect_err("must fail");
    assert_eq!(error.class(), ErrorClass::Transient);
    eventually(
        "the reason is reported",
        async || matches!(&*connectivity.borrow(), Connectivity::Down(reason) if reason.to_lowercase().contains("authentication")),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Kafka with SASL"]
async fn replaced_password_file_is_read_without_a_restart() {
    let mut settings = settings();
    let password = settings.sasl_password.take().unwrap();
    let file = std::env::temp_dir().join(unique("password"));
    std::fs::write(&file, "wrong").unwrap();
    settings.sasl_password_file = Some(file.clone());
    settings.properties.insert("message.timeout.ms".into(), "5000".into());
    let (topic, group) = (unique("topic"), unique("group"));
    let producer = Producer::new(&settings).unwrap();
    let consumer = Consumer::subscribe(&settings, &group, &topic).unwrap();
    let message = Outgoing { topic: &topic, key: None, headers: &[], payload: b"hello" };
    producer.send(message).await.expect_err("the password is wrong");

    std::fs::write(&file, password.expose()).unwrap();
    while producer.send(message).await.is_err() {}
    assert_eq!(next(&consumer).await.payload, "hello");
    std::fs::remove_file(&file).unwrap();
}
