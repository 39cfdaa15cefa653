//! The content coding of an answer.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderValue, header, request::Parts},
};

/// A content coding that compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentCoding {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
}

impl ContentCoding {
    /// Returns the coding that a client prefers by its `Accept-Encoding` (RFC 9110, 12.5.3); `None` for a client that accepts none. zstd, if
    /// it prefers no other.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let values = headers.get_all(header::ACCEPT_ENCODING).into_iter();
        let codings = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
        let accepted = codings.filter_map(|coding| {
            let (name, weight) = parse(coding);
            Some((Self::named(name)?, weight)).filter(|(_, weight)| *weight > 0.0)
        });
        let rank = |(coding, weight): &(Self, f32)| (*weight, *coding == Self::Zstd);
        let best = accepted
            .max_by(|one, other| rank(one).partial_cmp(&rank(other)).unwrap_or(std::cmp::Ordering::Equal));
        best.map(|(coding, _)| coding)
    }

    /// Returns the name, as in `Content-Encoding`.
    pub(crate) fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        })
    }

    fn named(name: &str) -> Option<Self> {
        [("gzip", Self::Gzip), ("zstd", Self::Zstd)]
            .into_iter()
            .find_map(|(known, coding)| name.eq_ignore_ascii_case(known).then_some(coding))
    }
}

/// Returns the name of a coding and its weight: 0 refuses, as does an invalid one.
fn parse(coding: &str) -> (&str, f32) {
    let mut parts = coding.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    (name, weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0)))
}

/// The coding of the answer to a request; `None` for an answer that is not compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding(pub Option<ContentCoding>);

impl<S: Send + Sync> FromRequestParts<S> for Coding {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(ContentCoding::from_headers(&parts.headers)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coding_is_the_one_with_the_largest_positive_weight_or_zstd() {
        use ContentCoding::{Gzip, Zstd};
        for (value, expected) in [
            ("gzip", Some(Gzip)),
            ("br, GZIP;q=0.5", Some(Gzip)),
            ("gzip, deflate, br, zstd", Some(Zstd)),
            ("zstd;q=0.4, gzip;q=0.5", Some(Gzip)),
            ("zstd;q=0, gzip", Some(Gzip)),
            ("Zstd;Q=0.1", Some(Zstd)),
            ("gzip;q=0", None),
            ("gzip; q=0.000", None),
            ("zstd;q=nan", None),
            ("zstd;q=x", None),
            ("deflate", None),
            ("x-gzip", None),
            ("", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]);
            assert_eq!(ContentCoding::from_headers(&headers), expected, "{value}");
        }
        assert_eq!(ContentCoding::from_headers(&HeaderMap::new()), None);
    }
}
