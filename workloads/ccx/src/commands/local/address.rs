//! Where the REST API is served.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use snafu::ResultExt as _;

use super::error::{LocalError, PortSnafu, TakenSnafu};

/// The address for those who stay: easy to remember.
const USUAL: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 8080);

/// Any free port of this machine, for what nobody is told about.
pub(super) const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// An address that is kept from others until it is used.
pub(super) struct Reserved {
    listener: TcpListener,
    address: SocketAddr,
}

/// Which address it should be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wish {
    /// This one and no other.
    Exactly(SocketAddr),
    /// The usual one if it is free.
    Usual,
    /// Any.
    Any,
}

impl Reserved {
    pub(super) fn new(wish: Wish) -> Result<Self, LocalError> {
        match wish {
            Wish::Exactly(address) => reserve(address).context(TakenSnafu { address }),
            Wish::Usual => reserve(USUAL.into()).or_else(|_| reserve(ANY.into())).context(PortSnafu),
            Wish::Any => reserve(ANY.into()).context(PortSnafu),
        }
    }

    /// The address, with its port.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets the next one have the address, who should listen there at once.
    pub(super) fn release(self) {
        drop(self.listener);
    }
}

fn reserve(address: SocketAddr) -> io::Result<Reserved> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    Ok(Reserved { listener, address })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_address_is_refused_when_wanted_and_avoided_otherwise() {
        let taken = Reserved::new(Wish::Any).unwrap();
        let error = Reserved::new(Wish::Exactly(taken.address())).err().unwrap().to_string();
        assert_eq!(error, format!("the address {} for the REST API is taken", taken.address()));
        let first = Reserved::new(Wish::Usual).unwrap();
        let second = Reserved::new(Wish::Usual).unwrap();
        assert_ne!(first.address(), second.address());
        assert_ne!(second.address().port(), USUAL.1);
    }

    #[test]
    fn a_released_address_can_be_taken() {
        let reserved = Reserved::new(Wish::Any).unwrap();
        let address = reserved.address();
        reserved.release();
        assert!(Reserved::new(Wish::Exactly(address)).is_ok());
    }
}
