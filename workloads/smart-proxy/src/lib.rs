//! insights-results-smart-proxy: the public REST API with rule content, users and clusters.
