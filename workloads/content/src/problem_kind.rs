//! The problems of content trees.

use ccx_messages::{IdError, RuleSelector};
use snafu::Snafu;

use crate::{RenderErrorKind, SyntaxErrorKind};

/// A problem of a content tree; its text says what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
pub(crate) enum ProblemKind {
    /// A file that a rule can't do without.
    #[snafu(display("the file is missing, here and in the folder of the rule"))]
    MissingText,
    /// The file that makes a folder a rule, or a key.
    #[snafu(display("the file is missing"))]
    MissingFile,
    /// YAML that does not have the expected form.
    #[snafu(display("failed to read it as YAML: {message}"))]
    Yaml {
        /// What the parser says.
        message: String,
    },
    /// There is no `python_module`.
    #[snafu(display(
        "python_module is missing: the module of the rule, as it stands before .report in its findings"
    ))]
    NoModule,
    /// `python_module` is no module.
    #[snafu(display("unable to use it as python_module: {reason}"))]
    Module {
        /// Why.
        reason: IdError,
    },
    /// A folder of a rule is named as no key can be.
    #[snafu(display("unable to use the folder's name as error key: {reason}"))]
    ErrorKey {
        /// Why.
        reason: IdError,
    },
    /// A rule without keys says nothing.
    #[snafu(display("the rule has no error key: a folder <ERROR_KEY> with a metadata.yaml is needed"))]
    NoErrorKey,
    /// A text that is no template.
    #[snafu(display("{reason}"))]
    Template {
        /// Why.
        reason: SyntaxErrorKind,
    },
    /// A name that the configuration of the tree does not have.
    #[snafu(display("{field}: {name:?} is not in config.yaml"))]
    UnknownName {
        /// The field that has it.
        field: &'static str,
        /// The name.
        name: String,
    },
    /// A likelihood that is none.
    #[snafu(display("likelihood: {likelihood} is not between 1 (low) and 4 (critical)"))]
    Likelihood {
        /// What it is.
        likelihood: u8,
    },
    /// No tag belongs to a category.
    #[snafu(display("tags: none of them belongs to a group of groups_config.yaml, so no filter finds it"))]
    NoGroup,
    /// There is nothing to read.
    #[snafu(display("{name} is empty"))]
    EmptyText {
        /// The text.
        name: &'static str,
    },
    /// Bytes that are no text.
    #[snafu(display("it is not UTF-8: save it as UTF-8"))]
    NotUtf8,
    /// The beginning of a tag that is text.
    #[snafu(display("{{{{ begins a tag that is not closed, so it is shown as it is"))]
    UnclosedTag,
    /// A tag where nobody renders it.
    #[snafu(display("generic.md is shown without a cluster: move what needs details to reason.md"))]
    TagInGeneric,
    /// A resolution that leaves the reader alone.
    #[snafu(display("the resolution has no command: show how to check and how to repair in a block of ```"))]
    NoCommand,
    /// Details with which there is no text.
    #[snafu(display("failed to render it: {reason}"))]
    NotRendered {
        /// Why.
        reason: RenderErrorKind,
    },
    /// Details with which the text shows what is no text.
    #[snafu(display("it prints {found}: {line}"))]
    PrintsNonsense {
        /// What it shows.
        found: &'static str,
        /// The beginning of the line.
        line: String,
    },
    /// A member of the details that there never is.
    #[snafu(display("pydata.{key} is nothing that the rule gives; it gives {known}"))]
    UnknownDetail {
        /// The member.
        key: String,
        /// Those that there are.
        known: String,
    },
    /// The same module and key twice in one tree.
    #[snafu(display("{selector} already has content in {first}, which is used"))]
    Duplicate {
        /// The module and key.
        selector: RuleSelector,
        /// The folder that is used.
        first: String,
    },
    /// The same module and key in a tree that comes after this one.
    #[snafu(display("{selector} has content in two trees; this one is used"))]
    Hides {
        /// The module and key.
        selector: RuleSelector,
    },
}
