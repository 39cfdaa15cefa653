//! Parsing of statements: JavaScript's loops, declarations and assignments.

use super::{Parser, leaf};
use crate::{
    Position,
    template::{
        error::SyntaxError,
        syntax::{Binary, ExpressionKind, Literal, Node, Variable},
        tokens::TokenKind,
    },
};

impl<'s> Parser<'s> {
    /// `{{ for (…) { }}`
    pub(super) fn for_statement(&mut self) -> Result<Node, SyntaxError> {
        let opened = self.position();
        self.next += 1;
        self.expect_symbol("(")?;
        let start = self.next;
        if let Some(variable) = self.loop_variable()? {
            let is_over_keys = self.take_word("in").is_some();
            if is_over_keys || self.take_word("of").is_some() {
                return self.for_each(variable, is_over_keys, opened);
            }
        }
        self.next = start;
        self.counter_loop(opened)
    }

    /// Parses the name at the start of a loop over keys or items.
    fn loop_variable(&mut self) -> Result<Option<Variable>, SyntaxError> {
        if matches!(self.peek(), TokenKind::Name("var" | "let" | "const")) {
            self.next += 1;
        }
        let (TokenKind::Name(name), TokenKind::Name("in" | "of")) = (self.peek().clone(), self.peek_second())
        else {
            return Ok(None);
        };
        let variable = self.declare(name)?;
        self.next += 1;
        Ok(Some(variable))
    }

    fn for_each(
        &mut self,
        variable: Variable,
        is_over_keys: bool,
        opened: Position,
    ) -> Result<Node, SyntaxError> {
        let over = self.expression()?;
        self.expect_symbol(")")?;
        self.expect_symbol("{")?;
        let body = self.block()?;
        self.end_of_braces(opened)?;
        Ok(if is_over_keys {
            Node::ForIn { key: variable, object: over, body }
        } else {
            Node::ForOf { item: variable, list: over, body }
        })
    }

    fn counter_loop(&mut self, opened: Position) -> Result<Node, SyntaxError> {
        let is_next = |parser: &Self, symbol| *parser.peek() == TokenKind::Symbol(symbol);
        let start = if is_next(self, ";") { None } else { Some(Box::new(self.simple_statement()?)) };
        self.expect_symbol(";")?;
        let condition = if is_next(self, ";") { None } else { Some(self.expression()?) };
        self.expect_symbol(";")?;
        let step = if is_next(self, ")") { None } else { Some(Box::new(self.simple_statement()?)) };
        self.expect_symbol(")")?;
        self.expect_symbol("{")?;
        let body = self.block()?;
        self.end_of_braces(opened)?;
        Ok(Node::For { start, condition, step, body })
    }

    /// Parses a declaration, an assignment, or an expression.
    pub(super) fn simple_statement(&mut self) -> Result<Node, SyntaxError> {
        if let TokenKind::Name("var" | "let" | "const") = self.peek() {
            self.next += 1;
            return self.declaration();
        }
        if let (&TokenKind::Name(name), &TokenKind::Symbol(symbol @ ("=" | "+=" | "-=" | "++" | "--"))) =
            (self.peek(), self.peek_second())
        {
            return self.assignment(name, symbol);
        }
        Ok(Node::Evaluate(self.expression()?))
    }

    /// Parses the rest of a declaration after `var`.
    fn declaration(&mut self) -> Result<Node, SyntaxError> {
        let &TokenKind::Name(name) = self.peek() else { return Err(self.expected("the name of a variable")) };
        let position = self.position();
        let variable = self.declare(name)?;
        self.next += 1;
        let value = if self.take_symbol("=").is_some() {
            self.expression()?
        } else {
            leaf(position, ExpressionKind::Literal(Literal::Undefined))
        };
        if *self.peek() == TokenKind::Symbol(",") {
            return Err(self.unsupported("a list of variables", "write var once for each"));
        }
        Ok(Node::Assign { variable, value })
    }

    fn assignment(&mut self, name: &'s str, symbol: &'static str) -> Result<Node, SyntaxError> {
        let position = self.position();
        let variable = self.lookup(name)?;
        self.next += 2;
        let old = leaf(position, ExpressionKind::Variable(variable));
        // `+ 1` would concatenate texts; subtracting -1 converts every value to a number.
        let one = |sign: f64| leaf(position, ExpressionKind::Literal(Literal::Number(sign)));
        let value = match symbol {
            "=" => self.expression()?,
            "+=" => self.binary(Binary::Add, old, position, Self::expression)?,
            "-=" => self.binary(Binary::Subtract, old, position, Self::expression)?,
            "++" => self.binary(Binary::Subtract, old, position, |_| Ok(one(-1.0)))?,
            _ => self.binary(Binary::Subtract, old, position, |_| Ok(one(1.0)))?,
        };
        Ok(Node::Assign { variable, value })
    }

    pub(super) fn end_of_statement(&mut self) -> Result<(), SyntaxError> {
        match self.peek() {
            TokenKind::TagEnd | TokenKind::Symbol(";") => {
                self.next += 1;
                Ok(())
            }
            TokenKind::Symbol("}") => Ok(()),
            _ => Err(self.expected("the end of the statement")),
        }
    }
}
