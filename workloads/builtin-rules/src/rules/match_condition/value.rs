//! Values of expressions, known or unknown.

/// Value of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Bool(bool),
    Text(String),
    List(Vec<Value>),
    Unknown,
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) fn texts(texts: &[&str]) -> Self {
        Self::List(texts.iter().map(|text| Self::text(text)).collect())
    }

    fn from_known(known: Option<bool>) -> Self {
        known.map_or(Self::Unknown, Self::Bool)
    }

    fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// Returns whether the value and all its elements are known.
    fn is_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::List(items) => items.iter().all(Self::is_known),
            Self::Bool(_) | Self::Text(_) => true,
        }
    }

    pub(super) fn not(&self) -> Self {
        Self::from_known(self.as_bool().map(|value| !value))
    }

    /// Returns `self && other`: false if one is false, even if the other is unknown.
    pub(super) fn and(&self, other: &Self) -> Self {
        Self::from_known(match (self.as_bool(), other.as_bool()) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        })
    }

    /// Returns `self || other`.
    pub(super) fn or(&self, other: &Self) -> Self {
        self.not().and(&other.not()).not()
    }

    pub(super) fn equals(&self, other: &Self) -> Self {
        Self::from_known((self.is_known() && other.is_known()).then(|| self == other))
    }

    /// Returns `self in list`.
    pub(super) fn is_in(&self, list: &Self) -> Self {
        let Self::List(items) = list else { return Self::Unknown };
        items.iter().fold(Self::Bool(false), |found, item| found.or(&self.equals(item)))
    }

    /// Calls a string function such as `startsWith`.
    pub(super) fn call(&self, function: &str, arguments: &[Self]) -> Self {
        let (Self::Text(text), [Self::Text(argument)]) = (self, arguments) else { return Self::Unknown };
        Self::from_known(match function {
            "startsWith" => Some(text.starts_with(argument)),
            "endsWith" => Some(text.ends_with(argument)),
            "contains" => Some(text.contains(argument)),
            "matches" => matches_pattern(text, argument),
            _ => None,
        })
    }
}

/// Matches a pattern that is a prefix, such as `^openshift-.*`, or a whole text; `None` for other patterns.
fn matches_pattern(text: &str, pattern: &str) -> Option<bool> {
    let pattern = pattern.strip_prefix('^')?;
    let prefix = pattern.strip_suffix('$').unwrap_or(pattern).strip_suffix(".*");
    let is_literal = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match (prefix, pattern.strip_suffix('$')) {
        (Some(prefix), _) if is_literal(prefix) => Some(text.starts_with(prefix)),
        (None, Some(whole)) if is_literal(whole) => Some(text == whole),
        (None, None) if is_literal(pattern) => Some(text.starts_with(pattern)),
        _ => None,
    }
}
