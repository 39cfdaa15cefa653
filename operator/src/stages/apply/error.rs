//! Why a child could not be applied.

use ccx_service::error_chain;
use snafu::Snafu;

use crate::model::{api_error::api_reason, kind::Kind, problem::Problem, reason::Reason, resources::Child};

/// A child that could not be applied.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum ApplyError {
    /// There is an object of this name that is none of ours.
    #[snafu(display(
        "{} {name} exists and belongs to somebody else: remove it, or give this resource another name", kind.name()
    ))]
    Foreign {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// The API server refuses, or does not answer.
    #[snafu(display("failed to {verb} {} {name}", kind.name()))]
    Request {
        /// What was asked for.
        verb: &'static str,
        /// The kind of the child.
        kind: Kind,
        /// Its name.
        name: String,
        /// Why not.
        source: kube::Error,
    },
}

impl ForeignSnafu<Kind, String> {
    pub(crate) fn for_child(child: &Child) -> Self {
        Self { kind: child.kind, name: child.name().to_owned() }
    }
}

impl RequestSnafu<&'static str, Kind, String> {
    pub(crate) fn for_child(child: &Child, verb: &'static str) -> Self {
        Self { verb, kind: child.kind, name: child.name().to_owned() }
    }
}

impl From<&ApplyError> for Problem {
    fn from(error: &ApplyError) -> Self {
        let reason = match error {
            ApplyError::Foreign { .. } => Reason::Conflict,
            ApplyError::Request { source, .. } => api_reason(source),
        };
        Self::new(reason, error_chain(error))
    }
}
