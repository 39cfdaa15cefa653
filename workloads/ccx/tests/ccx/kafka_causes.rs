//! Kafka that can't be used: commands name the server and the cause.

use ccx_test_support::needs;

use crate::process::{ccx, run};

const COMMANDS: [&[&str]; 2] = [&["check", "kafka"], &["topics", "ensure"]];

/// Runs each command with these variables; returns what it prints.
fn printed(variables: &[(&str, &str)]) -> [String; 2] {
    COMMANDS.map(|command| {
        let outcome = run(ccx(command).envs(variables.iter().copied()));
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        outcome.stdout + &outcome.stderr
    })
}

#[test]
fn refused_connection_is_named_with_the_server() {
    for text in printed(&[("CCX__KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")]) {
        assert!(text.contains("127.0.0.1:1") && text.contains("refused"), "{text}");
    }
}

#[test]
fn unknown_host_is_named_with_the_failed_lookup() {
    for text in printed(&[("CCX__KAFKA__BOOTSTRAP_SERVERS", "broker.invalid:9092")]) {
        assert!(text.contains("broker.invalid:9092") && text.contains("resolve"), "{text}");
    }
}

#[test]
#[ignore = "needs Kafka with SASL"]
fn wrong_password_is_named_as_failed_authentication() {
    let broker = needs::kafka_sasl();
    let parts: Vec<&str> = broker.splitn(3, ',').collect();
    let variables = [
        ("CCX__KAFKA__BOOTSTRAP_SERVERS", parts[0]),
        ("CCX__KAFKA__SECURITY_PROTOCOL", "sasl-plaintext"),
        ("CCX__KAFKA__SASL_USERNAME", parts[1]),
        ("CCX__KAFKA__SASL_PASSWORD", "wrong"),
    ];
    for text in printed(&variables) {
        let text = text.to_lowercase();
        assert!(text.contains(parts[0]) && text.contains("authentication"), "{text}");
        assert!(!text.contains("timed out"), "{text}");
    }
}
