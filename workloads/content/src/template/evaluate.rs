//! Evaluation of expressions.

use std::cmp::Ordering;

use super::{
    error::{RenderError, RenderErrorKind},
    functions, methods,
    render::{MAX_TEXT_BYTES, Rendered, Renderer, at},
    syntax::{Binary, Expression, ExpressionKind, Literal, Unary},
    text::Text,
    value::{TooDeep, Value},
};
use crate::Position;

impl<'a> Renderer<'a> {
    /// Evaluates an expression.
    pub(super) fn evaluate(&mut self, expression: &'a Expression) -> Rendered<Value<'a>> {
        let position = expression.position;
        self.charge(position, 0)?;
        match &expression.kind {
            ExpressionKind::Details => Ok(self.details.into()),
            ExpressionKind::Variable(variable) => Ok(self.variables[*variable].clone()),
            ExpressionKind::Literal(literal) => Ok(literal.into()),
            ExpressionKind::List(items) => self.list(position, items),
            ExpressionKind::Member { object, name } => {
                let object = self.evaluate(object)?;
                functions::member(&object, name).map_err(at(position))
            }
            ExpressionKind::Index { object, index } => {
                let (object, index) = (self.evaluate(object)?, self.evaluate(index)?);
                self.charge(position, index.weight())?;
                functions::indexed(&object, &index).map_err(at(position))
            }
            ExpressionKind::Method { receiver, method, arguments } => {
                let receiver = self.evaluate(receiver)?;
                let arguments = self.arguments(position, arguments)?;
                self.charge(position, receiver.weight())?;
                let value = methods::call(*method, &receiver, &arguments).map_err(at(position))?;
                self.keep(position, value)
            }
            ExpressionKind::Call { function, arguments } => {
                let arguments = self.arguments(position, arguments)?;
                let value = functions::call(*function, &arguments).map_err(at(position))?;
                self.keep(position, value)
            }
            ExpressionKind::Unary { operator, operand } => {
                let operand = self.evaluate(operand)?;
                self.charge(position, operand.weight())?;
                unary(*operator, &operand).map_err(at(position))
            }
            ExpressionKind::Binary { operator, left, right } => self.binary(position, *operator, left, right),
            ExpressionKind::Conditional { condition, yes, no } => {
                let chosen = if self.evaluate(condition)?.is_true() { yes } else { no };
                self.evaluate(chosen)
            }
        }
    }

    fn list(&mut self, position: Position, items: &'a [Expression]) -> Rendered<Value<'a>> {
        let items: Vec<_> = items.iter().map(|item| self.evaluate(item)).collect::<Rendered<_>>()?;
        Value::list(items).map_err(at(position))
    }

    fn arguments(&mut self, position: Position, arguments: &'a [Expression]) -> Rendered<Vec<Value<'a>>> {
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let value = self.evaluate(argument)?;
            self.charge(position, value.weight())?;
            values.push(value);
        }
        Ok(values)
    }

    /// Charges a computed value; fails if it is too long.
    fn keep(&mut self, position: Position, value: Value<'a>) -> Rendered<Value<'a>> {
        let bytes = value.weight();
        self.charge(position, bytes)?;
        if bytes > MAX_TEXT_BYTES {
            return Err(RenderError { position, kind: RenderErrorKind::TooLong { limit: MAX_TEXT_BYTES } });
        }
        Ok(value)
    }

    fn binary(
        &mut self,
        position: Position,
        operator: Binary,
        left: &'a Expression,
        right: &'a Expression,
    ) -> Rendered<Value<'a>> {
        let left = self.evaluate(left)?;
        let is_decided = match operator {
            Binary::And => !left.is_true(),
            Binary::Or => left.is_true(),
            Binary::Coalesce => !left.is_nothing(),
            _ => false,
        };
        if is_decided {
            return Ok(left);
        }
        let right = self.evaluate(right)?;
        if matches!(operator, Binary::And | Binary::Or | Binary::Coalesce) {
            return Ok(right);
        }
        self.charge(position, left.weight().saturating_add(right.weight()))?;
        let value = operate(operator, &left, &right).map_err(at(position))?;
        self.keep(position, value)
    }
}

impl<'a> From<&'a Literal> for Value<'a> {
    fn from(literal: &'a Literal) -> Self {
        match literal {
            Literal::Undefined => Self::Undefined,
            Literal::Null => Self::Null,
            Literal::Bool(value) => Self::Bool(*value),
            Literal::Number(number) => Self::Number(*number),
            Literal::Text(text) => Self::Text(Text::Borrowed(text)),
        }
    }
}

fn unary<'a>(operator: Unary, operand: &Value<'a>) -> Result<Value<'a>, TooDeep> {
    Ok(match operator {
        Unary::Not => Value::Bool(!operand.is_true()),
        Unary::Negate => Value::Number(-operand.to_number()?),
        Unary::Number => Value::Number(operand.to_number()?),
        Unary::TypeOf => Value::Text(Text::Borrowed(operand.type_of())),
    })
}

/// Applies an operator that evaluates both operands.
fn operate<'a>(operator: Binary, left: &Value<'a>, right: &Value<'a>) -> Result<Value<'a>, RenderErrorKind> {
    let numbers = || Ok::<_, TooDeep>((left.to_number()?, right.to_number()?));
    let is_ordered =
        |is_wanted: fn(Ordering) -> bool| Ok::<_, TooDeep>(left.compare(right)?.is_some_and(is_wanted));
    Ok(match operator {
        Binary::LooselyEqual => Value::Bool(left.loosely_equals(right)?),
        Binary::LooselyUnequal => Value::Bool(!left.loosely_equals(right)?),
        Binary::Equal => Value::Bool(left.equals(right)),
        Binary::Unequal => Value::Bool(!left.equals(right)),
        Binary::Less => Value::Bool(is_ordered(Ordering::is_lt)?),
        Binary::LessOrEqual => Value::Bool(is_ordered(Ordering::is_le)?),
        Binary::Greater => Value::Bool(is_ordered(Ordering::is_gt)?),
        Binary::GreaterOrEqual => Value::Bool(is_ordered(Ordering::is_ge)?),
        Binary::In => Value::Bool(functions::has(right, left)?),
        Binary::Add => left.plus(right)?,
        Binary::Subtract => Value::Number(numbers().map(|(a, b)| a - b)?),
        Binary::Multiply => Value::Number(numbers().map(|(a, b)| a * b)?),
        Binary::Divide => Value::Number(numbers().map(|(a, b)| a / b)?),
        Binary::Remainder => Value::Number(numbers().map(|(a, b)| a % b)?),
        Binary::And | Binary::Or | Binary::Coalesce => right.clone(),
    })
}
