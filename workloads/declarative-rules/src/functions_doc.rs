//! Documentation of the functions of the expression language.

use crate::cel::functions::ALL;

/// A function that expressions can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FunctionDoc {
    /// Name of the function.
    pub name: &'static str,
    /// Signature in Markdown.
    pub signature: &'static str,
    /// Summary, one sentence.
    pub summary: &'static str,
}

/// Returns every function, grouped by topic.
pub fn functions() -> impl ExactSizeIterator<Item = FunctionDoc> {
    ALL.iter().map(|function| FunctionDoc {
        name: function.name,
        signature: function.signature,
        summary: function.summary,
    })
}

/// Returns the functions as a Markdown table.
pub fn functions_table() -> String {
    let rows =
        functions().map(|FunctionDoc { signature, summary, .. }| format!("| {signature} | {summary} |\n"));
    format!("| function | what it gives |\n|---|---|\n{}", rows.collect::<String>())
}
