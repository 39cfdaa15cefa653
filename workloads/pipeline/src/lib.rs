//! ccx-data-pipeline: announced archives become rule results.
