//! Errors of templates.

use snafu::Snafu;

use crate::Position;

/// A template can't be compiled.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
#[snafu(display("line {}, column {}: {kind}", position.line, position.column))]
pub struct SyntaxError {
    /// The position in the template.
    pub position: Position,
    /// The kind of error.
    pub kind: SyntaxErrorKind,
}

/// The reason why a template can't be compiled.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
pub enum SyntaxErrorKind {
    /// Another token is expected.
    #[snafu(display("expected {expected}, found {found}"))]
    Expected {
        /// The expected token.
        expected: String,
        /// The actual token, and what to write instead if that is known.
        found: String,
    },
    /// A tag ends something that did not begin.
    #[snafu(display("{tag} ends {ended}, and none is open here"))]
    NotOpen {
        /// The tag.
        tag: String,
        /// The kind of block that it ends.
        ended: &'static str,
    },
    /// A name is undefined.
    #[snafu(display(
        "unknown name {name:?}{hint}: the details are pydata, other names come from loops and var"
    ))]
    UnknownName {
        /// The name.
        name: String,
        /// A similar name, or nothing.
        hint: String,
    },
    /// The syntax of JavaScript or doT is not supported.
    #[snafu(display("{what} can't be used in templates here: {instead}"))]
    Unsupported {
        /// The unsupported construct.
        what: String,
        /// The alternative.
        instead: &'static str,
    },
    /// A loop tag has no name for its items.
    #[snafu(display("a loop needs a name for its items: {{{{~list :item}}}}"))]
    LoopWithoutName,
    /// A string is not closed.
    #[snafu(display("the string is not closed"))]
    UnclosedString,
    /// Blocks or expressions are nested too deep.
    #[snafu(display("it is nested deeper than {limit}: split it with var"))]
    TooDeep {
        /// The limit, a constant.
        limit: usize,
    },
}

/// A rendering shows a placeholder, or nothing where the template has a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blank {
    /// The position in the template.
    pub position: Position,
    /// The kind of problem.
    pub kind: BlankKind,
}

/// The reason why a part of a rendering has no meaning for readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlankKind {
    /// A value is printed as a placeholder: `undefined`, `null`, `NaN` or `[object Object]`.
    Placeholder(&'static str),
    /// The value of a loop has no items, as it is no list.
    NoList(&'static str),
}

/// A template can't be rendered with some details.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
#[snafu(display("line {}, column {}: {kind}", position.line, position.column))]
pub struct RenderError {
    /// The position in the template.
    pub position: Position,
    /// The kind of error.
    pub kind: RenderErrorKind,
}

/// The reason why a template can't be rendered with some details.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
pub enum RenderErrorKind {
    /// A member of `undefined` or `null` is read.
    #[snafu(display("unable to read {member:?} of {of}: guard it with {{{{?…}}}}"))]
    MemberOfNothing {
        /// The member.
        member: String,
        /// `undefined` or `null`.
        of: &'static str,
    },
    /// A value does not have a method.
    #[snafu(display("{of} has no method {method}"))]
    NoSuchMethod {
        /// The method.
        method: &'static str,
        /// The kind of the value.
        of: &'static str,
    },
    /// The value of `for … of` is neither a list nor a text.
    #[snafu(display("unable to loop over {of}"))]
    NotIterable {
        /// The kind of the value.
        of: &'static str,
    },
    /// An argument is out of range, in JavaScript as well.
    #[snafu(display("an argument of {method} is out of range"))]
    Argument {
        /// The method.
        method: &'static str,
    },
    /// A loop takes too long.
    #[snafu(display("it takes over {limit} steps"))]
    TooManySteps {
        /// The limit, a constant.
        limit: usize,
    },
    /// A text is too long.
    #[snafu(display("the text is longer than {limit} bytes"))]
    TooLong {
        /// The limit, a constant.
        limit: usize,
    },
    /// Computed lists or the details are nested too deep.
    #[snafu(display("the value is nested too deep"))]
    ValueTooDeep,
}
