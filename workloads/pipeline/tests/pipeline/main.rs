//! The whole pipeline in one process, on an embedded Kafka and an embedded S3 server.

mod bad_input;
mod good_input;
mod outage;
mod shutdown;
mod web;
mod world;
