//! The operator: one `CcxPipeline` resource runs the pipeline.
//!
//! ```text
//!  dereference ──▶ validate ──▶ build ──▶ apply ──▶ status
//!  (references)    (pure)       (pure)    (child)
//! ```
//!
//! What is decided is pure: [`references`] says which objects a resource names, and every [`child`] is built from it and from what
//! was found, without a question to the cluster. So the children can be printed, compared and tested without one.

pub mod build;
pub mod child;
pub mod component;
pub mod digest;
pub mod kind;
mod mounted;
pub mod plan;
pub mod rbac;
pub mod references;
pub mod restart;
pub mod validate;
pub mod validated;
pub mod yaml;
