//! Templates in the syntax of doT, as rule content uses them.
//!
//! ```text
//!  source ──▶ tags ──▶ tokens ──▶ parse ──▶ Template ──▶ render ──▶ text
//!             (doT)    (JavaScript)         (syntax)     (evaluate, values as JavaScript has them)
//! ```
//!
//! doT compiles a template to a JavaScript function. This crate interprets the subset of JavaScript that
//! templates need: member access, operators with JavaScript's conversions, the common methods of strings and
//! lists, `if`, `for`, `var`. Anything else (functions, regular expressions, object literals, `{{#…}}`
//! definitions) is an error with its position when the template is compiled, and so is an undefined name. A
//! template can access its data only; steps and output are limited.
//!
//! ```
//! use ccx_content::Template;
//!
//! let template = Template::compile("Node{{?pydata.nodes.length > 1}}s{{?}}:{{~pydata.nodes :node}} {{=node.name}}{{~}}")?;
//! let details = serde_json::json!({"nodes": [{"name": "a"}, {"name": "b"}]});
//! assert_eq!(template.render(&details)?, "Nodes: a b");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Differences from doT in a browser: the keys of an object are in alphabetical order; `;` may be missing at
//! the end of a tag.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::Position;

mod error;
mod evaluate;
mod functions;
mod methods;
mod number;
mod parse;
mod render;
mod syntax;
mod tags;
mod text;
mod tokens;
mod value;

pub(crate) use error::{Blank, BlankKind};
pub use error::{RenderError, RenderErrorKind, SyntaxError, SyntaxErrorKind};

use render::Renderer;

/// A compiled template.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Template {
    block: syntax::Block,
    variables: usize,
    keys: BTreeSet<String>,
}

impl Template {
    /// Compiles a template.
    pub fn compile(source: &str) -> Result<Self, SyntaxError> {
        let tokens = tokens::tokenize(source, &tags::split(source))?;
        parse::parse(tokens)
    }

    /// Renders the text for one finding; `details` are its data.
    pub fn render(&self, details: &Json) -> Result<String, RenderError> {
        self.render_checked(details).map(|(text, _)| text)
    }

    /// Renders the text, and returns what readers can't use in it.
    pub(crate) fn render_checked(&self, details: &Json) -> Result<(String, Vec<Blank>), RenderError> {
        Renderer::new(details, self.variables).render(&self.block)
    }

    /// Returns the position of the first `{{value}}`, which prints nothing.
    pub(crate) fn unprinted(&self) -> Option<Position> {
        unprinted(&self.block)
    }

    /// Iterates over the members of the details that the template reads by name.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(String::as_str)
    }
}

fn unprinted(block: &[syntax::Node]) -> Option<Position> {
    use syntax::Node;
    block.iter().find_map(|node| match node {
        Node::Evaluate(value) => Some(value.position),
        Node::If { branches, otherwise } => {
            branches.iter().find_map(|(_, block)| unprinted(block)).or_else(|| unprinted(otherwise))
        }
        Node::Each { body, .. }
        | Node::ForIn { body, .. }
        | Node::ForOf { body, .. }
        | Node::For { body, .. } => unprinted(body),
        Node::Text(_) | Node::Print { .. } | Node::Assign { .. } => None,
    })
}

/// Returns the position of `pydata` outside of a tag, where it is shown as it is.
pub(crate) fn stray_details(source: &str) -> Option<Position> {
    let parts = tags::split(source);
    let stray = parts.iter().filter(|part| part.tag == tags::Tag::Text).find_map(|part| {
        let offset = source[part.range.clone()].find("pydata.")?;
        Some(part.range.start + offset)
    });
    stray.map(|offset| tokens::position(source, offset))
}

/// Returns the tag at a position, shortened.
pub(crate) fn tag_at(source: &str, position: Position) -> String {
    const MAX_CHARS: usize = 60;
    let parts = tags::split(source);
    let tag = parts.iter().rev().filter(|part| part.tag != tags::Tag::Text).find(|part| {
        let start = tokens::position(source, part.range.start);
        (start.line, start.column) <= (position.line, position.column)
    });
    let tag = tag.map_or("", |part| &source[part.range.clone()]);
    tag.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_CHARS).collect()
}

/// Returns the position of a `{{` that begins no tag.
pub(crate) fn stray_opening(source: &str) -> Option<Position> {
    let parts = tags::split(source);
    let stray = parts.iter().filter(|part| part.tag == tags::Tag::Text).find_map(|part| {
        let offset = source[part.range.clone()].find("{{")?;
        Some(part.range.start + offset)
    });
    stray.map(|offset| tokens::position(source, offset))
}

/// Returns the position of the first tag.
pub(crate) fn first_tag(source: &str) -> Option<Position> {
    let first = tags::split(source).into_iter().find(|part| part.tag != tags::Tag::Text)?;
    Some(tokens::position(source, first.range.start))
}

#[cfg(test)]
mod tests;
