//! Bytes to an in-memory archive: decompression, tar, limits; no I/O.
//!
//! ```text
//!             ┌─ gunzip ──────┐
//!  format ────┼─ decompress ──┼─▶ untar ──▶ index ──▶ Archive
//!  (by magic) ├─ (plain tar) ─┘              ▲
//!             └─ unzip ──────────────────────┘
//! ```
//!
//! [`Archive::read`] takes what a cluster uploaded and owns the unpacked bytes afterwards: one buffer, and an index of where
//! in it each file lies. Nothing is copied per file and nothing is written to a disk.
//!
//! Every upload is taken as hostile, in every format alike:
//!
//! - Every size is bounded by [`Limits`], and no memory is taken because of a length field alone. Upload and content
//!   together take at most [`Limits::unpacked_bytes`] and 16 MiB; indexes and decompressors take at most 32 MiB more.
//! - Content grows in a buffer that never moves, so there is never an old and a new copy.
//! - A [`Meter`] is asked before content grows and at least once for each 64 KiB of input: a caller charges its memory
//!   budget with what is really unpacked, and ends a reading that takes too long.
//! - A stated size over the limit is refused before anything is unpacked; a stated size is never relied on.
//! - The members of a zip archive may not overlap.
//! - A member that is not a plain file below the root (absolute and `..` paths, links, devices) is left out and counted in
//!   [`Skipped`]; what is broken is an [`ArchiveError`] that names the limit or the member.

mod archive;
mod content;
mod decompress;
mod error;
mod format;
mod gunzip;
mod index;
mod input;
mod limits;
mod members;
mod path;
mod pax;
mod stated_size;
mod untar;
mod unzip;

pub use archive::{Archive, ArchiveKind};
pub use error::{ArchiveError, Place};
pub use format::Format;
pub use index::{File, Skipped};
pub use limits::{Limits, Meter, TimedOut};
pub use stated_size::stated_content_bytes;
