//! Parses an expression and evaluates it at the same time.

use super::value::Value;

/// Maximum nesting depth of an expression.
const MAX_DEPTH: usize = 32;

/// Parser of one expression. Each method returns `None` for syntax that is not supported.
pub(super) struct Parser<'e> {
    rest: &'e str,
    depth: usize,
    field: &'e dyn Fn(&str) -> Value,
}

impl<'e> Parser<'e> {
    /// Creates a parser of an expression, with `field` as the values of its fields.
    pub(super) fn new(expression: &'e str, field: &'e dyn Fn(&str) -> Value) -> Self {
        Self { rest: expression, depth: 0, field }
    }

    /// Returns the value of the whole expression.
    pub(super) fn evaluate(mut self) -> Option<Value> {
        let value = self.disjunction()?;
        self.rest.trim().is_empty().then_some(value)
    }

    fn disjunction(&mut self) -> Option<Value> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut value = self.conjunction()?;
        while self.take("||") {
            value = value.or(&self.conjunction()?);
        }
        self.depth -= 1;
        Some(value)
    }

    fn conjunction(&mut self) -> Option<Value> {
        let mut value = self.relation()?;
        while self.take("&&") {
            value = value.and(&self.relation()?);
        }
        Some(value)
    }

    fn relation(&mut self) -> Option<Value> {
        let left = self.negation()?;
        if self.take("==") {
            Some(left.equals(&self.negation()?))
        } else if self.take("!=") {
            Some(left.equals(&self.negation()?).not())
        } else if self.take_word("in") {
            Some(left.is_in(&self.negation()?))
        } else {
            Some(left)
        }
    }

    fn negation(&mut self) -> Option<Value> {
        let mut is_negated = false;
        while !self.rest.trim_start().starts_with("!=") && self.take("!") {
            is_negated = !is_negated;
        }
        let value = self.primary()?;
        Some(if is_negated { value.not() } else { value })
    }

    fn primary(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        let value = if self.take("(") {
            let value = self.disjunction()?;
            self.take(")").then_some(value)?
        } else if self.take("[") {
            Value::List(self.arguments("]")?)
        } else if self.rest.starts_with(['\'', '"']) {
            self.string()?
        } else {
            return self.path();
        };
        self.methods(value)
    }

    /// Parses a field such as `request.userInfo.groups`, a constant or a call, with the methods called on it.
    fn path(&mut self) -> Option<Value> {
        let mut path = self.word()?.to_owned();
        match path.as_str() {
            "true" => return Some(Value::Bool(true)),
            "false" => return Some(Value::Bool(false)),
            _ => {}
        }
        loop {
            if self.take("(") {
                let arguments = self.arguments(")")?;
                let Some((owner, function)) = path.rsplit_once('.') else {
                    return self.methods(Value::Unknown);
                };
                let value = (self.field)(owner).call(function, &arguments);
                return self.methods(value);
            }
            if !self.take(".") {
                let value = (self.field)(&path);
                return self.methods(value);
            }
            self.take("?");
            path = format!("{path}.{}", self.word()?);
        }
    }

    /// Parses the calls, fields and indices after a value.
    fn methods(&mut self, mut value: Value) -> Option<Value> {
        loop {
            if self.take("[") {
                self.arguments("]")?;
                value = Value::Unknown;
            } else if self.take(".") {
                self.take("?");
                let function = self.word()?;
                let arguments = if self.take("(") { self.arguments(")")? } else { Vec::new() };
                value = value.call(function, &arguments);
            } else {
                return Some(value);
            }
        }
    }

    fn arguments(&mut self, end: &str) -> Option<Vec<Value>> {
        let mut arguments = Vec::new();
        while !self.take(end) {
            arguments.push(self.disjunction()?);
            if !self.take(",") {
                return self.take(end).then_some(arguments);
            }
        }
        Some(arguments)
    }

    /// Parses a string without escapes.
    fn string(&mut self) -> Option<Value> {
        let quote = self.rest.chars().next()?;
        let (text, rest) = self.rest[1..].split_once(quote)?;
        self.rest = rest;
        (!text.contains('\\')).then(|| Value::text(text))
    }

    fn word(&mut self) -> Option<&'e str> {
        self.rest = self.rest.trim_start();
        let is_part = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let end = self.rest.find(|character| !is_part(character)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn take(&mut self, symbol: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(symbol);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn take_word(&mut self, word: &str) -> bool {
        let before = self.rest;
        let is_taken = self.word() == Some(word);
        if !is_taken {
            self.rest = before;
        }
        is_taken
    }
}
