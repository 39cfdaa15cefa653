//! The problems of content trees.

use ccx_messages::{IdError, RuleSelector};
use snafu::Snafu;

use crate::{RenderErrorKind, SyntaxErrorKind};

/// A problem of a content tree; its message says how to fix it.
#[derive(Clone, Debug, PartialEq, Eq, Snafu)]
pub(crate) enum ProblemKind {
    /// A mandatory text is missing.
    #[snafu(display("the file is missing, here and in the folder of the rule"))]
    MissingText,
    /// The `plugin.yaml` of a rule or the `metadata.yaml` of a key is missing.
    #[snafu(display("the file is missing"))]
    MissingFile,
    /// A YAML file does not have the expected form.
    #[snafu(display("failed to read it as YAML: {message}"))]
    Yaml {
        /// The message of the parser.
        message: String,
    },
    /// `python_module` is missing.
    #[snafu(display(
        "python_module is missing: the module of the rule, as it stands before .report in its findings"
    ))]
    NoModule,
    /// `python_module` is not a valid module name.
    #[snafu(display("unable to use it as python_module: {reason}"))]
    Module {
        /// The cause.
        reason: IdError,
    },
    /// The name of a rule's subfolder is not a valid error key.
    #[snafu(display("unable to use the folder's name as error key: {reason}"))]
    ErrorKey {
        /// The cause.
        reason: IdError,
    },
    /// A rule has no key.
    #[snafu(display("the rule has no error key: a folder <ERROR_KEY> with a metadata.yaml is needed"))]
    NoErrorKey,
    /// A text is not a template.
    #[snafu(display("{reason}"))]
    Template {
        /// The cause.
        reason: SyntaxErrorKind,
    },
    /// The configuration of the tree does not have a name.
    #[snafu(display("{field}: {name:?} is not in config.yaml"))]
    UnknownName {
        /// The field with the name.
        field: &'static str,
        /// The name.
        name: String,
    },
    /// The likelihood is out of range.
    #[snafu(display("likelihood: {likelihood} is not between 1 (low) and 4 (critical)"))]
    Likelihood {
        /// The value.
        likelihood: u8,
    },
    /// No tag belongs to a category.
    #[snafu(display("tags: no tag belongs to a group of groups_config.yaml, so no filter finds it"))]
    NoGroup,
    /// A YAML file has a key that nothing reads.
    #[snafu(display("unknown key {key}: known are {known}"))]
    UnknownKey {
        /// The key.
        key: String,
        /// The known ones.
        known: String,
    },
    /// A YAML file lacks a key.
    #[snafu(display("missing key {key}"))]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// A date can't be parsed.
    #[snafu(display("publish_date: {date:?} is not a date such as 2026-01-31 12:00:00, so none is shown"))]
    Date {
        /// The date.
        date: String,
    },
    /// A tree has no rule.
    #[snafu(display(
        "the tree has no rule: a folder with a plugin.yaml, such as external/rules/<name>, is needed"
    ))]
    NoRule,
    /// A text is empty.
    #[snafu(display("{name} is empty"))]
    EmptyText {
        /// The name of the text.
        name: &'static str,
    },
    /// A file is not UTF-8.
    #[snafu(display("it is not UTF-8: save it as UTF-8"))]
    NotUtf8,
    /// A tag is not closed.
    #[snafu(display("{{{{ begins a tag that is not closed, so it is shown as it is"))]
    UnclosedTag,
    /// A tag evaluates a value and prints nothing.
    #[snafu(display("{tag} prints nothing; write {{{{=…}}}} to print a value"))]
    PrintsNothing {
        /// The tag.
        tag: String,
    },
    /// The details are named outside of a tag.
    #[snafu(display("pydata stands outside of a tag, so it is shown as it is; write {{{{=pydata.…}}}}"))]
    StrayDetails,
    /// A loop over a value that is no list.
    #[snafu(display("{tag} loops over {of}, which has no items"))]
    NoList {
        /// The tag.
        tag: String,
        /// The kind of the value.
        of: &'static str,
    },
    /// A tag is in a text that is shown without rendering.
    #[snafu(display("generic.md is shown without a cluster: move what needs details to reason.md"))]
    TagInGeneric,
    /// A resolution has no command.
    #[snafu(display("the resolution has no command: show how to check and how to fix in a block of ```"))]
    NoCommand,
    /// A text can't be rendered with some details.
    #[snafu(display("failed to render it: {reason}"))]
    NotRendered {
        /// The cause.
        reason: RenderErrorKind,
    },
    /// A text prints the placeholder of a missing or unprintable value with some details.
    #[snafu(display("it prints {found}: {line}"))]
    PrintsPlaceholder {
        /// The placeholder.
        found: &'static str,
        /// The beginning of the line.
        line: String,
    },
    /// A text reads a member of the details that the rule does not provide.
    #[snafu(display("the rule does not provide pydata.{key}; it provides {known}"))]
    UnknownDetail {
        /// The member.
        key: String,
        /// The provided members.
        known: String,
    },
    /// A module and key occur twice in one tree.
    #[snafu(display("{selector} already has content in {first}, which is used"))]
    Duplicate {
        /// The module and key.
        selector: RuleSelector,
        /// The folder that is used.
        first: String,
    },
    /// A module and key also occur in a tree of lower precedence.
    #[snafu(display("{selector} has content in two trees; this one is used"))]
    Hides {
        /// The module and key.
        selector: RuleSelector,
    },
}
