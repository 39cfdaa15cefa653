//! Ports for servers.

use std::net::{Ipv4Addr, TcpListener};

/// Below the range of outgoing connections, so that none takes a server's port while the server restarts.
const RANGE: std::ops::Range<u16> = 15_000..30_000;

/// Returns a port on which nothing listens.
pub fn free_port() -> u16 {
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    std::iter::repeat_with(|| rand::random_range(RANGE)).find(is_free).expect("the iterator does not end")
}
