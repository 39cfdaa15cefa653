//! Authentication: the organisation, and the kind of caller, behind the credentials of a request.
//!
//! ```text
//!   headers ──▶ Authenticator ── x-rh-identity, set by a gateway (only if the configuration trusts it)
//!                     │
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
//! No error repeats a credential.

mod authenticator;
mod caller;
mod error;
mod extract;
mod identity_header;

pub use authenticator::{Authenticator, AuthenticatorError};
pub use caller::{Caller, CallerKind};
pub use error::AuthError;
pub use identity_header::{IDENTITY_HEADER, caller_of_identity};
