//! The programs as users run them, against real Kafka, S3 and PostgreSQL.
//!
//! The tests are not linked to the code under test: the programs are processes, started and killed as by an
//! operating system; the servers are those of the scripts in `hack/`; requests are sent over HTTP and by
//! `psql`. A test sees what a user sees.
//!
//! ```text
//!   Servers       Kafka, S3 and PostgreSQL, for one test file: up, down, paused
//!   TestEnv       topics, a database and settings on them, for one test
//!   Workload      one process of the environment: ready, stopped, killed
//!   Tables        the rows of the database
//! ```
//!
//! The tests in `cluster` run everything in pods, under the operator, with these types in addition:
//!
//! ```text
//!   Cluster       a Kubernetes that runs pods: kubectl, helm
//!   Namespace     the objects of one namespace
//!   Service       a proxy to a Service
//!   Requests      the requests of a service account
//! ```
//!
//! These tests need Java, Maven, Go and PostgreSQL, and are ignored unless asked for: `make e2e`.

#![expect(clippy::missing_panics_doc, reason = "a test that can't go on panics")]

use std::time::Duration;

mod audit;
mod cluster;
mod namespace;
mod rest;
mod server;
mod service;
mod source_files;
mod tables;
mod test_env;
mod upload;
mod workload;

pub use audit::{Request, Requests};
pub use cluster::{Cluster, OPERATOR};
pub use namespace::{Namespace, Pod};
pub use rest::{get, identity_header};
pub use server::{BUCKET, PASSWORD, Server, Servers, USER};
pub use service::Service;
pub use source_files::{root, source_files};
pub use tables::{Dump, Tables, differences};
pub use test_env::{KafkaAccess, TestEnv};
pub use upload::{cluster_with, upload};
pub use workload::{Program, Readiness, Workload, is_debug_build, run};

/// The timeout for processing a backlog.
pub const BACKLOG: Duration = Duration::from_mins(2);

/// The timeout for pods that start and wait for each other.
pub const PODS: Duration = Duration::from_mins(5);
