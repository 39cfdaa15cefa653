//! The address of the REST API.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use snafu::ResultExt as _;

use super::error::{LocalError, PortSnafu, TakenSnafu};

/// The default address.
const DEFAULT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 8080);

/// Any free port of this machine.
pub(super) const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// Which address to bind.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    /// This one and no other.
    Exactly(SocketAddr),
    /// The default one if it is free, else any.
    Default,
    /// Any.
    Any,
}

/// Binds the address. The listener is handed to the server, so that no other process can take the port in between.
pub(super) fn bind(wish: Wish) -> Result<TcpListener, LocalError> {
    match wish {
        Wish::Exactly(address) => try_bind(address).context(TakenSnafu { address }),
        Wish::Default => try_bind(DEFAULT.into()).or_else(|_| try_bind(ANY.into())).context(PortSnafu),
        Wish::Any => try_bind(ANY.into()).context(PortSnafu),
    }
}

/// Returns what to tell the user when the default port was taken.
pub(super) fn replacement(wish: Wish, address: SocketAddr) -> Option<String> {
    let is_replaced = matches!(wish, Wish::Default) && address.port() != DEFAULT.1;
    is_replaced.then(|| format!("port {} is taken; the REST API is at {address}", DEFAULT.1))
}

fn try_bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taken_address_is_refused_if_exact_and_replaced_if_default() {
        let taken = bind(Wish::Any).unwrap().local_addr().unwrap();
        let held = bind(Wish::Exactly(taken)).unwrap();
        let error = bind(Wish::Exactly(taken)).err().unwrap().to_string();
        assert_eq!(error, format!("the address {taken} for the REST API is taken"));
        drop(held);

        // Whether or not another process has the default port: the second one can't have it.
        let _first = bind(Wish::Default).unwrap();
        let second = bind(Wish::Default).unwrap().local_addr().unwrap();
        assert_ne!(second.port(), DEFAULT.1);
        let told = replacement(Wish::Default, second).unwrap();
        assert_eq!(told, format!("port 8080 is taken; the REST API is at {second}"));
        assert_eq!(replacement(Wish::Any, second), None);
    }
}
