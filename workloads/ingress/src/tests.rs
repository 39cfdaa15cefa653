//! Uploads over HTTP, with an object storage in this process.
