//! Uploads over HTTP, with an object storage and Kafka in this process.

mod accepted;
mod access;
mod gathering;
mod refused;
mod test_env;
mod unavailable;
