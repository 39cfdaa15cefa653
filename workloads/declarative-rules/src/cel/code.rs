//! Compiled expressions: names are resolved to indices, calls to functions, and macros to loops.

use std::sync::Arc;

use regex::Regex;

use super::{Value, functions::Function};

/// A node of the syntax tree.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Byte offset in the expression.
    pub at: usize,
    pub kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Constant(Value),
    /// Index of an input or a fact.
    Global(usize),
    /// Index of a loop variable on the stack.
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
    /// A local variable that is valid in the body.
    Bind {
        value: Box<Node>,
        body: Box<Node>,
    },
    Call(&'static Function, Box<[Node]>),
    /// `a.matches('…')`
    Matches(Box<Node>, Regex),
}

/// A binary operator that always evaluates both operands.
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
    /// Returns the symbol of the operator in expressions.
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

/// An element of a list literal. An optional element (`?`) is left out if it is an empty optional.
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

/// A loop over the elements of a list or the keys of a map.
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
    /// `filter`, and `map` with two or three arguments.
    Map {
        filter: Option<Node>,
        value: Node,
    },
}

/// A compiled expression.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub root: Node,
    /// Indices of the inputs and facts that the expression reads, in ascending order.
    pub reads: Vec<usize>,
}
