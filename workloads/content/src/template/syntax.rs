//! A compiled template.

use crate::Position;

/// Nodes in their order.
pub(super) type Block = Vec<Node>;

/// The number of a variable.
pub(super) type Variable = usize;

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// Text as it is.
    Text(Box<str>),
    /// The text of a value.
    Print { value: Expression, escaping: Escaping },
    /// The first branch whose condition holds.
    If { branches: Vec<(Expression, Block)>, otherwise: Block },
    /// doT's loop: over anything with a length, nothing otherwise.
    Each { list: Expression, item: Variable, index: Option<Variable>, body: Block },
    /// JavaScript's loop over keys.
    ForIn { key: Variable, object: Expression, body: Block },
    /// JavaScript's loop over items.
    ForOf { item: Variable, list: Expression, body: Block },
    /// JavaScript's loop with a counter.
    For { start: Option<Box<Node>>, condition: Option<Expression>, step: Option<Box<Node>>, body: Block },
    /// A variable gets a value.
    Assign { variable: Variable, value: Expression },
    /// A value that nobody wants.
    Evaluate(Expression),
}

/// Whether a value may bring markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Escaping {
    /// It is printed as it is.
    None,
    /// What HTML would take for markup is written as entities.
    Html,
}

/// Something with a value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expression {
    pub position: Position,
    /// How many expressions are nested in it, which bounds the stack that it needs.
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

/// Defines an enum whose variants have a name in JavaScript.
macro_rules! named {
    ($(#[$doc:meta])* $enum:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $enum { $($variant),+ }

        impl $enum {
            /// The one of this name.
            pub(super) fn by_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }

            /// The name.
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
    /// The functions that need no value to belong to.
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
