//! The address of the REST API.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use snafu::ResultExt as _;

use super::error::{LocalError, PortSnafu, TakenSnafu};

/// The default address.
const DEFAULT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 8080);

/// The default address of the public API.
const DEFAULT_PUBLIC: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 8004);

/// Any free port of this machine.
pub(super) const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// The default address of uploads.
const DEFAULT_UPLOADS: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 3000);

/// The choice of the address to bind.
#[derive(Clone, Copy, Debug)]
pub(super) enum BindChoice {
    /// Exactly this address.
    Exactly(SocketAddr),
    /// The default address if it is free, else any port.
    Default,
    /// Any free port.
    Any,
}

/// Binds the address. The listener is handed to the server, so that no other process can take the port in
/// between.
pub(super) fn bind(choice: BindChoice) -> Result<TcpListener, LocalError> {
    match choice {
        BindChoice::Exactly(address) => try_bind(address).context(TakenSnafu { address }),
        BindChoice::Default => try_bind(DEFAULT.into()).or_else(|_| try_bind(ANY.into())).context(PortSnafu),
        BindChoice::Any => try_bind(ANY.into()).context(PortSnafu),
    }
}

/// Binds the address of the public API: the default one if it is free and asked for, else any port.
pub(super) fn bind_public(choice: BindChoice) -> Result<TcpListener, LocalError> {
    bind_beside(choice, DEFAULT_PUBLIC)
}

/// Binds the address of uploads: the default one if it is free and asked for, else any port.
pub(super) fn bind_uploads(choice: BindChoice) -> Result<TcpListener, LocalError> {
    bind_beside(choice, DEFAULT_UPLOADS)
}

fn bind_beside(choice: BindChoice, default: (Ipv4Addr, u16)) -> Result<TcpListener, LocalError> {
    match choice {
        BindChoice::Any => try_bind(ANY.into()),
        _ => try_bind(default.into()).or_else(|_| try_bind(ANY.into())),
    }
    .context(PortSnafu)
}

/// Returns the message for the user when the default port was taken.
pub(super) fn replacement(choice: BindChoice, address: SocketAddr) -> Option<String> {
    let is_default = matches!(choice, BindChoice::Default);
    if is_default { replaced(DEFAULT.1, "the REST API is", address) } else { None }
}

/// Returns the messages for the user when the default port of the public API or of uploads was taken.
pub(super) fn replacements_beside(
    choice: BindChoice,
    public: SocketAddr,
    uploads: SocketAddr,
) -> Vec<String> {
    if matches!(choice, BindChoice::Any) {
        return Vec::new();
    }
    let notes = [
        replaced(DEFAULT_PUBLIC.1, "the page and the public API are", public),
        replaced(DEFAULT_UPLOADS.1, "uploads are", uploads),
    ];
    notes.into_iter().flatten().collect()
}

fn replaced(default: u16, what: &str, address: SocketAddr) -> Option<String> {
    (address.port() != default).then(|| format!("port {default} is taken; {what} at {address}"))
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
        let taken = bind(BindChoice::Any).unwrap().local_addr().unwrap();
        let held = bind(BindChoice::Exactly(taken)).unwrap();
        let error = bind(BindChoice::Exactly(taken)).err().unwrap().to_string();
        assert_eq!(error, format!("the address {taken} for the REST API is taken"));
        drop(held);

        // Whether or not another process has the default port: the second one can't have it.
        let _first = bind(BindChoice::Default).unwrap();
        let second = bind(BindChoice::Default).unwrap().local_addr().unwrap();
        assert_ne!(second.port(), DEFAULT.1);
        let told = replacement(BindChoice::Default, second).unwrap();
        assert_eq!(told, format!("port 8080 is taken; the REST API is at {second}"));
        assert_eq!(replacement(BindChoice::Any, second), None);
    }

    #[test]
    fn every_port_that_is_replaced_is_told() {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let told = |public, uploads| replacements_beside(BindChoice::Default, at(public), at(uploads));
        assert_eq!(told(8004, 3000), Vec::<String>::new());
        assert_eq!(
            told(40001, 40002),
            [
                "port 8004 is taken; the page and the public API are at 127.0.0.1:40001",
                "port 3000 is taken; uploads are at 127.0.0.1:40002"
            ]
        );
        assert_eq!(replacements_beside(BindChoice::Any, at(1), at(2)), Vec::<String>::new());
    }
}
