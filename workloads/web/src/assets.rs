//! The files that the page loads: embedded in the program, kept by browsers forever.

use std::sync::OnceLock;

use axum::{
    extract::Path,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

use crate::{BASE, html::Html};

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// An embedded file.
pub(crate) struct Asset {
    name: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
}

/// The symbol of the page in a browser's tab.
const ICON: &[u8] = include_bytes!("../assets/icon.svg");

/// The links to the files that every page loads.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    pub(crate) icon: String,
    pub(crate) style: String,
    pub(crate) script: String,
}

/// Returns the links.
pub(crate) fn links() -> &'static Links {
    static LINKS: OnceLock<Links> = OnceLock::new();
    LINKS.get_or_init(|| {
        let link = |name: &str| format!("{BASE}/assets/{name}");
        let name = |extension| find(extension).map_or("", |asset| asset.name);
        Links { icon: link("icon.svg"), style: link(name(".css")), script: link(name(".js")) }
    })
}

/// Returns the styles for a document of its own. The fonts are left out: they would have to be loaded.
pub(crate) fn inline_style() -> &'static Html {
    static STYLE: OnceLock<Html> = OnceLock::new();
    STYLE.get_or_init(|| {
        let style = find(".css").map(|asset| String::from_utf8_lossy(asset.plain)).unwrap_or_default();
        Html(without_fonts(&style))
    })
}

fn find(extension: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.name.ends_with(extension))
}

fn without_fonts(style: &str) -> String {
    let mut parts = style.split("@font-face");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(part.split_once('}').map_or("", |(_, rest)| rest));
    }
    text
}

/// Serves a file.
pub(crate) async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    if name == "icon.svg" {
        return ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "max-age=86400")], ICON)
            .into_response();
    }
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let gzip = asset.gzip.filter(|_| accepts_gzip(&headers));
    let mut response = gzip.unwrap_or(asset.plain).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(asset.name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache_control(asset)));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip.is_some() {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted =
        headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|coding| matches!(coding.split(';').next().map(str::trim), Some("gzip")))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "js")) => "text/javascript; charset=utf-8",
        Some((_, "woff2")) => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// The name of a built file changes with its content; that of an unbuilt one does not.
fn cache_control(asset: &Asset) -> &'static str {
    if asset.name.contains('-') { "public, max-age=31536000, immutable" } else { "no-cache" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exported_style_loads_nothing() {
        let style = "a{b:c}@font-face{font-family:x;src:url(y.woff2)}d{e:f}@font-face{src:url(z)}";
        assert_eq!(without_fonts(style), "a{b:c}d{e:f}");
        assert!(!inline_style().0.contains("url(") && !inline_style().0.contains("@import"));
    }

    #[test]
    fn gzip_is_used_if_accepted() {
        let accepts = |value: &'static str| {
            accepts_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        assert!(accepts("br, gzip;q=0.8") && accepts("gzip"));
        assert!(!accepts("br") && !accepts_gzip(&HeaderMap::new()));
    }
}
