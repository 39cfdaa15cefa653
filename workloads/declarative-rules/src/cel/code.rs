//! Compiled expressions: names resolved to positions, calls to functions, macros to loops.

use std::sync::Arc;

use regex::Regex;

use super::{Value, functions::Function};

/// A part of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it is in the expression, in bytes.
    pub at: usize,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Constant(Value),
    /// An input or a fact, by its position.
    Global(usize),
    /// The variable of a loop, by its position on the stack.
    Local(usize),
    /// `a.b`
    Select(Box<Node>, Arc<str>),
    /// `has(a.b)`
    Has(Box<Node>, Arc<str>),
    /// `a.?b`
    OptionalSelect(Box<Node>, Arc<str>),
    /// `a[b]`
    Index(Box<[Node; 2]>),
    /// `a[?b]`
    OptionalIndex(Box<[Node; 2]>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    Not(Box<Node>),
    Negate(Box<Node>),
    /// `a ? b : c`
    Conditional(Box<[Node; 3]>),
    Binary(Operator, Box<[Node; 2]>),
    List(Box<[Element]>),
    Map(Box<[Entry]>),
    Loop(Box<Loop>),
    /// A local variable for the time of the body.
    Bind {
        value: Box<Node>,
        body: Box<Node>,
    },
    Call(&'static Function, Box<[Node]>),
    /// `a.matches('…')`
    Matches(Box<Node>, Regex),
}

/// An operator of two values that are both always needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
}

impl Operator {
    /// As it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
        }
    }
}

/// An element of a list literal; one with a question mark is left out when it is an empty optional.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    pub value: Node,
    pub is_optional: bool,
}

/// An entry of a map literal.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub key: Node,
    pub value: Node,
    pub is_optional: bool,
}

/// A loop over a list, or over the names of a map.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    pub range: Node,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub(crate) enum Body {
    Exists(Node),
    All(Node),
    ExistsOne(Node),
    /// `map`, with a condition in its form of three arguments, and `filter`.
    Map {
        filter: Option<Node>,
        value: Node,
    },
}

/// A whole expression.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub root: Node,
    /// The inputs and facts that it reads, in ascending order.
    pub reads: Vec<usize>,
}
