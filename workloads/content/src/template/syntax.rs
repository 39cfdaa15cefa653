//! The syntax tree of a compiled template.

use crate::Position;

/// A sequence of nodes.
pub(super) type Block = Vec<Node>;

/// The number of a variable.
pub(super) type Variable = usize;

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Literal text.
    Text(Box<str>),
    /// Prints a value.
    Print { value: Expression, escaping: Escaping },
    /// Renders the first branch with a true condition.
    If { branches: Vec<(Expression, Block)>, otherwise: Block },
    /// doT's loop: over any value with a length; no iteration otherwise.
    Each { list: Expression, item: Variable, index: Option<Variable>, body: Block },
    /// JavaScript's loop over keys.
    ForIn { key: Variable, object: Expression, body: Block },
    /// JavaScript's loop over items.
    ForOf { item: Variable, list: Expression, body: Block },
    /// JavaScript's loop with a counter.
    For { start: Option<Box<Node>>, condition: Option<Expression>, step: Option<Box<Node>>, body: Block },
    /// Assigns a value to a variable.
    Assign { variable: Variable, value: Expression },
    /// Evaluates an expression and discards the value.
    Evaluate(Expression),
}

/// The escaping of a printed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaping {
    /// The value is printed unchanged.
    None,
    /// Characters of HTML markup are printed as entities.
    Html,
}

/// An expression with its position.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub position: Position,
    /// The depth of nested expressions, which bounds the stack of the evaluation.
    pub depth: usize,
    pub kind: ExpressionKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum ExpressionKind {
    /// `pydata`
    Details,
    Variable(Variable),
    Literal(Literal),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `object.name`
    Member {
        object: Box<Expression>,
        name: Box<str>,
    },
    /// `object[index]`
    Index {
        object: Box<Expression>,
        index: Box<Expression>,
    },
    /// `receiver.method(arguments)`
    Method {
        receiver: Box<Expression>,
        method: Method,
        arguments: Vec<Expression>,
    },
    /// `Math.max(arguments)`
    Call {
        function: Function,
        arguments: Vec<Expression>,
    },
    Unary {
        operator: Unary,
        operand: Box<Expression>,
    },
    Binary {
        operator: Binary,
        left: Box<Expression>,
        right: Box<Expression>,
    },
    /// `condition ? yes : no`
    Conditional {
        condition: Box<Expression>,
        yes: Box<Expression>,
        no: Box<Expression>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Undefined,
    Null,
    Bool(bool),
    Number(f64),
    Text(Box<str>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Not,
    Negate,
    Number,
    TypeOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Coalesce,
    Or,
    And,
    LooselyEqual,
    LooselyUnequal,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Defines an enum with the JavaScript name of each variant.
macro_rules! named {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $enum { $($variant),+ }

        impl $enum {
            /// Returns the variant of this name.
            pub(super) fn by_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// Returns the name.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

named! {
    /// The methods of strings, lists, numbers and objects.
    Method {
        CharAt = "charAt",
        Concat = "concat",
        EndsWith = "endsWith",
        HasOwnProperty = "hasOwnProperty",
        Includes = "includes",
        IndexOf = "indexOf",
        Join = "join",
        LastIndexOf = "lastIndexOf",
        PadEnd = "padEnd",
        PadStart = "padStart",
        Repeat = "repeat",
        Replace = "replace",
        ReplaceAll = "replaceAll",
        Slice = "slice",
        Split = "split",
        StartsWith = "startsWith",
        Substring = "substring",
        ToFixed = "toFixed",
        ToLowerCase = "toLowerCase",
        ToString = "toString",
        ToUpperCase = "toUpperCase",
        Trim = "trim",
        TrimEnd = "trimEnd",
        TrimStart = "trimStart",
    }
}

named! {
    /// The global functions.
    Function {
        IsArray = "Array.isArray",
        Boolean = "Boolean",
        Abs = "Math.abs",
        Ceil = "Math.ceil",
        Floor = "Math.floor",
        Max = "Math.max",
        Min = "Math.min",
        Round = "Math.round",
        Number = "Number",
        Keys = "Object.keys",
        Values = "Object.values",
        String = "String",
        ParseFloat = "parseFloat",
        ParseInt = "parseInt",
    }
}
