//! The `CcxPipeline` resource.
