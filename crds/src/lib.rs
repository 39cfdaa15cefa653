//! The `CcxPipeline` resource: one object describes a whole installation.
//!
//! ```yaml
//! apiVersion: ccx.openshift.io/v1alpha1
//! kind: CcxPipeline
//! metadata:
//!   name: ccx
//! spec:
//!   kafka:
//!     bootstrapServers: ["kafka:9092"]
//!   objectStorage:
//!     bucket: insights-upload
//! ```
//!
//! The types are the source of everything else: the schema with its descriptions, defaults, bounds and CEL
//! rules is derived from them ([`crd_yaml`]), and the same schema judges a resource offline as the API server
//! would ([`validate`]).
//!
//! Every document that the schema accepts can be deserialised: a watch fails as a whole when one object can't
//! be.
//!
//! This crate does no I/O.

mod definition;
mod duration;
mod quantity;
mod schema;
mod spec;
mod status;
mod validation;

pub use definition::crd_yaml;
pub use duration::{DurationError, GoDuration};
pub use quantity::{ByteQuantity, QuantityError};
pub use schema::field::IMAGE;
pub use spec::*;
pub use status::{
    CcxPipelineStatus, ChangeAction, ComponentStatus, Endpoints, JobStatus, Plan, PlannedChange,
    PlannedRestart, RulesStatus, SchemaVersion,
};
pub use validation::{Refused, Violation, accept, validate, with_defaults};
