//! Authentication: the organisation, and the kind of caller, behind the credentials of a request.
//!
//! ```text
//!   headers ──▶ Authenticator ─┬─ x-rh-identity, set by a gateway (only if the configuration trusts it)
//!                     │        ├─ bearer token of a cluster: a table of digests
//!                     │        ├─ bearer token of a person or program: signature of the OIDC issuer
//!                     │        └─ bearer token of the Kubernetes cluster: TokenReview, SubjectAccessReview
//!                     │  service accounts: their permissions, from the RBAC service
//!                     ▼
//!             Caller or AuthError ──▶ the role's handler: compares the caller's organisation with the data's
//! ```
//!
//! A handler gets the [`Caller`] as an extractor, if its state provides an [`Authenticator`]:
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::{Router, routing::get};
//! use ccx_auth::{Authenticator, Caller};
//!
//! let router: Router<Arc<Authenticator>> =
//!     Router::new().route("/org", get(async |caller: Caller| caller.org_id.to_string()));
//! ```
//!
//! [`OidcLogin`] logs people in at the OIDC provider, for a page with sessions.
//!
//! No error repeats a credential.

mod authenticator;
mod bearer;
mod cache;
mod caller;
mod cluster_tokens;
mod digest;
mod error;
mod extract;
mod http;
mod identity_header;
mod keys;
mod login;
mod metrics;
mod oidc;
mod rbac;
mod token_review;
mod verified;

#[cfg(test)]
mod tests;

pub use authenticator::{Authenticator, AuthenticatorError};
pub use caller::{Caller, CallerKind};
pub use cluster_tokens::ClusterTokensError;
pub use error::AuthError;
pub use http::ClientError;
pub use identity_header::{IDENTITY_HEADER, caller_of_identity};
pub use login::{AuthorizationRequest, Login, LoginError, LoginRefusal, OidcLogin};
pub use metrics::AuthMetrics;
