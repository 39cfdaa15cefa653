//! `ccx pipeline`, `ccx db-writer`, `ccx aggregator` as processes.

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::Command,
};

use ccx_test_support::{eventually, free_port, send_signal};

use crate::process::{ChildGuard, ccx, reader, run, wait};

/// Each command, and the variable with its address.
const WORKLOADS: [(&str, &str); 3] = [
    ("pipeline", "CCX__PIPELINE__LISTEN"),
    ("db-writer", "CCX__WRITER__LISTEN"),
    ("aggregator", "CCX__AGGREGATOR__LISTEN"),
];

/// Returns the command with all its dependencies unavailable.
fn alone(command: &str) -> Command {
    let mut command = ccx([command]);
    command
        .env("CCX__KAFKA__BOOTSTRAP_SERVERS", "127.0.0.1:1")
        .env("CCX__OBJECT_STORAGE__ENDPOINT", "http://127.0.0.1:1")
        .env("CCX__OBJECT_STORAGE__BUCKET", "bucket")
        .env("CCX__DATABASE__HOST", "127.0.0.1")
        .env("CCX__DATABASE__PORT", "1");
    command
}

#[test]
fn workload_without_its_dependencies_stays_alive_and_stops_on_sigterm() {
    for (command, listen) in WORKLOADS {
        let address = format!("127.0.0.1:{}", free_port());
        let mut program = ChildGuard(alone(command).env(listen, &address).spawn().unwrap());
        let child = &mut program.0;
        let log = reader(child.stderr.take());
        eventually(&format!("{command} listens"), || {
            assert_eq!(child.try_wait().unwrap(), None, "{command} has ended");
            TcpStream::connect(&address)
        });
        assert!(send_signal("TERM", &child.id()));
        let status = wait(child);
        assert_eq!(status.code(), Some(0), "{command}: {}", log.join().unwrap());
    }
}

#[test]
fn taken_port_exits_with_the_code_of_the_server() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (command, listen) in WORKLOADS {
        let outcome = run(alone(command).env(listen, &address));
        assert_eq!(outcome.code, Some(4), "{command}: {outcome:?}");
        assert!(outcome.stderr.contains(&address) && outcome.stderr.contains("help:"), "{}", outcome.stderr);
    }
}
