//! Bytes to an in-memory archive: decompression, tar, limits; no I/O.
