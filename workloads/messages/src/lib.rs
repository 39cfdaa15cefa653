//! Wire types of every Kafka topic of the pipeline, and the identifiers that they share.
//!
//! ```text
//!  ingress ── announce ──▶ pipeline ── results ──▶ writer
//!                              │                      │
//!                              ├── payload_status ◀───┤
//!                              └── dead_letter    ◀───┘
//! ```
//!
//! Everything here is pure: bytes in, typed values out, or the reverse. Nothing in this crate opens a file or a socket,
//! reads the clock, or logs. Field names and JSON types are those of the services that the pipeline interoperates with.
//! Errors about a message never repeat its values, which may be credentials.

mod announce;
mod archives;
mod dead_letter;
mod error_class;
mod go_json;
mod gunzip;
mod id;
mod identity;
mod identity_claims;
mod images;
mod json;
mod payload_status;
mod reason;
mod reported_name;
mod results;
mod timestamp;
mod upload_announcement;
mod workloads;

pub use announce::{Announce, AnnounceError};
pub use archives::{
    ArchiveMessage, ArchiveMetadata, ArchiveResults, ArchiveResultsError, ArchiveResultsMessage,
};
pub use dead_letter::{DeadLetter, header};
pub use error_class::ErrorClass;
pub use go_json::encode_object_like_go;
pub use gunzip::{DecompressError, decompress};
pub use id::{AccountNumber, ClusterId, ErrorKey, IdError, OrgId, RuleFqdn, RuleSelector};
pub use identity::{Identity, IdentityError};
pub use identity_claims::IdentityClaims;
pub use images::ImagesMessage;
pub use json::{JsonError, parse_json, parse_json_object, without_values};
pub use payload_status::{PayloadStatus, Status};
pub use reason::Reason;
pub use reported_name::ReportedName;
pub use results::{Hit, Metadata, Report, Results, ResultsError, ResultsMessage};
pub use timestamp::{
    EARLIEST_GATHERING_TIME, Timestamp, TimestampError, format_utc_seconds, parse_gathering_time,
};
pub use upload_announcement::{UploadAnnouncement, UploadMetadata};
pub use workloads::{FailedCheck, FailingWorkload, Workloads, WorkloadsMessage, WorkloadsReport};
