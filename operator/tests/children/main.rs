//! What a resource is built of: the whole as golden files, each policy by a test of its own, and what holds for any resource.
#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

mod api_server;
mod database;
mod exposure;
mod fingerprints;
mod golden;
mod insights_core;
mod jobs;
mod missing;
mod monitoring;
mod network;
mod pods;
mod properties;
mod rules;
mod sample;
mod scaling;
mod validate;
