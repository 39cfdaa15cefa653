//! Parsing of expressions.

use super::{MAX_DEPTH, Parser, leaf};
use crate::{
    Position,
    template::{
        error::{SyntaxError, SyntaxErrorKind},
        syntax::{Binary, Expression, ExpressionKind, Function, Literal, Method, Unary},
        tokens::TokenKind,
    },
};

type Parsed = Result<Expression, SyntaxError>;

/// Returns whether a name is a keyword or predefined, so that no variable can have it.
pub(super) fn is_reserved(name: &str) -> bool {
    const WORDS: [&str; 30] = [
        "Array",
        "Infinity",
        "Math",
        "NaN",
        "Object",
        "const",
        "delete",
        "do",
        "else",
        "false",
        "for",
        "function",
        "if",
        "in",
        "instanceof",
        "let",
        "new",
        "null",
        "of",
        "out",
        "pydata",
        "return",
        "this",
        "throw",
        "true",
        "typeof",
        "undefined",
        "var",
        "void",
        "while",
    ];
    WORDS.contains(&name) || Function::by_name(name).is_some()
}

/// Returns the binary operator of a token and its precedence.
fn binary_operator(token: &TokenKind<'_>) -> Option<(Binary, u8)> {
    let symbol = match token {
        TokenKind::Symbol(symbol) => symbol,
        TokenKind::Name("in") => "in",
        _ => return None,
    };
    Some(match symbol {
        "??" => (Binary::Coalesce, 1),
        "||" => (Binary::Or, 1),
        "&&" => (Binary::And, 2),
        "==" => (Binary::LooselyEqual, 3),
        "!=" => (Binary::LooselyUnequal, 3),
        "===" => (Binary::Equal, 3),
        "!==" => (Binary::Unequal, 3),
        "<" => (Binary::Less, 4),
        "<=" => (Binary::LessOrEqual, 4),
        ">" => (Binary::Greater, 4),
        ">=" => (Binary::GreaterOrEqual, 4),
        "in" => (Binary::In, 4),
        "+" => (Binary::Add, 5),
        "-" => (Binary::Subtract, 5),
        "*" => (Binary::Multiply, 6),
        "/" => (Binary::Divide, 6),
        "%" => (Binary::Remainder, 6),
        _ => return None,
    })
}

impl Parser<'_> {
    /// Parses an expression: operators, and `condition ? yes : no`, which has the lowest precedence.
    pub(super) fn expression(&mut self) -> Parsed {
        self.nested(|parser| {
            let condition = parser.operators(1)?;
            if parser.take_symbol("?").is_none() {
                return Ok(condition);
            }
            let position = condition.position;
            let yes = parser.expression()?;
            parser.expect_symbol(":")?;
            let no = parser.expression()?;
            let depth = condition.depth.max(yes.depth).max(no.depth);
            let kind = ExpressionKind::Conditional {
                condition: Box::new(condition),
                yes: Box::new(yes),
                no: Box::new(no),
            };
            parser.node_over(position, depth, kind)
        })
    }

    /// Parses left-associative operators with a precedence of at least `min_strength`.
    fn operators(&mut self, min_strength: u8) -> Parsed {
        let mut left = self.unary()?;
        while let Some((operator, strength)) =
            binary_operator(self.peek()).filter(|found| found.1 >= min_strength)
        {
            let position = self.position();
            self.next += 1;
            left = self.binary(operator, left, position, |parser| parser.operators(strength + 1))?;
        }
        Ok(left)
    }

    /// Parses the right operand by `right`, and applies the operator to both.
    pub(super) fn binary(
        &mut self,
        operator: Binary,
        left: Expression,
        position: Position,
        right: impl FnOnce(&mut Self) -> Parsed,
    ) -> Parsed {
        let right = right(self)?;
        let depth = left.depth.max(right.depth);
        self.node_over(
            position,
            depth,
            ExpressionKind::Binary { operator, left: Box::new(left), right: Box::new(right) },
        )
    }

    fn unary(&mut self) -> Parsed {
        let operator = match self.peek() {
            TokenKind::Symbol("!") => Unary::Not,
            TokenKind::Symbol("-") => Unary::Negate,
            TokenKind::Symbol("+") => Unary::Number,
            TokenKind::Name("typeof") => Unary::TypeOf,
            _ => return self.postfix(),
        };
        let position = self.position();
        self.next += 1;
        let operand = self.nested(Self::unary)?;
        let depth = operand.depth;
        self.node_over(position, depth, ExpressionKind::Unary { operator, operand: Box::new(operand) })
    }

    /// Parses a value with the members, indices and calls after it.
    fn postfix(&mut self) -> Parsed {
        let mut value = self.value()?;
        loop {
            value = if self.take_symbol(".").is_some() {
                self.member(value)?
            } else if self.take_symbol("[").is_some() {
                self.index(value)?
            } else if *self.peek() == TokenKind::Symbol("(") {
                return Err(self.unsupported(
                    "calling a value",
                    "only methods and functions like Object.keys can be called",
                ));
            } else {
                return Ok(value);
            };
        }
    }

    /// Parses the member after the point.
    fn member(&mut self, object: Expression) -> Parsed {
        let position = self.position();
        let &TokenKind::Name(name) = self.peek() else { return Err(self.expected("the name of a member")) };
        if *self.peek_second() != TokenKind::Symbol("(") {
            self.next += 1;
            return self.read(object, name, position);
        }
        let Some(method) = Method::by_name(name) else {
            return Err(self.unsupported(
                &format!("the method {name}"),
                "write a loop, or let the rule prepare the value",
            ));
        };
        self.next += 2;
        let arguments = self.list(")")?;
        let depth = arguments.iter().map(|argument| argument.depth).fold(object.depth, usize::max);
        self.node_over(
            position,
            depth,
            ExpressionKind::Method { receiver: Box::new(object), method, arguments },
        )
    }

    fn read(&mut self, object: Expression, name: &str, position: Position) -> Parsed {
        if object.kind == ExpressionKind::Details {
            self.keys.insert(name.to_owned());
        }
        let depth = object.depth;
        self.node_over(
            position,
            depth,
            ExpressionKind::Member { object: Box::new(object), name: name.into() },
        )
    }

    /// Parses the index after the opening bracket.
    fn index(&mut self, object: Expression) -> Parsed {
        let position = self.position();
        let index = self.expression()?;
        self.expect_symbol("]")?;
        if let ExpressionKind::Literal(Literal::Text(name)) = &index.kind {
            return self.read(object, name, position);
        }
        let depth = object.depth.max(index.depth);
        self.node_over(
            position,
            depth,
            ExpressionKind::Index { object: Box::new(object), index: Box::new(index) },
        )
    }

    /// Parses comma-separated expressions up to `closing`.
    fn list(&mut self, closing: &'static str) -> Result<Vec<Expression>, SyntaxError> {
        let mut items = Vec::new();
        while self.take_symbol(closing).is_none() {
            items.push(self.expression()?);
            if self.take_symbol(",").is_none() {
                self.expect_symbol(closing)?;
                break;
            }
        }
        Ok(items)
    }

    fn value(&mut self) -> Parsed {
        let position = self.position();
        let literal = |literal| Ok(leaf(position, ExpressionKind::Literal(literal)));
        match self.peek().clone() {
            TokenKind::Number(number) => {
                self.next += 1;
                literal(Literal::Number(number))
            }
            TokenKind::String(text) => {
                self.next += 1;
                literal(Literal::Text(text.into()))
            }
            TokenKind::Symbol("(") => {
                self.next += 1;
                let value = self.expression()?;
                self.expect_symbol(")")?;
                Ok(value)
            }
            TokenKind::Symbol("[") => {
                self.next += 1;
                let items = self.list("]")?;
                let depth = items.iter().map(|item| item.depth).max().unwrap_or_default();
                self.node_over(position, depth, ExpressionKind::List(items))
            }
            TokenKind::Symbol("{") => {
                Err(self.unsupported("an object in braces", "let the rule prepare the value"))
            }
            TokenKind::Symbol("/") => {
                Err(self.unsupported("a regular expression", "use includes or indexOf"))
            }
            TokenKind::Name(name) => self.name(name),
            _ => Err(self.expected("a value")),
        }
    }

    fn name(&mut self, name: &str) -> Parsed {
        let position = self.position();
        let kind = match name {
            "pydata" => ExpressionKind::Details,
            "true" => ExpressionKind::Literal(Literal::Bool(true)),
            "false" => ExpressionKind::Literal(Literal::Bool(false)),
            "null" => ExpressionKind::Literal(Literal::Null),
            "undefined" => ExpressionKind::Literal(Literal::Undefined),
            "NaN" => ExpressionKind::Literal(Literal::Number(f64::NAN)),
            "Infinity" => ExpressionKind::Literal(Literal::Number(f64::INFINITY)),
            "Array" | "Math" | "Object" => return self.function_of(name),
            "function" | "new" => {
                return Err(self.unsupported(name, "write a loop, or let the rule prepare the value"));
            }
            _ => match Function::by_name(name) {
                Some(function) => {
                    self.next += 1;
                    return self.call(function, position);
                }
                None => ExpressionKind::Variable(self.lookup(name)?),
            },
        };
        self.next += 1;
        Ok(leaf(position, kind))
    }

    /// Parses a function such as `Object.keys`.
    fn function_of(&mut self, object: &str) -> Parsed {
        let position = self.position();
        self.next += 1;
        self.expect_symbol(".")?;
        let &TokenKind::Name(member) = self.peek() else {
            return Err(self.expected("the name of a function"));
        };
        let name = format!("{object}.{member}");
        let Some(function) = Function::by_name(&name) else {
            return Err(self.unsupported(&name, "let the rule prepare the value"));
        };
        self.next += 1;
        self.call(function, position)
    }

    fn call(&mut self, function: Function, position: Position) -> Parsed {
        self.expect_symbol("(")?;
        let arguments = self.list(")")?;
        let depth = arguments.iter().map(|argument| argument.depth).max().unwrap_or_default();
        self.node_over(position, depth, ExpressionKind::Call { function, arguments })
    }

    /// Creates an expression over others, the deepest of which has this depth.
    fn node_over(&self, position: Position, depth: usize, kind: ExpressionKind) -> Parsed {
        if depth + 1 > MAX_DEPTH {
            return Err(self.error(SyntaxErrorKind::TooDeep { limit: MAX_DEPTH }));
        }
        Ok(Expression { position, depth: depth + 1, kind })
    }
}
