//! Advisor page: clusters, recommendations and workloads as HTML.
