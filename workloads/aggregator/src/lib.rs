//! insights-results-aggregator: rows become REST answers.
