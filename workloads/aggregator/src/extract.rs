//! The parts of a request: parsed once, in the signature of the handler.

mod body;
mod encoding;
mod member;
mod path;

pub(crate) use body::{ClusterListBody, ClusterUuid, JsonBody, OptionalJsonBody};
pub(crate) use encoding::AcceptsGzip;
pub(crate) use member::{Authenticated, Member, parse_organization};
pub(crate) use path::{
    ClusterList, InPath, Invalid, NamespaceId, Param, Parameter, TrimmedSelector, UserId, shown,
    trimmed_selector,
};
