//! Cookies of the page (RFC 6265).

use axum::http::{HeaderMap, HeaderValue, header};

/// Returns the value of a cookie.
pub(crate) fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}

/// Returns the header that sets a cookie for this host alone, over HTTPS, out of reach of scripts and of other sites' forms. The name
/// begins with `__Host-`, so that browsers insist on these attributes. Without `max_age_seconds` it ends with the browser.
pub(crate) fn set_for_host(name: &str, value: &str, max_age_seconds: Option<u64>) -> Option<HeaderValue> {
    let max_age = max_age_seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
    let cookie = format!("{name}={value}; Path=/{max_age}; Secure; HttpOnly; SameSite=Lax");
    HeaderValue::try_from(cookie).ok()
}

/// Returns the header that deletes such a cookie.
pub(crate) fn delete_for_host(name: &str) -> Option<HeaderValue> {
    set_for_host(name, "", Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_is_found_among_others() {
        let headers = HeaderMap::from_iter([
            (header::COOKIE, HeaderValue::from_static("a=1; __Host-b=2=3")),
            (header::COOKIE, HeaderValue::from_static("c=4")),
        ]);
        assert_eq!((value(&headers, "__Host-b"), value(&headers, "c")), (Some("2=3"), Some("4")));
        assert_eq!(value(&headers, "b"), None);
    }

    #[test]
    fn cookie_has_the_attributes_that_its_prefix_demands() {
        let cookie = set_for_host("__Host-a", "1", Some(60)).unwrap();
        assert_eq!(cookie, "__Host-a=1; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax");
        assert_eq!(
            delete_for_host("__Host-a").unwrap(),
            "__Host-a=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"
        );
    }
}
