//! A running service with a database of its own, as clients see it.

mod access;
mod callers;
mod clients;
mod cluster_names;
mod conformance;
mod history;
mod operations;
mod outage;
mod published;
mod replay;
mod requests;
mod snapshots;
mod test_env;
mod writes;
