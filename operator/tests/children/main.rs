//! The children of a resource: complete ones as golden files, a test for each policy, and properties of any
//! resource.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod api_server;
mod cleaner;
mod database;
mod database_server;
mod exposure;
mod golden;
mod input_digests;
mod insights_core;
mod jobs;
mod missing;
mod monitoring;
mod network;
mod pods;
mod properties;
mod public_api;
mod references;
mod rules;
mod sample;
mod scaling;
mod validate;
mod writers;
