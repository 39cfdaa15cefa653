//! The configuration file of all workloads: its sections, defaults and validation.
