//! Errors of applying a child.

use snafu::Snafu;

use super::origin;
use crate::model::{
    api_error::{api_reason, error_text},
    kind::Kind,
    problem::Problem,
    reason::Reason,
    resources::Child,
};

/// A child that could not be applied.
#[derive(Debug, Snafu)]
#[snafu(visibility(pub(crate)))]
pub enum ApplyError {
    /// An object with this name exists and is not managed by this resource.
    #[snafu(display(
        "{} {name} exists and is not managed by this resource; give this resource another name, or move the object", kind.name()
    ))]
    Foreign {
        /// Its kind.
        kind: Kind,
        /// Its name.
        name: String,
    },
    /// A certificate could not be generated.
    #[snafu(display("failed to generate the certificate in Secret {name}"))]
    Certificate {
        /// The name of the Secret.
        name: String,
        /// The error of the library.
        source: rcgen::Error,
    },
    /// The API server refused the request, or did not respond.
    #[snafu(display("failed to {verb} {} {name}", kind.name()))]
    Request {
        /// The verb of the request.
        verb: &'static str,
        /// The kind of the child.
        kind: Kind,
        /// Its name.
        name: String,
        /// The error of the client.
        source: kube::Error,
    },
}

impl ForeignSnafu<Kind, String> {
    pub(crate) fn for_child(child: &Child) -> Self {
        Self { kind: child.kind(), name: child.name().to_owned() }
    }
}

impl RequestSnafu<&'static str, Kind, String> {
    pub(crate) fn for_child(child: &Child, verb: &'static str) -> Self {
        Self { verb, kind: child.kind(), name: child.name().to_owned() }
    }
}

impl ApplyError {
    /// Returns the kind of the child.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::Foreign { kind, .. } | Self::Request { kind, .. } => *kind,
            Self::Certificate { .. } => Kind::Secret,
        }
    }
}

impl From<&ApplyError> for Problem {
    fn from(error: &ApplyError) -> Self {
        let reason = match error {
            ApplyError::Foreign { .. } => Reason::Conflict,
            ApplyError::Certificate { .. } => Reason::ApiFailure,
            ApplyError::Request { source, kind, .. } if is_resize(*kind, source) => {
                let advice = "let the storage class allow expansion, or set spec.database.managed.storage.size back to the size of the volume";
                return Self::new(Reason::StorageResizeFailed, format!("{}; {advice}", error_text(error)));
            }
            ApplyError::Request { source, kind, name, .. } => {
                let reason = api_reason(source);
                let text = error_text(error);
                let field = (reason == Reason::Rejected).then(|| origin::field(*kind, name, &text)).flatten();
                let advice = field.map(|field| format!("; correct {field}")).unwrap_or_default();
                return Self::new(reason, format!("{text}{advice}"));
            }
        };
        Self::new(reason, error_text(error))
    }
}

/// Whether the API server refuses another size of a claim.
fn is_resize(kind: Kind, error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    let is_about_size =
        ["resize", "resources.requests", "status.capacity"].iter().any(|it| status.message.contains(it));
    kind == Kind::PersistentVolumeClaim && matches!(status.code, 403 | 422) && is_about_size
}
