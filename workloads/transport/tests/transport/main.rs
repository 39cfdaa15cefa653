//! The transport against librdkafka's mock brokers, an S3 server in this process, and, on request, a real broker.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod brokers;
mod consumer;
mod group;
mod object_storage;
mod outages;
mod producer;
mod sasl;
mod topic_reader;
