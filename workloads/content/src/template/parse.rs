//! Parsing of templates: blocks, and the tags in them.

use std::collections::BTreeSet;

use super::{
    Template,
    error::{SyntaxError, SyntaxErrorKind},
    syntax::{Block, Escaping, Expression, ExpressionKind, Node, Variable},
    tokens::{Token, TokenKind},
};
use crate::Position;

mod expression;
mod statement;

/// Maximum nesting of blocks, and of expressions. Parsing and rendering use stack for each level.
const MAX_DEPTH: usize = 50;

/// Parses a whole template.
pub(super) fn parse(tokens: Vec<Token<'_>>) -> Result<Template, SyntaxError> {
    let mut parser = Parser { tokens, next: 0, depth: 0, variables: Vec::new(), keys: BTreeSet::new() };
    let block = parser.block()?;
    match parser.peek() {
        TokenKind::End => Ok(Template { block, variables: parser.variables.len(), keys: parser.keys }),
        token @ (TokenKind::EndEach | TokenKind::EndIf | TokenKind::ElseIf | TokenKind::Else) => {
            let ended = if matches!(token, TokenKind::EndEach) { "a loop" } else { "a condition" };
            Err(parser.error(SyntaxErrorKind::NotOpen { tag: token.describe(), ended }))
        }
        _ => Err(parser.expected("the end of the template")),
    }
}

struct Parser<'s> {
    /// The last token is [`TokenKind::End`].
    tokens: Vec<Token<'s>>,
    next: usize,
    depth: usize,
    /// The names of the variables, by number.
    variables: Vec<&'s str>,
    /// The members of the details that are read.
    keys: BTreeSet<String>,
}

impl<'s> Parser<'s> {
    fn peek(&self) -> &TokenKind<'s> {
        &self.tokens[self.next].kind
    }

    /// Returns the token after the next one.
    fn peek_second(&self) -> &TokenKind<'s> {
        let last = self.tokens.len() - 1;
        &self.tokens[last.min(self.next + 1)].kind
    }

    fn position(&self) -> Position {
        self.tokens[self.next].position
    }

    /// Takes the next token if it equals `wanted`.
    fn take_if(&mut self, wanted: &TokenKind<'s>) -> Option<()> {
        let is_wanted = self.peek() == wanted;
        is_wanted.then(|| self.next += 1)
    }

    fn take_symbol(&mut self, symbol: &'static str) -> Option<()> {
        self.take_if(&TokenKind::Symbol(symbol))
    }

    fn take_word(&mut self, word: &'static str) -> Option<()> {
        self.take_if(&TokenKind::Name(word))
    }

    fn expect(&mut self, wanted: &TokenKind<'s>) -> Result<(), SyntaxError> {
        self.take_if(wanted).ok_or_else(|| self.expected(&wanted.describe()))
    }

    fn expect_symbol(&mut self, symbol: &'static str) -> Result<(), SyntaxError> {
        self.expect(&TokenKind::Symbol(symbol))
    }

    fn error(&self, kind: SyntaxErrorKind) -> SyntaxError {
        SyntaxError { position: self.position(), kind }
    }

    fn expected(&self, expected: &str) -> SyntaxError {
        let hint = match self.peek() {
            TokenKind::Symbol("=") => "; write == to compare",
            TokenKind::Name("and") => "; write &&",
            TokenKind::Name("or") => "; write ||",
            TokenKind::Name("not") => "; write !",
            _ => "",
        };
        let found = format!("{}{hint}", self.peek().describe());
        self.error(SyntaxErrorKind::Expected { expected: expected.to_owned(), found })
    }

    fn unsupported(&self, what: &str, instead: &'static str) -> SyntaxError {
        self.error(SyntaxErrorKind::Unsupported { what: what.to_owned(), instead })
    }

    /// Parses a recursive construct, with a check of the depth.
    fn nested<T>(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<T, SyntaxError>,
    ) -> Result<T, SyntaxError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.error(SyntaxErrorKind::TooDeep { limit: MAX_DEPTH }));
        }
        self.depth += 1;
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    /// Parses all nodes up to the end of the block.
    fn block(&mut self) -> Result<Block, SyntaxError> {
        self.nested(|parser| {
            let mut block = Block::new();
            while let Some(node) = parser.node()? {
                block.push(node);
            }
            Ok(block)
        })
    }

    /// Parses the next node; `None` at the end of the block.
    fn node(&mut self) -> Result<Option<Node>, SyntaxError> {
        while matches!(self.peek(), TokenKind::TagEnd | TokenKind::Symbol(";")) {
            self.next += 1;
        }
        let node = match self.peek().clone() {
            TokenKind::Text(text) => {
                self.next += 1;
                Node::Text(text.into())
            }
            TokenKind::Print(escaping) => self.print(escaping)?,
            TokenKind::If => self.if_tag()?,
            TokenKind::Each => self.each()?,
            TokenKind::Name("if") => self.if_statement()?,
            TokenKind::Name("for") => self.for_statement()?,
            TokenKind::ElseIf
            | TokenKind::Else
            | TokenKind::EndIf
            | TokenKind::EndEach
            | TokenKind::Symbol("}")
            | TokenKind::End => return Ok(None),
            _ => {
                let statement = self.simple_statement()?;
                self.end_of_statement()?;
                statement
            }
        };
        Ok(Some(node))
    }

    fn print(&mut self, escaping: Escaping) -> Result<Node, SyntaxError> {
        self.next += 1;
        let value = self.expression()?;
        self.expect(&TokenKind::TagEnd)?;
        Ok(Node::Print { value, escaping })
    }

    /// `{{? condition}}`
    fn if_tag(&mut self) -> Result<Node, SyntaxError> {
        let opened = self.position();
        self.next += 1;
        let condition = self.expression()?;
        self.expect(&TokenKind::TagEnd)?;
        self.branches(condition, opened)
    }

    /// `{{ if (condition) { }}`
    fn if_statement(&mut self) -> Result<Node, SyntaxError> {
        let opened = self.position();
        self.next += 1;
        let condition = self.condition_and_brace()?;
        self.branches(condition, opened)
    }

    /// `(condition) {`
    fn condition_and_brace(&mut self) -> Result<Expression, SyntaxError> {
        self.expect_symbol("(")?;
        let condition = self.expression()?;
        self.expect_symbol(")")?;
        self.expect_symbol("{")?;
        Ok(condition)
    }

    /// Parses the branches after a condition. As in doT's JavaScript, a tag may continue a statement.
    fn branches(&mut self, first_condition: Expression, opened: Position) -> Result<Node, SyntaxError> {
        let mut branches = vec![(first_condition, self.block()?)];
        loop {
            let condition = match self.peek() {
                TokenKind::ElseIf => {
                    self.next += 1;
                    let condition = self.expression()?;
                    self.expect(&TokenKind::TagEnd)?;
                    condition
                }
                TokenKind::Symbol("}") if *self.peek_second() == TokenKind::Name("else") => {
                    self.next += 2;
                    if self.take_word("if").is_none() {
                        self.expect_symbol("{")?;
                        break;
                    }
                    self.condition_and_brace()?
                }
                TokenKind::Else => {
                    self.next += 1;
                    break;
                }
                _ => {
                    self.end_of_braces(opened)?;
                    return Ok(Node::If { branches, otherwise: Block::new() });
                }
            };
            branches.push((condition, self.block()?));
        }
        let otherwise = self.block()?;
        self.end_of_braces(opened)?;
        Ok(Node::If { branches, otherwise })
    }

    /// Parses `}`, or the tag that doT translates to it.
    fn end_of_braces(&mut self, opened: Position) -> Result<(), SyntaxError> {
        let is_closed = self.take_symbol("}").or_else(|| self.take_if(&TokenKind::EndIf)).is_some();
        if is_closed { Ok(()) } else { Err(self.unclosed("{{?}} or }", opened)) }
    }

    fn unclosed(&self, end: &str, opened: Position) -> SyntaxError {
        self.expected(&format!("{end} for what begins in line {}", opened.line))
    }

    /// `{{~list :item:index}}`
    fn each(&mut self) -> Result<Node, SyntaxError> {
        let opened = self.position();
        self.next += 1;
        let list = self.expression()?;
        let TokenKind::As { item, index } = *self.peek() else {
            return Err(self.expected("the name of the items"));
        };
        let item = self.declare(item)?;
        let index = index.map(|index| self.declare(index)).transpose()?;
        self.next += 1;
        let body = self.block()?;
        self.take_if(&TokenKind::EndEach).ok_or_else(|| self.unclosed("{{~}}", opened))?;
        Ok(Node::Each { list, item, index, body })
    }

    /// Returns the variable of a name; declares it if it is new. A name is one variable for the whole
    /// template.
    fn declare(&mut self, name: &'s str) -> Result<Variable, SyntaxError> {
        let is_reserved =
            expression::is_reserved(name) || name.starts_with(|first: char| first.is_ascii_digit());
        if is_reserved {
            let found = format!("{name:?}");
            return Err(self.error(SyntaxErrorKind::Expected { expected: "a free name".to_owned(), found }));
        }
        let known = self.variables.iter().position(|known| *known == name);
        Ok(known.unwrap_or_else(|| {
            self.variables.push(name);
            self.variables.len() - 1
        }))
    }

    fn lookup(&self, name: &str) -> Result<Variable, SyntaxError> {
        let known = self.variables.iter().position(|known| *known == name);
        known.ok_or_else(|| {
            let hint = self.similar(name).map(|similar| format!(", did you mean {similar}?"));
            let name = name.to_owned();
            self.error(SyntaxErrorKind::UnknownName { name, hint: hint.unwrap_or_default() })
        })
    }

    /// Returns the name that is most similar to an unknown one, if it is similar enough.
    fn similar(&self, name: &str) -> Option<&'s str> {
        let most = name.chars().count().div_ceil(3).clamp(1, 3);
        let names = self.variables.iter().copied().chain(["pydata"]);
        let rated = names.map(|known| (strsim::osa_distance(known, name), known));
        rated.filter(|(distance, _)| *distance <= most).min().map(|(_, known)| known)
    }
}

/// Creates an expression without operands.
fn leaf(position: Position, kind: ExpressionKind) -> Expression {
    Expression { position, depth: 0, kind }
}
