//! insights-results-db-writer: rule results become rows.
