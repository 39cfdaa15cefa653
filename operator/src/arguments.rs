//! Values of the command line and its environment variables. An empty one, which a chart may set, counts as absent.

use std::net::{Ipv6Addr, SocketAddr};

use ccx_crds::IMAGE;

/// The address of health and metrics when none is given.
const DEFAULT_LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), 8080);

/// Parses the name of an image.
pub(crate) fn image(text: &str) -> Result<String, String> {
    match text {
        "" => Ok(String::new()),
        _ if IMAGE.matches(text) => Ok(text.to_owned()),
        _ => Err(IMAGE.advice.into()),
    }
}

/// Parses the name of a namespace.
pub(crate) fn namespace(text: &str) -> Result<String, String> {
    let is_name = text.len() <= 63
        && text.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-')
        && !text.starts_with('-')
        && !text.ends_with('-');
    if is_name { Ok(text.to_owned()) } else { Err("write a name of lower-case letters, digits and -".into()) }
}

/// Parses the name of an object, such as a Lease.
pub(crate) fn object_name(text: &str) -> Result<String, String> {
    let are_labels = text.split('.').all(|label| !label.is_empty() && namespace(label).is_ok());
    if text.is_empty() || are_labels {
        Ok(text.to_owned())
    } else {
        Err("write a name of lower-case letters, digits, - and .".into())
    }
}

/// Parses the address of a server; without a host it listens on all.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, String> {
    if text.is_empty() {
        return Ok(DEFAULT_LISTEN);
    }
    let with_host = if text.starts_with(':') { format!("[::]{text}") } else { text.to_owned() };
    with_host.parse().map_err(|_| "write an address and a port, such as 0.0.0.0:8080 or [::]:8080".into())
}

/// Returns a given value that is not empty.
pub(crate) fn given(value: Option<&String>) -> Option<String> {
    value.filter(|value| !value.is_empty()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_values_count_as_absent() {
        assert_eq!(
            [image(""), namespace(""), object_name("")],
            [Ok(String::new()), Ok(String::new()), Ok(String::new())]
        );
        assert_eq!(listen(""), Ok("[::]:8080".parse().unwrap()));
        assert_eq!((given(None), given(Some(&String::new()))), (None, None));
    }

    #[test]
    fn invalid_values_are_refused_with_the_form() {
        for text in ["foo bar", "https://quay.io/ccx/ccx:1", "quay.io/ccx/ccx:", "quay.io/CCX/ccx"] {
            assert_eq!(image(text), Err("write an image such as quay.io/ccx/ccx:0.1.0".into()), "{text}");
        }
        for text in ["A b", "Insights", "-a", "a_b", "a.b"] {
            assert!(namespace(text).is_err(), "{text}");
        }
        assert!(
            object_name("ccx.operator").is_ok() && object_name("a..b").is_err() && object_name("A").is_err()
        );
    }

    #[test]
    fn address_without_a_host_listens_on_all() {
        assert_eq!(listen(":9000"), Ok("[::]:9000".parse().unwrap()));
        for text in ["8080", "localhost:8080", ":port"] {
            assert!(listen(text).unwrap_err().contains("0.0.0.0:8080"), "{text}");
        }
    }
}
