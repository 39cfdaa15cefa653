//! The query of a URL: filters, order and position of a list, so that every view has a link.

use url::form_urlencoded;

/// Limits the parameters that are looked at.
const MAX_PARAMETERS: usize = 64;

/// The parameters of a URL, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Parses the part of a URL after `?`. Parameters without a value, which forms send for empty fields, are left out.
    pub(crate) fn parse(query: Option<&str>) -> Self {
        let pairs =
            form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().take(MAX_PARAMETERS);
        Self(pairs.filter(|(_, value)| !value.trim().is_empty()).collect())
    }

    /// Returns the value of a parameter.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim())
    }

    /// Returns the values of a parameter, whether it is repeated, as by forms, or has several separated by commas, as in the Advisor's links.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let values = self.0.iter().filter(|(key, _)| key == name);
        values
            .flat_map(|(_, value)| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .collect()
    }

    /// Returns the number of a parameter.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.value(name)?.parse().ok()
    }

    /// Returns a copy with exactly one value of a parameter.
    pub(crate) fn with(&self, name: &str, value: &str) -> Self {
        let mut copy = self.without(&[name]);
        copy.0.push((name.to_owned(), value.to_owned()));
        copy
    }

    /// Returns a copy without some parameters.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(key, _)| !names.contains(&key.as_str())).cloned().collect())
    }

    /// Returns a copy without one of the values of a parameter.
    pub(crate) fn without_value(&self, name: &str, value: &str) -> Self {
        let mut copy = self.without(&[name]);
        let rest = self.values(name).into_iter().filter(|other| *other != value);
        copy.0.extend(rest.map(|other| (name.to_owned(), other.to_owned())));
        copy
    }

    /// Returns the parameters except for some, for hidden fields of a form.
    pub(crate) fn pairs_without(&self, names: &[&str]) -> Vec<(String, String)> {
        self.without(names).0
    }

    /// Returns the link to the current page with these parameters.
    pub(crate) fn href(&self, path: &str) -> String {
        if self.0.is_empty() {
            return path.to_owned();
        }
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish();
        format!("{path}?{}", query.replace("%2C", ","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_repeated_or_separated_by_commas() {
        let query = Query::parse(Some("total_risk=4,3&text=&total_risk=%202&first=a.b%7CKEY"));
        assert_eq!(query.values("total_risk"), ["4", "3", "2"]);
        assert_eq!(query.value("text"), None);
        assert_eq!(query.value("first"), Some("a.b|KEY"));
    }

    #[test]
    fn href_changes_one_parameter_and_keeps_the_others() {
        let query = Query::parse(Some("text=a+b%26&hits=4,3&offset=20"));
        assert_eq!(query.without(&["offset"]).without_value("hits", "4").href("/x"), "/x?text=a+b%26&hits=3");
        assert_eq!(query.with("offset", "40").href("/x"), "/x?text=a+b%26&hits=4,3&offset=40");
        assert_eq!(Query::default().href("/x"), "/x");
    }

    #[test]
    fn parameters_are_bounded() {
        assert_eq!(Query::parse(Some(&"a=1&".repeat(1000))).values("a").len(), MAX_PARAMETERS);
    }
}
