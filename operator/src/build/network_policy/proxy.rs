//! The ports of proxies that pods use, from their environment variables.

use std::collections::BTreeSet;

use ccx_crds::PodTemplate;

/// The variables that name proxies, in upper or lower case.
const VARIABLES: [&str; 3] = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];

/// Returns the ports of the proxies in the further variables of the pods.
pub(super) fn ports(template: &PodTemplate) -> BTreeSet<u16> {
    let proxies = template.extra_env.iter().filter(|it| VARIABLES.contains(&it.name.to_uppercase().as_str()));
    proxies.filter_map(|variable| port(variable.value.as_deref()?)).collect()
}

/// Returns the port of a proxy's URL; the scheme may be absent.
fn port(url: &str) -> Option<u16> {
    let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let (name, port) = match host.rsplit_once(':') {
        // An IPv6 address without a port ends with its bracket.
        Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
        _ => (host, None),
    };
    match (name.is_empty(), port) {
        (true, _) => None,
        (false, Some(port)) => port.parse().ok(),
        (false, None) => match scheme.to_ascii_lowercase().as_str() {
            "https" => Some(443),
            "socks4" | "socks5" | "socks5h" => Some(1080),
            _ => Some(80),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_of_a_proxy_is_that_of_its_url_or_of_its_scheme() {
        let ports = [
            "http://proxy.example.com:3128",
            "proxy:8080",
            "http://user:a:b@proxy:3129/",
            "https://proxy",
            "http://[fd00::1]:3130",
            "http://[fd00::1]",
            "socks5://proxy",
        ];
        let expected = [3128, 8080, 3129, 443, 3130, 80, 1080];
        assert_eq!(ports.map(|url| port(url).unwrap_or_default()), expected);
        assert_eq!([port(""), port("http://"), port("http://proxy:x")], [None; 3]);
    }
}
