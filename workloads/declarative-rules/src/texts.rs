//! Checks of the texts in the `content` of a rule.

use std::{collections::BTreeSet, ops::Range};

use ccx_content::{ContentTree, lint_details, lint_template};
use serde_json::Value;

use crate::{
    DeclarativeRule, Position, Problem, Severity,
    format::{ContentDefinition, Definition, Located},
    parse::Source,
    suggest::did_you_mean,
    yaml::offset_in_file,
};

/// A text of a rule and its position in the file.
#[derive(Clone, Debug)]
pub(crate) struct TextPlace {
    /// Name of the field in `content`.
    field: &'static str,
    text: String,
    span: Range<usize>,
}

/// Returns the texts of a rule with their positions.
pub(crate) fn places(content: &ContentDefinition) -> Vec<TextPlace> {
    let ContentDefinition { description, generic, reason, resolution, more_info, .. } = content;
    let fields = [
        ("description", description),
        ("generic", generic),
        ("reason", reason),
        ("resolution", resolution),
        ("more_info", more_info),
    ];
    let place = |(field, text): (&'static str, &Option<Located<String>>)| {
        let Located { value, at, end } = text.as_ref()?;
        Some(TextPlace { field, text: value.clone(), span: *at..*end })
    };
    fields.into_iter().filter_map(place).collect()
}

impl TextPlace {
    /// Replaces the line of the text that a message names by the line of the file.
    fn with_line_of_file(&self, file_text: &str, message: &str) -> String {
        const LINE: &str = "begins in line ";
        let Some((before, after)) = message.split_once(LINE) else { return message.to_owned() };
        let digits = after.find(|character: char| !character.is_ascii_digit()).unwrap_or(after.len());
        let Ok(line) = after[..digits].parse() else { return message.to_owned() };
        let offset = self.offset(file_text, Position { line, column: 1 });
        format!("{before}{LINE}{}{}", Position::from_offset(file_text, offset).line, &after[digits..])
    }

    /// Converts a position in the text to a byte offset in the file.
    fn offset(&self, file_text: &str, Position { line, column }: Position) -> usize {
        let line_start: usize = self.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let in_line = self.text[line_start.min(self.text.len())..].char_indices().nth(column - 1);
        let byte = in_line.map_or(self.text.len(), |(offset, _)| line_start + offset);
        offset_in_file(file_text, &self.span, &self.text, byte)
    }
}

/// Reports the problems of the texts, ratings and tags that can be found without details of a hit.
pub(crate) fn check(source: &mut Source<'_>, definition: &Definition) {
    let Some(content) = &definition.content else { return };
    for place in places(content) {
        for Problem { position, severity, message, .. } in lint_template(source.file, &place.text) {
            let at = position.map_or(place.span.start, |position| place.offset(source.text, position));
            let message =
                format!("`content.{}`: {}", place.field, place.with_line_of_file(source.text, &message));
            match severity {
                Severity::Error => source.error(at, message),
                Severity::Warning => source.warning(at, message),
            }
        }
    }
    for (field, rating) in [("impact", &content.impact), ("likelihood", &content.likelihood)] {
        if rating.is_none() {
            let message =
                format!("the content has no `{field}`, so it counts as 1 (low); give it from 1 to 4");
            source.warning(content.at, message);
        }
    }
    check_tags(source, &content.tags);
}

fn check_tags(source: &mut Source<'_>, tags: &[Located<String>]) {
    let builtin = ContentTree::builtin();
    let Some(known) = builtin.config().tags() else { return };
    for tag in tags.iter().filter(|tag| !known.contains(&tag.value)) {
        let hint = did_you_mean(&tag.value, known.iter().map(String::as_str));
        let all = known.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let hint = if hint.is_empty() { format!("; known are {all}") } else { hint };
        source.warning(tag.at, format!("unknown tag `{}`{hint}", tag.value));
    }
}

impl DeclarativeRule {
    /// Returns the problems of the rule's texts when they are rendered with the details of hits.
    pub(crate) fn rendering_problems<'d>(
        &self,
        details: impl IntoIterator<Item = &'d Value>,
    ) -> Vec<Problem> {
        let Some(tree) = self.content_tree() else { return Vec::new() };
        let Some(content) = tree.contents().next() else { return Vec::new() };
        let problems: BTreeSet<Problem> =
            details.into_iter().flat_map(|details| lint_details(content, details)).collect();
        problems.iter().map(|problem| self.in_file_of_rule(problem)).collect()
    }

    /// Converts a problem of a file of the content tree to one of the file of the rule.
    fn in_file_of_rule(&self, problem: &Problem) -> Problem {
        let name = problem.file.rsplit('/').next().and_then(|name| name.split('.').next());
        let field = name.map_or("", |name| if name == "metadata" { "description" } else { name });
        let text = &self.0.origin.text;
        let place = self.0.texts.iter().find(|place| place.field == field);
        let at = place.map(|place| match problem.position {
            Some(position) if field != "description" => place.offset(text, position),
            _ => place.span.start,
        });
        let position = at.map_or(self.position(), |at| Position::from_offset(text, at));
        Problem {
            file: self.file().to_owned(),
            position: Some(position),
            message: format!("`content.{field}` with the details of a test: {}", problem.message),
            severity: problem.severity,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{RuleFiles, RuleSet};

    fn rule(reason: &str, likelihood: &str, tags: &str) -> String {
        format!(
            "apiVersion: ccx.rules/v1\nid: acme.a\nerror_key: KEY\ninputs: {{v: {{file: config/version.json}}}}\n\
             when: v != null\ndetails:\n  pools: '[{{\"name\": \"a\"}}]'\n\
             content:\n  description: D\n  impact: 1\n{likelihood}  tags: [{tags}]\n  reason: |\n    First line\n    {reason}\n  \
             resolution: R\n\
             tests:\n- {{name: hit, files: {{config/version.json: {{}}}}, expect: hit}}\n- {{name: miss, files: {{}}, expect: miss}}\n"
        )
    }

    fn problems(reason: &str, likelihood: &str, tags: &str) -> Vec<String> {
        let text = rule(reason, likelihood, tags);
        let problems = match RuleSet::new(&RuleFiles::from_texts([("a.yaml", text.as_str())])) {
            Ok(set) => set.warnings().to_vec(),
            Err(rejected) => rejected.problems,
        };
        problems.iter().map(ToString::to_string).collect()
    }

    const LIKELIHOOD: &str = "  likelihood: 2\n";
    const LOOP: &str = "{{~pydata.pools :pool}}- {{=pool.name}}{{~}}";

    #[test]
    fn valid_texts_have_no_problem() {
        assert_eq!(problems(LOOP, LIKELIHOOD, "performance"), [] as [&str; 0]);
    }

    #[test]
    fn unclosed_loop_is_an_error_at_its_place() {
        let reported = problems("{{~pydata.pools :pool}}- {{=pool.name}}", LIKELIHOOD, "performance");
        assert_eq!(reported.len(), 1, "{reported:?}");
        assert!(
            reported[0].starts_with("a.yaml:1")
                && reported[0]
                    .contains("error: `content.reason`: expected {{~}} for what begins in line 15,"),
            "{reported:?}"
        );
    }

    #[test]
    fn misspelt_loop_variable_is_an_error_at_its_line() {
        let reported = problems("{{~pydata.pools :pool}}- {{=pol.name}}{{~}}", LIKELIHOOD, "performance");
        assert!(reported[0].starts_with("a.yaml:15:33:"), "{reported:?}");
        assert!(
            reported[0].contains("error: `content.reason`: unknown name \"pol\", did you mean pool?"),
            "{reported:?}"
        );
    }

    #[test]
    fn misspelt_field_of_a_loop_variable_is_an_error_of_the_test_that_hits() {
        let reported = problems("{{~pydata.pools :pool}}- {{=pool.nmae}}{{~}}", LIKELIHOOD, "performance");
        assert_eq!(
            reported,
            [
                "a.yaml:15:38: error: `content.reason` with the details of a test: it prints undefined: {{=pool.nmae}}"
            ]
        );
    }

    #[test]
    fn missing_likelihood_and_unknown_tags_are_warnings() {
        let reported = problems(LOOP, "", "performnce, mine");
        assert_eq!(reported.len(), 3, "{reported:?}");
        assert!(reported[0].contains("warning: the content has no `likelihood`"), "{reported:?}");
        assert!(
            reported[1].contains("unknown tag `performnce`, did you mean `performance`?"),
            "{reported:?}"
        );
        assert!(reported[2].contains("unknown tag `mine`; known are "), "{reported:?}");
    }
}
