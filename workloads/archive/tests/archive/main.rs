//! Archives as clusters send them, and as attackers would.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod damage;
mod formats;
mod hostile;
mod leading_directory;
mod limits;
mod pack;
mod properties;
mod published;
mod seeds;
mod skipping;
