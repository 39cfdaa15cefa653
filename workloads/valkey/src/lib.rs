//! Reports for on-demand requests in Valkey or Redis.
