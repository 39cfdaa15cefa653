//! The insights-core adapter.
