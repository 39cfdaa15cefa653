//! The parameters of queries, all optional.

use axum::{extract::FromRequestParts, http::request::Parts};
use ccx_config::Escaping;
use ccx_http::{RequestError, shown};

/// Longest list that is sent in parts, when a client asks for parts.
const MAX_LIMIT: usize = 10_000;

/// The parameters of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = RequestError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, RequestError> {
        match axum::extract::Query::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(parameters)) => Ok(Self(parameters)),
            Err(error) => Err(RequestError::BadParameter {
                name: "query".into(),
                value: shown(parts.uri.query().unwrap_or_default()),
                reason: error.body_text(),
            }),
        }
    }
}

impl Query {
    /// Returns the text of a parameter; empty ones count as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(given, value)| given == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// Returns whether a parameter is present, whatever its value.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| given == name)
    }

    /// Returns all values of a parameter.
    pub(crate) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Returns a truth value, in the spellings of Go's `ParseBool`.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, RequestError> {
        self.parsed(name, "Unparsable boolean value", |text| match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
            _ => None,
        })
    }

    /// Returns how data is inserted into rendered texts.
    pub(crate) fn escaping(&self) -> Result<Option<Escaping>, RequestError> {
        self.parsed("escaping", "none or markdown expected", Escaping::parse)
    }

    /// Returns severities, separated by commas.
    pub(crate) fn risks(&self, name: &str) -> Result<Option<Vec<u8>>, RequestError> {
        self.parsed(name, "severities from 1 to 4, separated by commas, expected", |text| {
            let risk = |text: &str| text.trim().parse().ok().filter(|risk| (1..=4).contains(risk));
            text.split(',').map(risk).collect()
        })
    }

    /// Returns the part of a list that is asked for.
    pub(crate) fn page(&self) -> Result<Page, RequestError> {
        let number = |name| {
            self.parsed(name, "a number from 0 to 1000000 expected", |text| {
                text.parse::<usize>().ok().filter(|number| *number <= 1_000_000)
            })
        };
        Ok(Page {
            limit: number("limit")?.map(|limit| limit.min(MAX_LIMIT)),
            offset: number("offset")?.unwrap_or(0),
        })
    }

    fn parsed<T>(
        &self,
        name: &str,
        reason: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, RequestError> {
        let Some(text) = self.text(name) else { return Ok(None) };
        let value = parse(text).ok_or_else(|| bad_parameter(name, text, reason))?;
        Ok(Some(value))
    }
}

/// Returns the rejection of a value.
pub(crate) fn bad_parameter(name: &str, value: &str, reason: &str) -> RequestError {
    RequestError::BadParameter { name: name.into(), value: shown(value), reason: reason.into() }
}

/// A part of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) limit: Option<usize>,
    pub(crate) offset: usize,
}

impl Page {
    /// Returns this part of a list; all of it when the client asked for no part.
    pub(crate) fn slice<T>(self, list: Vec<T>) -> Vec<T> {
        if self == Self::default() {
            return list;
        }
        list.into_iter().skip(self.offset).take(self.limit.unwrap_or(usize::MAX)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(parameters: &[(&str, &str)]) -> Query {
        Query(parameters.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn flag_has_the_spellings_of_go() {
        for (text, expected) in [("true", true), ("T", true), ("1", true), ("False", false), ("0", false)] {
            assert_eq!(query(&[("a", text)]).flag("a").unwrap(), Some(expected), "{text}");
        }
        assert_eq!(query(&[("a", "")]).flag("a").unwrap(), None);
        let error = query(&[("a", "maybe")]).flag("a").unwrap_err().to_string();
        assert_eq!(
            error,
            "Error during parsing param 'a' with value 'maybe'. Error: 'Unparsable boolean value'"
        );
    }

    #[test]
    fn page_is_the_whole_list_by_default_and_a_part_on_demand() {
        let list = vec![1, 2, 3, 4];
        assert_eq!(query(&[]).page().unwrap().slice(list.clone()), list);
        assert_eq!(query(&[("limit", "2"), ("offset", "1")]).page().unwrap().slice(list.clone()), [2, 3]);
        assert_eq!(query(&[("offset", "9")]).page().unwrap().slice(list), [0; 0]);
        assert!(query(&[("limit", "-1")]).page().is_err());
    }

    #[test]
    fn risks_out_of_range_are_rejected() {
        assert_eq!(query(&[("total_risk", "1,4")]).risks("total_risk").unwrap(), Some(vec![1, 4]));
        assert!(query(&[("total_risk", "1,5")]).risks("total_risk").is_err());
    }
}
