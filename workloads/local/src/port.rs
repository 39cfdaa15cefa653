//! Free ports.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
};

/// A TCP port of 127.0.0.1 that was free a moment ago; whoever uses it must be ready to ask for another.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
