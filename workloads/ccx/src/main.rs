//! One program for all workloads, and the tools around them.
fn main() {}
