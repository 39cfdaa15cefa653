//! The programs as users run them, against real Kafka, S3 and PostgreSQL.
//!
//! Nothing here is linked to what it tests: the programs are processes, started and killed as a system does it; the servers are
//! those of the scripts in `hack/`; questions are asked by `curl` and `psql`. What a test finds, a user would have found.
//!
//! ```text
//!   Servers       Kafka, S3 and PostgreSQL, for one test file: up, down, paused
//!   Installation  topics, a database and settings on them, for one test
//!   Workload      one process of the installation: ready, stopped, killed
//!   Topic         what is in a topic, and how far a group has come
//!   Tables        what is in the database
//! ```
//!
//! One file runs the whole of it in pods, under the operator, and has beside these:
//!
//! ```text
//!   Cluster       a Kubernetes that runs pods: kubectl, helm
//!   Namespace     what is in one namespace of it
//!   Service       the door to a Service in it
//!   Requests      what somebody asked its API server for
//! ```
//!
//! A machine without Java, Maven, Go or PostgreSQL can't run these tests: they say so and pass, except with `CI=true`.

#![expect(clippy::missing_panics_doc, reason = "a test that can't go on panics")]

mod audit;
mod cluster;
mod installation;
mod namespace;
mod patience;
mod ports;
mod rest;
mod server;
mod service;
mod tables;
mod topic;
mod upload;
mod workload;

pub use audit::{Request, Requests};
pub use cluster::{Cluster, OPERATOR};
pub use installation::{Door, Installation};
pub use namespace::{Namespace, Pod};
pub use patience::{Patience, eventually};
pub use rest::{Answer, get, identity_header};
pub use server::{BUCKET, PASSWORD, Server, Servers, USER};
pub use service::Service;
pub use tables::{Dump, Tables, differences};
pub use topic::{Message, Topic};
pub use upload::{cluster_with, upload};
pub use workload::{Program, Readiness, Workload, run};
