//! Rendering of a template with details.

use serde_json::Value as Json;

use super::{
    error::{Blank, BlankKind, RenderError, RenderErrorKind},
    functions,
    syntax::{Escaping, Expression, Node, Variable},
    text,
    value::{TooDeep, Value},
};
use crate::Position;

/// Maximum steps of a rendering: nodes, expressions, and pieces of text of [`BYTES_PER_STEP`]. The largest
/// known text takes a few thousand; this many take some milliseconds.
const MAX_STEPS: usize = 200_000;

/// Bytes of text that count as one step.
const BYTES_PER_STEP: usize = 16;

/// Maximum length of a text, also of an intermediate value. Details have at most 64 kB.
pub(super) const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// The state of one rendering.
pub(super) struct Renderer<'a> {
    pub(super) details: &'a Json,
    pub(super) variables: Vec<Value<'a>>,
    output: String,
    steps_left: usize,
    blanks: Vec<Blank>,
}

pub(super) type Rendered<T> = Result<T, RenderError>;

impl<'a> Renderer<'a> {
    pub(super) fn new(details: &'a Json, variables: usize) -> Self {
        Self {
            details,
            variables: vec![Value::Undefined; variables],
            output: String::new(),
            steps_left: MAX_STEPS,
            blanks: Vec::new(),
        }
    }

    pub(super) fn render(mut self, block: &'a [Node]) -> Rendered<(String, Vec<Blank>)> {
        self.block(block)?;
        Ok((self.output, self.blanks))
    }

    /// Counts a step, and more for a long text; fails when the limit is exceeded.
    pub(super) fn charge(&mut self, position: Position, bytes: usize) -> Rendered<()> {
        let steps = 1 + bytes / BYTES_PER_STEP;
        let kind = RenderErrorKind::TooManySteps { limit: MAX_STEPS };
        self.steps_left = self.steps_left.checked_sub(steps).ok_or(RenderError { position, kind })?;
        Ok(())
    }

    fn block(&mut self, block: &'a [Node]) -> Rendered<()> {
        block.iter().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &'a Node) -> Rendered<()> {
        match node {
            Node::Text(text) => self.print(Position { line: 1, column: 1 }, text),
            Node::Print { value, escaping } => self.print_value(value, *escaping),
            Node::If { branches, otherwise } => {
                for (condition, block) in branches {
                    if self.evaluate(condition)?.is_true() {
                        return self.block(block);
                    }
                }
                self.block(otherwise)
            }
            Node::Each { list, item, index, body } => self.each(list, *item, *index, body),
            Node::ForIn { key, object, body } => {
                let object_value = self.evaluate(object)?;
                let keys = functions::keys(&object_value).unwrap_or_default();
                self.for_each(object.position, *key, keys, body)
            }
            Node::ForOf { item, list, body } => {
                let list_value = self.evaluate(list)?;
                let items = functions::items(&list_value).map_err(at(list.position))?;
                self.for_each(list.position, *item, items, body)
            }
            Node::For { start, condition, step, body } => {
                self.counter_loop(start.as_deref(), condition.as_ref(), step.as_deref(), body)
            }
            Node::Assign { variable, value } => {
                self.variables[*variable] = self.evaluate(value)?;
                Ok(())
            }
            Node::Evaluate(value) => self.evaluate(value).map(|_| ()),
        }
    }

    fn print_value(&mut self, expression: &'a Expression, escaping: Escaping) -> Rendered<()> {
        let position = expression.position;
        let value = self.evaluate(expression)?;
        self.charge(position, value.weight())?;
        if let Some(placeholder) = placeholder(&value) {
            self.blanks.push(Blank { position, kind: BlankKind::Placeholder(placeholder) });
        }
        match escaping {
            Escaping::None => self.print(position, &value.to_text().map_err(at(position))?),
            // doT prints nothing for a false value.
            Escaping::Html if !value.is_true() => Ok(()),
            Escaping::Html => {
                self.print(position, &text::encode_html(&value.to_text().map_err(at(position))?))
            }
        }
    }

    fn print(&mut self, position: Position, text: &str) -> Rendered<()> {
        self.charge(position, text.len())?;
        if self.output.len() + text.len() > MAX_TEXT_BYTES {
            return Err(RenderError { position, kind: RenderErrorKind::TooLong { limit: MAX_TEXT_BYTES } });
        }
        self.output.push_str(text);
        Ok(())
    }

    /// Renders doT's loop: while the index is below the length; no iteration for a false value.
    fn each(
        &mut self,
        list: &'a Expression,
        item: Variable,
        index: Option<Variable>,
        body: &'a [Node],
    ) -> Rendered<()> {
        let position = list.position;
        let list = self.evaluate(list)?;
        if !list.is_true() {
            return Ok(());
        }
        if let Some(kind) = no_list(&list) {
            self.blanks.push(Blank { position, kind: BlankKind::NoList(kind) });
        }
        let length = functions::member(&list, "length")
            .and_then(|length| Ok(length.to_number()?))
            .map_err(at(position))?;
        self.set_index(index, Value::Number(-1.0));
        let mut count = 0;
        while Value::count(count).to_number().is_ok_and(|count| count < length) {
            self.charge(position, 0)?;
            self.set_index(index, Value::count(count));
            self.variables[item] = match &list {
                Value::Object(_) => functions::member(&list, &count.to_string()).map_err(at(position))?,
                list => list.item(count),
            };
            self.block(body)?;
            count += 1;
        }
        Ok(())
    }

    fn set_index(&mut self, index: Option<Variable>, value: Value<'a>) {
        if let Some(index) = index {
            self.variables[index] = value;
        }
    }

    fn for_each(
        &mut self,
        position: Position,
        variable: Variable,
        values: Vec<Value<'a>>,
        body: &'a [Node],
    ) -> Rendered<()> {
        for value in values {
            self.charge(position, 0)?;
            self.variables[variable] = value;
            self.block(body)?;
        }
        Ok(())
    }

    fn counter_loop(
        &mut self,
        start: Option<&'a Node>,
        condition: Option<&'a Expression>,
        step: Option<&'a Node>,
        body: &'a [Node],
    ) -> Rendered<()> {
        let position = condition.map_or(Position { line: 1, column: 1 }, |condition| condition.position);
        start.map_or(Ok(()), |start| self.node(start))?;
        loop {
            self.charge(position, 0)?;
            let goes_on = condition.map_or(Ok(true), |condition| Ok(self.evaluate(condition)?.is_true()))?;
            if !goes_on {
                return Ok(());
            }
            self.block(body)?;
            step.map_or(Ok(()), |step| self.node(step))?;
        }
    }
}

/// Returns the placeholder that is printed for a value without a text of its own.
fn placeholder(value: &Value<'_>) -> Option<&'static str> {
    match value {
        Value::Undefined => Some("undefined"),
        Value::Null => Some("null"),
        Value::Number(number) if number.is_nan() => Some("NaN"),
        Value::Object(_) => Some("[object Object]"),
        Value::Array(_) | Value::List(_) => {
            value.to_text().is_ok_and(|text| text.contains("[object Object]")).then_some("[object Object]")
        }
        _ => None,
    }
}

/// Returns the kind of a value that doT's loop passes over without an iteration.
fn no_list(value: &Value<'_>) -> Option<&'static str> {
    match value {
        Value::Number(_) => Some("a number"),
        Value::Bool(_) => Some("a boolean"),
        Value::Object(fields) if !fields.contains_key("length") => Some("an object"),
        _ => None,
    }
}

/// Returns a function that adds a position to an error.
pub(super) fn at<E: Into<RenderErrorKind>>(position: Position) -> impl FnOnce(E) -> RenderError {
    move |error| RenderError { position, kind: error.into() }
}

impl From<TooDeep> for RenderErrorKind {
    fn from(_: TooDeep) -> Self {
        Self::ValueTooDeep
    }
}
