//! The types that all layers share. No I/O, and no import from another layer.

pub mod annotations;
pub mod api_error;
pub mod component;
pub mod condition_type;
pub mod digest;
pub(crate) mod field_names;
pub(crate) mod hash64;
pub mod input;
pub mod input_digest;
pub mod job_history;
pub(crate) mod key;
pub mod kind;
pub(crate) mod mount_paths;
pub mod names;
pub mod object;
pub mod problem;
pub mod reason;
pub mod references;
pub mod resources;
pub mod validated;
