//! `ccx pipeline`, `ccx db-writer`, `ccx aggregator` as processes.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    process::Command,
    time::{Duration, Instant},
};

use crate::process::{ChildGuard, PATIENCE, ccx, reader, run, wait};

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

fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

#[test]
fn workload_without_its_dependencies_stays_alive_and_stops_on_sigterm() {
    for (command, listen) in WORKLOADS {
        let address = free_address();
        let mut program = ChildGuard(alone(command).env(listen, address.to_string()).spawn().unwrap());
        let child = &mut program.0;
        let log = reader(child.stderr.take());
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert_eq!(child.try_wait().unwrap(), None, "{command} has ended");
            assert!(Instant::now() < deadline, "{command} does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        let signalled = Command::new("kill").arg(child.id().to_string()).status().unwrap();
        assert!(signalled.success());
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
