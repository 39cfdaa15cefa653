//! A list of strings: constants in built-in rules, owned in rules that are made at run time.

use std::sync::Arc;

/// Strings that are cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum StrList {
    Static(&'static [&'static str]),
    Shared(Arc<[String]>),
}

impl StrList {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let (constants, owned) = match self {
            Self::Static(strings) => (*strings, &[][..]),
            Self::Shared(strings) => (&[][..], &**strings),
        };
        constants.iter().copied().chain(owned.iter().map(String::as_str))
    }
}

impl From<Vec<String>> for StrList {
    fn from(strings: Vec<String>) -> Self {
        Self::Shared(strings.into())
    }
}
