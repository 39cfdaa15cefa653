//! The program, as its users run it.

mod config;
mod dlq;
mod local;
mod process;
mod tools;
mod workload;
