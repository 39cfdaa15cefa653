//! Symbols, as inline SVG: drawn for this page, and inserted where they are used, since a style sheet can't colour an external image.

use std::fmt;

use askama::filters::HtmlSafe;

/// A symbol on a canvas of 20 by 20.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Icon(&'static str);

impl Icon {
    pub(crate) const CRITICAL: Self =
        Self("M6.2 1h7.6L19 6.2v7.6L13.8 19H6.2L1 13.8V6.2zM9 4.5v7h2v-7zm0 8.7v2.1h2v-2.1z");
    pub(crate) const IMPORTANT: Self = Self("M10 1.2 19.5 18h-19zM9 7.3v5.4h2V7.3zm0 6.6v2h2v-2z");
    pub(crate) const MODERATE: Self = Self("M3 5.5h14v3H3zm0 6h14v3H3z");
    pub(crate) const LOW: Self = Self("M10 16 2.5 7.6 4.4 6 10 12.2 15.6 6l1.9 1.6z");
    pub(crate) const CHECK: Self =
        Self("M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18zm4.3 5.2L8.8 11.7 5.9 8.9 4.6 10.2l4.2 4.2 6.9-6.9z");
    pub(crate) const INFO: Self = Self("M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM9 8.5v7h2v-7zm0-3.8v2.1h2V4.7z");
    pub(crate) const CLOCK: Self = Self(
        "M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18zm0 2a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM9 5h2v4.6l3 3-1.4 1.4L9 10.4z",
    );
    pub(crate) const SEARCH: Self = Self(
        "M8.5 1.5a7 7 0 0 1 5.6 11.2l4.6 4.6-1.4 1.4-4.6-4.6A7 7 0 1 1 8.5 1.5zm0 2a5 5 0 1 0 0 10 5 5 0 0 0 0-10z",
    );
    pub(crate) const FILTER: Self = Self("M1.5 2.5h17v2L12 11.6V18l-4-2v-4.4L1.5 4.5z");
    pub(crate) const CARET: Self = Self("M3 7h14l-7 7.5z");
    pub(crate) const CHEVRON: Self = Self("M6 3.4 7.4 2l8 8-8 8L6 16.6l6.6-6.6z");
    pub(crate) const BACK: Self = Self("M14 3.4 12.6 2l-8 8 8 8 1.4-1.4L7.4 10z");
    pub(crate) const FIRST: Self = Self("M17 3.4 15.6 2l-8 8 8 8 1.4-1.4-6.6-6.6zM3 2h2v16H3z");
    pub(crate) const LAST: Self = Self("M3 3.4 4.4 2l8 8-8 8L3 16.6 9.6 10zM15 2h2v16h-2z");
    pub(crate) const ASCENDING: Self = Self("M10 2 4 8.2l1.4 1.4L9 6v12h2V6l3.6 3.6L16 8.2z");
    pub(crate) const DESCENDING: Self = Self("m10 18 6-6.2-1.4-1.4L11 14V2H9v12l-3.6-3.6L4 11.8z");
    pub(crate) const UNSORTED: Self =
        Self("M10 1 5 6.5 6.4 8 10 4.1 13.6 8 15 6.5zm0 18-5-5.5L6.4 12l3.6 3.9 3.6-3.9 1.4 1.5z");
    pub(crate) const CLOSE: Self =
        Self("M4.4 3 10 8.6 15.6 3 17 4.4 11.4 10l5.6 5.6-1.4 1.4L10 11.4 4.4 17 3 15.6 8.6 10 3 4.4z");
    pub(crate) const DOWNLOAD: Self = Self("M9 2h2v8.2l3-3 1.4 1.4L10 14 4.6 8.6 6 7.2l3 3zM3 16h14v2H3z");
    pub(crate) const UPLOAD: Self = Self("M9 14h2V5.8l3 3 1.4-1.4L10 2 4.6 7.4 6 8.8l3-3zM3 16h14v2H3z");
    pub(crate) const PRINT: Self = Self("M5 2h10v4H5zM2 7h16v8h-3v-3H5v3H2zm4.5 6.5h7V18h-7z");
    pub(crate) const BAN: Self =
        Self("M10 1a9 9 0 1 1 0 18 9 9 0 0 1 0-18zM4.6 6A7 7 0 0 0 14 15.4zM6 4.6 15.4 14A7 7 0 0 0 6 4.6z");
    pub(crate) const PLUS: Self = Self("M9 3h2v6h6v2h-6v6H9v-6H3V9h6z");
    pub(crate) const UP: Self =
        Self("M1.5 9H5v9H1.5zM6.5 9 10 1.5h1.2c1 0 1.8.8 1.8 1.8V7h5.5l-1.6 9.3c-.2 1-1 1.7-2 1.7H6.5z");
    pub(crate) const DOWN: Self = Self(
        "M18.5 11H15V2h3.5zM13.5 11 10 18.5H8.8c-1 0-1.8-.8-1.8-1.8V13H1.5l1.6-9.3c.2-1 1-1.7 2-1.7h8.4z",
    );
    pub(crate) const CLUSTER: Self = Self(
        "M10 1 18 5.5v9L10 19l-8-4.5v-9zm0 2.3L4.9 6.2 10 9.1l5.1-2.9zM4 7.9v5.4l5 2.8v-5.3zm12 0-5 2.9v5.3l5-2.8z",
    );
    pub(crate) const LOCK: Self = Self(
        "M10 1a4.5 4.5 0 0 1 4.5 4.5V8H17v11H3V8h2.5V5.5A4.5 4.5 0 0 1 10 1zm0 2a2.5 2.5 0 0 0-2.5 2.5V8h5V5.5A2.5 2.5 0 0 0 10 3z",
    );
}

impl fmt::Display for Icon {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            r#"<svg class="pf-v6-svg" viewBox="0 0 20 20" width="1em" height="1em" fill="currentColor" fill-rule="evenodd" aria-hidden="true"><path d="{}"/></svg>"#,
            self.0
        )
    }
}

impl HtmlSafe for Icon {}
