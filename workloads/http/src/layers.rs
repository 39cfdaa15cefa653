//! The tower layers around every endpoint, the outermost first:
//!
//! | layer | task |
//! |---|---|
//! | [`Observe`] | counts and times the request, logs why it was not answered |
//! | [`Guard`] | bounds its URI and its time, and turns a panic into a `500` |
//! | [`Negotiate`] | answers `304` to a known `ETag`, compresses for clients that accept gzip or zstd |
//!
//! None of them allocates for a request that is answered at once.

mod compression;
mod guard;
mod negotiate;
mod observe;
mod zstd;

pub use compression::compress;
pub use guard::Guard;
pub use negotiate::Negotiate;
pub(crate) use negotiate::{MIN_COMPRESSED_BYTES, mark_as_compressed};
pub use observe::Observe;
