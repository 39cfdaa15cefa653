//! What can be wrong with a template.

use snafu::Snafu;

use crate::Position;

/// A template that can't be compiled.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
#[snafu(display("line {}, column {}: {kind}", position.line, position.column))]
pub struct SyntaxError {
    /// Where.
    pub position: Position,
    /// Why.
    pub kind: SyntaxErrorKind,
}

/// Why a template can't be compiled.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
pub enum SyntaxErrorKind {
    /// Something else should stand here.
    #[snafu(display("expected {expected}, found {found}"))]
    Expected {
        /// What should.
        expected: String,
        /// What does.
        found: String,
    },
    /// A name that means nothing.
    #[snafu(display("unknown name {name:?}: the details are pydata, other names come from loops and var"))]
    UnknownName {
        /// The name.
        name: String,
    },
    /// JavaScript or doT that is not interpreted.
    #[snafu(display("{what} can't be used in templates here: {instead}"))]
    Unsupported {
        /// What it is.
        what: String,
        /// What to do instead.
        instead: &'static str,
    },
    /// A loop tag without a name for its items.
    #[snafu(display("a loop needs a name for its items: {{{{~list :item}}}}"))]
    LoopWithoutName,
    /// A string without its end.
    #[snafu(display("the string is not closed"))]
    UnclosedString,
    /// Something that can't be evaluated in bounded space.
    #[snafu(display("it is nested deeper than {limit}: split it with var"))]
    TooDeep {
        /// The limit, a constant.
        limit: usize,
    },
}

/// A template that has no text for some details.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
#[snafu(display("line {}, column {}: {kind}", position.line, position.column))]
pub struct RenderError {
    /// Where.
    pub position: Position,
    /// Why.
    pub kind: RenderErrorKind,
}

/// Why a template has no text for some details.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
pub enum RenderErrorKind {
    /// A member of what is not there.
    #[snafu(display("unable to read {member:?} of {of}: guard it with {{{{?…}}}}"))]
    MemberOfNothing {
        /// The member.
        member: String,
        /// `undefined` or `null`.
        of: &'static str,
    },
    /// A method of something that does not have it.
    #[snafu(display("{of} has no method {method}"))]
    NoSuchMethod {
        /// The method.
        method: &'static str,
        /// What the value is.
        of: &'static str,
    },
    /// Something else than a list or text in `for … of`.
    #[snafu(display("unable to loop over {of}"))]
    NotIterable {
        /// What the value is.
        of: &'static str,
    },
    /// An argument that JavaScript refuses as well.
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
    /// Lists in lists that a template makes, or details nested very deep.
    #[snafu(display("the value is nested too deep"))]
    ValueTooDeep,
}
