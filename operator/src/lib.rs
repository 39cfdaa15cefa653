//! The operator: one `CcxPipeline` resource runs the pipeline.
//!
//! ```text
//!  dereference ──▶ validate ──▶ build ──▶ apply ──▶ update_status
//!  (API server)    (pure)       (pure)    (API server)
//! ```
//!
//! The folders are layers, in the order of their dependencies: a layer imports only from those to its left.
//!
//! ```text
//!  model ◀── validate, build, plan ◀── cache ◀── runtime ◀── stages ◀── reconcile, preview
//!  types     pure decisions            reads     carries     API calls   one page each
//! ```
//!
//! - [`model`]: the types that all layers share. No I/O.
//! - [`validate`], [`build`], [`plan`]: pure functions, so that children can be printed, compared and tested without a cluster.
//! - `cache`: what the watches have seen. Never writes.
//! - [`runtime`]: leader election, fencing, queue, requeue, probes, discovery, Events, metrics.
//! - `stages`: the steps of a reconcile that talk to the API server.

pub mod build;
mod cache;
pub mod model;
pub mod plan;
mod preview;
pub mod rbac;
mod reconcile;
pub mod runtime;
mod stages;
pub mod validate;

pub use preview::{GivenDefaults, PreviewError, preview};
pub use reconcile::run;

#[cfg(test)]
mod layers;
