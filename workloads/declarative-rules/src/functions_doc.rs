//! The functions of the language as a page of the documentation.

use crate::cel::functions::ALL;

/// A function that expressions can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FunctionDoc {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub signature: &'static str,
    /// What it does.
    pub summary: &'static str,
}

/// Every function, by theme.
pub fn functions() -> impl ExactSizeIterator<Item = FunctionDoc> {
    ALL.iter().map(|function| FunctionDoc {
        name: function.name,
        signature: function.signature,
        summary: function.summary,
    })
}

/// The functions as a table in Markdown.
pub fn functions_table() -> String {
    let rows =
        functions().map(|FunctionDoc { signature, summary, .. }| format!("| {signature} | {summary} |\n"));
    format!("| function | what it gives |\n|---|---|\n{}", rows.collect::<String>())
}
