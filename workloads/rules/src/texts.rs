//! A list of texts that is a constant in built-in rules and owned in rules that are made at run time.

use std::sync::Arc;

/// Texts that are cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Texts {
    Static(&'static [&'static str]),
    Shared(Arc<[String]>),
}

impl Texts {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let (constants, owned) = match self {
            Self::Static(texts) => (*texts, &[][..]),
            Self::Shared(texts) => (&[][..], &**texts),
        };
        constants.iter().copied().chain(owned.iter().map(String::as_str))
    }
}

impl From<Vec<String>> for Texts {
    fn from(texts: Vec<String>) -> Self {
        Self::Shared(texts.into())
    }
}
