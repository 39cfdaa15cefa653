//! What every long-running workload has: health, metrics, logging, shutdown.
