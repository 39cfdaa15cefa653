//! One file for each endpoint: its line in the table and what answers.

pub(crate) mod clusters;
pub(crate) mod info;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod recommendations;
pub(crate) mod report;
pub(crate) mod report_info;
pub(crate) mod reports;
pub(crate) mod root;
pub(crate) mod rule;
