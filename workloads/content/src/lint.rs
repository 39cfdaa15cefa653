//! Checks of a content tree beyond those of loading it.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::{
    Content, ContentTree, Problem, Template, Text,
    problem_kind::ProblemKind,
    template::{self, Blank, BlankKind},
};

/// Returns all problems of a tree, by file: those found by loading it, and the warnings of further checks.
pub fn lint(tree: &ContentTree) -> Vec<Problem> {
    let mut problems: Vec<Problem> =
        tree.rules().iter().flat_map(|status| status.problems.iter().cloned()).collect();
    for content in tree.contents() {
        lint_metadata(tree, content, &mut problems);
        lint_texts(content, &mut problems);
    }
    in_order(problems)
}

/// Returns the problems of one key's texts when they are rendered with the details of a hit.
pub fn lint_details(content: &Content, details: &Json) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (_, text) in content.named_texts() {
        // Loading the tree has reported the syntax error.
        let Ok(template) = text.template() else { continue };
        match template.render_checked(details) {
            Err(error) => {
                let kind = ProblemKind::NotRendered { reason: error.kind };
                problems.push(Problem::error(text.file(), kind).at(Some(error.position)));
            }
            Ok((rendered, blanks)) => {
                problems.extend(blanks.iter().map(|blank| blank_problem(text, blank)));
                // A word of the source is intended: null in a command, undefined in a sentence.
                let found = placeholders_in(&rendered)
                    .filter(|placeholder| blanks.is_empty() && !text.source().contains(placeholder));
                problems.extend(found.map(|found| {
                    let kind = ProblemKind::PrintsPlaceholder { found, line: line_with(&rendered, found) };
                    Problem::error(text.file(), kind)
                }));
            }
        }
    }
    in_order(problems)
}

fn blank_problem(text: &Text, Blank { position, kind }: &Blank) -> Problem {
    let tag = template::tag_at(text.source(), *position);
    let kind = match *kind {
        BlankKind::Placeholder(found) => ProblemKind::PrintsPlaceholder { found, line: tag },
        BlankKind::NoList(of) => ProblemKind::NoList { tag, of },
    };
    Problem::error(text.file(), kind).at(Some(*position))
}

/// Returns the problems of a text that is not a file of a tree: its syntax, and tags that are not closed.
///
/// ```
/// use ccx_content::lint_template;
///
/// let problems = lint_template("pools.yaml", "{{~pydata.pools :pool}}{{=pool.name}}");
/// assert!(problems[0].message.starts_with("expected {{~}}"), "{}", problems[0]);
/// assert!(lint_template("pools.yaml", "{{=pydata.name}}").is_empty());
/// ```
pub fn lint_template(file: &str, source: &str) -> Vec<Problem> {
    match Template::compile(source) {
        Err(error) => vec![Problem::error(file, error.kind).at(Some(error.position))],
        Ok(template) => warnings_about_tags(file, source, &template),
    }
}

/// Returns a warning for each kind of tag that readers would see, or that shows them nothing.
fn warnings_about_tags(file: &str, source: &str, template: &Template) -> Vec<Problem> {
    let unclosed = template::stray_opening(source).map(|position| (position, ProblemKind::UnclosedTag));
    let stray = template::stray_details(source)
        .filter(|_| unclosed.is_none())
        .map(|position| (position, ProblemKind::StrayDetails));
    let unprinted = template
        .unprinted()
        .map(|position| (position, ProblemKind::PrintsNothing { tag: template::tag_at(source, position) }));
    let warnings = unclosed.into_iter().chain(stray).chain(unprinted);
    warnings.map(|(position, kind)| Problem::warning(file, kind).at(Some(position))).collect()
}

/// Returns an error for each detail that the texts of one key read and the rule does not provide.
pub fn lint_keys(content: &Content, provided: &BTreeSet<String>) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (_, text) in content.named_texts() {
        let Ok(template) = text.template() else { continue };
        for key in template.keys().filter(|key| !provided.contains(*key)) {
            let known = provided.iter().cloned().collect::<Vec<_>>().join(", ");
            let kind = ProblemKind::UnknownDetail { key: key.to_owned(), known };
            problems.push(Problem::error(text.file(), kind));
        }
    }
    in_order(problems)
}

/// Sorts and deduplicates the problems: several keys may share a text.
fn in_order(mut problems: Vec<Problem>) -> Vec<Problem> {
    problems.sort_by(|a, b| (&a.file, a.position).cmp(&(&b.file, b.position)));
    problems.dedup();
    problems
}

fn lint_metadata(tree: &ContentTree, content: &Content, problems: &mut Vec<Problem>) {
    let file = content.description.file();
    let mut warn = |kind| problems.push(Problem::warning(file, kind));
    let config = tree.config();
    if content.impact.level == 0 {
        warn(ProblemKind::UnknownName { field: "impact", name: content.impact.name.clone() });
    }
    if content.resolution_risk.level == 0 {
        warn(ProblemKind::UnknownName {
            field: "resolution_risk",
            name: content.resolution_risk.name.clone(),
        });
    }
    if !(1..=4).contains(&content.likelihood) {
        warn(ProblemKind::Likelihood { likelihood: content.likelihood });
    }
    for tag in &content.tags {
        if config.tags().is_some_and(|known| !known.contains(tag)) {
            warn(ProblemKind::UnknownName { field: "tags", name: tag.clone() });
        }
    }
    let has_group = tree.groups().iter().flat_map(|group| &group.tags).any(|tag| content.tags.contains(tag));
    // A rule without tags is a statistic, which belongs to no category.
    if !has_group && !tree.groups().is_empty() && !content.tags.is_empty() {
        warn(ProblemKind::NoGroup);
    }
}

fn lint_texts(content: &Content, problems: &mut Vec<Problem>) {
    for (name, text) in content.named_texts() {
        let is_needed = !matches!(name, "more_info" | "summary");
        if is_needed && text.is_blank() {
            let file = if text.file().is_empty() { content.description.file() } else { text.file() };
            problems.push(Problem::warning(file, ProblemKind::EmptyText { name }));
        }
        if text.source().contains(char::REPLACEMENT_CHARACTER) {
            problems.push(Problem::warning(text.file(), ProblemKind::NotUtf8));
        }
        if let Ok(template) = text.template() {
            problems.extend(warnings_about_tags(text.file(), text.source(), template));
        }
    }
    if let Some(position) = template::first_tag(content.texts.generic.source()) {
        problems.push(
            Problem::warning(content.texts.generic.file(), ProblemKind::TagInGeneric).at(Some(position)),
        );
    }
    let resolution = &content.texts.resolution;
    let is_actionable = !content.tags.is_empty();
    if is_actionable && !resolution.is_blank() && !has_command(resolution.source()) {
        problems.push(Problem::warning(resolution.file(), ProblemKind::NoCommand));
    }
}

/// Returns whether a text has a code block.
fn has_command(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("```"))
}

/// Returns the words that a text prints in place of a value that is missing or not printable.
fn placeholders_in(text: &str) -> impl Iterator<Item = &'static str> {
    ["undefined", "[object Object]", "NaN", "null"]
        .into_iter()
        .filter(move |placeholder| has_word(text, placeholder))
}

/// Returns whether a text has a word on its own, not as part of another.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: Option<char>| {
        character.is_some_and(|character| character.is_alphanumeric() || character == '_')
    };
    text.match_indices(word).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + word.len()..]);
        !is_part(before.chars().next_back()) && !is_part(after.chars().next())
    })
}

/// Returns the first line with a word, shortened.
fn line_with(text: &str, word: &str) -> String {
    let line = text.lines().find(|line| line.contains(word)).unwrap_or_default();
    line.trim().chars().take(120).collect()
}

#[cfg(test)]
mod tests;
