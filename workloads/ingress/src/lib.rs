//! Upload of archives by the insights operator, and the remote gathering rules that it reads.
//!
//! ```text
//!  cluster ── POST /api/ingress/v1/upload ──▶ authenticate ──▶ receive (multipart) ──▶ S3, part by part
//!                                                                  │
//!                                                                  ▼
//!                                           announce ──▶ platform.upload.announce ──▶ 202
//!                                              └───────▶ platform.payload-status ──▶ GET …/track/{request_id}
//!  cluster ── GET /api/gathering/v2/{version}/gathering_rules ──▶ gathering_rules
//! ```
//!
//! An upload is answered with success only after Kafka has acknowledged its announcement. If S3 or Kafka is unavailable, the
//! answer is `503` and nothing is announced, so that the client tries again later. An object without an announcement can stay
//! behind: a rule of the bucket's life cycle deletes it.

mod announce;
mod api;
mod content_type;
mod error;
mod gathering_rules;
mod metrics;
mod object_storage_probe;
mod openapi;
mod receive;
mod request_id;
mod routes;
mod server;
mod track;
mod upload;
mod user_agent;

#[cfg(test)]
mod tests;

pub use gathering_rules::{GatheringRules, GatheringRulesError};
pub use server::{IngressError, run, run_on};
