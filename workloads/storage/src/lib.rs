//! PostgreSQL: the schema, its migrations and every SQL statement of the project.
//!
//! ```text
//!  writer ──▶ WriterLease ──▶ one transaction: report, rule_hit, recommendation, report_info; or dvo_report
//!                                  │ NOTIFY, with the commit
//!  aggregator ◀── ReportListener ◀─┘
//! ```
//!
//! The tables are shared with other programs, so their shape is given; see `schema/`. Guarantees:
//!
//! - A report is stored whole or not at all.
//! - A report that is not newer than the stored one changes nothing in any table.
//! - The result does not depend on the order, the repetition or the grouping of the reports.
//!
//! No other crate contains SQL. Each statement has a name, for errors and metrics, and a comment with the index that it needs.

mod batch;
mod cluster_names;
mod consumer_error;
mod database;
mod debug_operations;
mod error;
mod export;
pub mod feedback;
mod lease;
mod listener;
mod notify;
mod observe;
mod own_objects;
mod own_tables;
mod past_recommendations;
mod processed_requests;
pub mod read;
mod report;
mod reported_names;
mod retention;
mod schema;
mod sqlstate;
mod workloads;
mod write;

pub use batch::{BatchOutcome, ClusterResult, Outcome};
pub use cluster_names::ClusterName;
pub use consumer_error::ConsumerError;
pub use database::Database;
pub use error::{SqlError, StorageError};
pub use export::{ExportSnapshot, ExportedTable, RowFilter};
pub use lease::{LeaseKind, WriterLease};
pub use listener::{ReportChange, ReportListener};
pub use notify::{REPORT_CHANNEL, ReportKey};
pub use observe::QueryObserver;
pub use past_recommendations::StoredPastRecommendation;
pub use processed_requests::{NewProcessedRequest, StoredRequest};
pub use report::{NewHit, NewReport};
pub use retention::{DeletedRows, Deletion, MultipleDisable, OldReport};
pub use schema::{Migrated, Schema};
pub use workloads::{NewNamespace, NewWorkloads};
