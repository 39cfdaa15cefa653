//! The parts of a request: parsed once, in the signature of the handler.

mod body;
mod encoding;
mod path;

pub use body::{BodyLimits, ClusterListBody, ClusterUuid, JsonBody, ListBody, OptionalJsonBody, is_object};
pub use encoding::{Coding, ContentCoding};
pub use path::{
    ClusterList, InPath, Invalid, NamespaceId, Param, Parameter, TrimmedSelector, UserId, shown,
    trimmed_selector,
};
