//! Free ports.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// Returns a TCP port of 127.0.0.1 that was free a moment ago; the caller retries with another if it is taken.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
