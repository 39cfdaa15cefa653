//! The parts of a request: parsed once, in the signature of the handler.

mod body;
mod encoding;
mod member;
mod path;

pub(crate) use body::{ClusterListBody, JsonBody};
pub(crate) use encoding::AcceptsGzip;
pub(crate) use member::{Authenticated, Member};
pub(crate) use path::{ClusterList, InPath, Param, UserId};
