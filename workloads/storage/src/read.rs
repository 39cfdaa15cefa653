//! The API's reads: one statement for each question.
//!
//! Times in the database have no zone and are UTC. All statements find their rows by a primary key, except
//! [`Database::clusters_of_organization`](crate::Database::clusters_of_organization), which goes over one organisation's.

mod cluster;
mod hit;
mod raw;
mod report;

pub use hit::StoredHit;
pub use report::{StoredReport, StoredReportInfo};

#[cfg(test)]
mod tests;
