//! The operator: one `CcxPipeline` resource runs the pipeline.
//!
//! ```text
//!  dereference ──▶ validate ──▶ build ──▶ apply ──▶ status
//!  (references)    (pure)       (pure)    (child)
//! ```
//!
//! What is decided is pure: [`references`] says which objects a resource names, and every [`child`] is built from it and from what
//! was found, without a question to the cluster. So the children can be printed, compared and tested without one. The
//! [`controller`] does the rest: it asks, applies and says how it is, while its process leads ([`leader`]).

pub mod build;
pub mod child;
pub mod component;
pub mod controller;
pub mod digest;
mod events;
pub mod fingerprint;
pub mod gate;
pub mod kind;
pub mod leader;
pub mod metrics;
mod mounted;
pub mod plan;
pub mod rbac;
pub mod reason;
pub mod references;
pub mod restart;
pub mod validate;
pub mod validated;
pub mod yaml;
