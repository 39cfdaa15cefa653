//! Checks of a content tree as a whole: every fault at once, with file and line.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::{
    Config, ContentTree, Files, Group, LoadError, Position, Problem, Severity, lint,
    problem_kind::ProblemKind, tree::load, yaml,
};

/// The keys of `plugin.yaml`; the first ones must be present.
const PLUGIN_KEYS: Keys = Keys { needed: &["python_module", "name"], optional: &["node_id", "product_code"] };

/// The keys of `metadata.yaml`.
const METADATA_KEYS: Keys = Keys {
    needed: &["description", "impact", "likelihood", "publish_date", "status", "tags"],
    optional: &["resolution_risk"],
};

/// The keys of a group in `groups_config.yaml`.
const GROUP_KEYS: Keys = Keys { needed: &["name", "tags"], optional: &["description"] };

struct Keys {
    needed: &'static [&'static str],
    optional: &'static [&'static str],
}

/// The result of a check.
#[derive(Clone, Debug)]
pub struct Checked {
    /// All problems, by file.
    pub problems: Vec<Problem>,
    /// Number of rules' folders.
    pub rules: usize,
    /// Number of error keys with content.
    pub error_keys: usize,
}

/// Checks a tree: all that keeps a rule or text from being shown (errors), and what should be corrected (warnings).
///
/// Files that all rules share do not end the check when they are wrong. Fails when there is no tree at all.
///
/// ```
/// use ccx_content::{Files, check};
///
/// let files: Files = [("config.yaml".to_owned(), "impact: [\n"), ("external/a/plugin.yaml".to_owned(), "nme: A\n")].into_iter().collect();
/// let problems = check(&files)?.problems;
/// assert!(problems.iter().any(|problem| problem.to_string().starts_with("config.yaml:1:")), "{problems:?}");
/// assert!(problems.iter().any(|problem| problem.to_string().starts_with("external/a/plugin.yaml:1:1: warning: unknown key nme")));
/// # Ok::<(), ccx_content::LoadError>(())
/// ```
pub fn check(files: &Files) -> Result<Checked, LoadError> {
    let config_text = files.get(load::CONFIG).ok_or(LoadError::NoConfig)?;
    let mut problems = Vec::new();
    let config = Config::parse(load::CONFIG, config_text);
    let is_configured = config.is_ok();
    let config = config.unwrap_or_else(|problem| {
        problems.push(problem);
        Config::default()
    });
    let groups = Group::parse(load::GROUPS, files.get(load::GROUPS).unwrap_or_default());
    let groups = groups.unwrap_or_else(|problem| {
        problems.push(problem);
        Vec::new()
    });
    let tree = load::load_rules(files, config, groups);
    if tree.rules().is_empty() {
        problems.push(Problem::error(load::CONFIG, ProblemKind::NoRule));
    }
    // Without its names, every name would be unknown.
    let is_about_names = |problem: &Problem| problem.message.ends_with("is not in config.yaml");
    problems.extend(lint(&tree).into_iter().filter(|problem| is_configured || !is_about_names(problem)));
    check_keys(files, &mut problems);
    let mut problems: Vec<Problem> = problems.into_iter().map(|problem| with_line(problem, files)).collect();
    problems.sort_by(|a, b| (&a.file, a.position, a.severity).cmp(&(&b.file, b.position, b.severity)));
    problems.dedup();
    Ok(Checked { problems, rules: tree.rules().len(), error_keys: error_keys(&tree) })
}

fn error_keys(tree: &ContentTree) -> usize {
    tree.contents().count()
}

fn check_keys(files: &Files, problems: &mut Vec<Problem>) {
    for (file, text) in files.iter() {
        let keys = match file.rsplit('/').next() {
            Some(load::PLUGIN) => &PLUGIN_KEYS,
            Some(load::METADATA) => &METADATA_KEYS,
            _ => continue,
        };
        // Loading the tree has reported what is no map.
        let Ok(found) = yaml::parse::<Option<BTreeMap<String, Json>>>(file, text) else { continue };
        let found: BTreeSet<String> = found.unwrap_or_default().into_keys().collect();
        compare(file, text, None, &found, keys, problems);
        if keys.needed.contains(&"publish_date") {
            check_date(file, text, problems);
        }
    }
    let text = files.get(load::GROUPS).unwrap_or_default();
    let groups = yaml::parse::<Option<BTreeMap<String, BTreeMap<String, Json>>>>(load::GROUPS, text);
    for (name, group) in groups.ok().flatten().unwrap_or_default() {
        let found = group.into_keys().collect();
        compare(load::GROUPS, text, Some(&name), &found, &GROUP_KEYS, problems);
    }
}

/// Reports unknown and missing keys of a file, or of one of its sections.
fn compare(
    file: &str,
    text: &str,
    section: Option<&str>,
    found: &BTreeSet<String>,
    keys: &Keys,
    problems: &mut Vec<Problem>,
) {
    let section_at = section.and_then(|section| line_of(text, section));
    for key in found {
        let is_known = keys.needed.iter().chain(keys.optional).any(|known| known == key);
        if !is_known {
            let known = keys.needed.iter().chain(keys.optional).copied().collect::<Vec<_>>().join(", ");
            let kind = ProblemKind::UnknownKey { key: key.clone(), known };
            problems.push(Problem::warning(file, kind).at(section_at.or_else(|| line_of(text, key))));
        }
    }
    for key in keys.needed {
        // Its absence is an error, which loading the tree has reported.
        if !found.contains(*key) && *key != "python_module" {
            let kind = ProblemKind::MissingKey { key };
            problems.push(Problem::warning(file, kind).at(section_at.or(Some(Position::START))));
        }
    }
}

/// Reports a date that clients can't parse; they show none then.
fn check_date(file: &str, text: &str, problems: &mut Vec<Problem>) {
    #[derive(Default, serde::Deserialize)]
    #[serde(default)]
    struct Dated {
        publish_date: Option<String>,
    }
    let dated = yaml::parse::<Option<Dated>>(file, text).ok().flatten().unwrap_or_default();
    let Some(date) = dated.publish_date else { return };
    let form = "dddd-dd-dd";
    let has_form = |(character, form): (char, char)| match form {
        'd' => character.is_ascii_digit(),
        form => character == form,
    };
    if date.len() < form.len() || !date.chars().zip(form.chars()).all(has_form) {
        let at = line_of(text, "publish_date");
        problems.push(Problem::warning(file, ProblemKind::Date { date }).at(at));
    }
}

/// Adds the line of the key to a problem of a YAML file that names one but has no position.
fn with_line(problem: Problem, files: &Files) -> Problem {
    let is_yaml = problem.file.rsplit_once('.').is_some_and(|(_, extension)| extension == "yaml");
    if problem.position.is_some() || !is_yaml {
        return problem;
    }
    let Some(text) = files.get(&problem.file) else { return problem };
    let key = problem.message.split([':', ' ']).next().unwrap_or_default();
    let is_template = problem.severity == Severity::Error && line_of(text, key).is_none();
    let key = if is_template { "description" } else { key };
    let position = line_of(text, key).or(Some(Position::START));
    problem.at(position)
}

/// Returns the place of a key at the beginning of a line.
fn line_of(text: &str, key: &str) -> Option<Position> {
    let line = text.lines().position(|line| {
        let line = line.trim_start_matches(['"', '\'']);
        let rest = line.strip_prefix(key).map(|rest| rest.trim_start_matches(['"', '\'']).trim_start());
        rest.is_some_and(|rest| rest.starts_with(':'))
    });
    line.map(|line| Position { line: line + 1, column: 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(changes: &[(&str, Option<&str>)]) -> Files {
        let mut files: BTreeMap<String, String> = [
            (
                "config.yaml",
                "impact: {Data Loss: 4}\nresolution_risk: {Pod Restart: 2}\ntags: {topic: [x, y]}\n",
            ),
            ("groups_config.yaml", "a:\n  name: A\n  tags: [x]\n"),
            ("external/rules/a/plugin.yaml", "name: A\npython_module: acme.a\n"),
            ("external/rules/a/generic.md", "G"),
            ("external/rules/a/reason.md", "R {{=pydata.name}}"),
            ("external/rules/a/resolution.md", "1. Check:\n\n   ```\n   oc get nodes\n   ```\n"),
            (
                "external/rules/a/KEY/metadata.yaml",
                "description: D\nimpact: Data Loss\nlikelihood: 3\nresolution_risk: Pod Restart\n\
                 publish_date: '2026-01-02 03:04:05'\nstatus: active\ntags: [x]\n",
            ),
        ]
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into();
        for (path, text) in changes {
            match text {
                Some(text) => drop(files.insert((*path).to_owned(), (*text).to_owned())),
                None => drop(files.remove(*path)),
            }
        }
        files.into_iter().collect()
    }

    fn problems(changes: &[(&str, Option<&str>)]) -> Vec<String> {
        let checked = check(&files(changes)).unwrap();
        checked.problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn complete_tree_has_no_problem() {
        assert_eq!(problems(&[]), [] as [&str; 0]);
        let checked = check(&files(&[])).unwrap();
        assert_eq!((checked.rules, checked.error_keys), (1, 1));
    }

    #[test]
    fn faults_of_a_rule_are_reported_with_their_lines() {
        let metadata = "description: '{{=pydata.a'\nimpcat: Data Loss\nlikelihood: 7\nresolution_risk: Luck\n\
                        publish_date: soon\ntags:\n  - z\n";
        let found = problems(&[("external/rules/a/KEY/metadata.yaml", Some(metadata))]);
        for (line, message) in [
            (1, "{{ begins a tag that is not closed"),
            (1, "missing key impact"),
            (1, "missing key status"),
            (2, "unknown key impcat"),
            (3, "likelihood: 7 is not between"),
            (4, "resolution_risk: \"Luck\" is not in config.yaml"),
            (5, "publish_date: \"soon\""),
            (6, "tags: \"z\" is not in config.yaml"),
        ] {
            let prefix = format!("external/rules/a/KEY/metadata.yaml:{line}:");
            let is_found = |text: &&String| text.starts_with(&prefix) && text.contains(message);
            assert!(found.iter().any(|text| is_found(&text)), "{line} {message}: {found:#?}");
        }
    }

    #[test]
    fn files_of_all_rules_do_not_end_the_check() {
        let found = problems(&[
            ("config.yaml", Some("impact: {A: many}\n")),
            ("groups_config.yaml", Some("a:\n  nme: A\n")),
            ("external/rules/a/reason.md", Some("{{=node.name}}")),
        ]);
        assert!(
            found.iter().any(|text| text.starts_with("config.yaml:1:") && text.contains("error")),
            "{found:#?}"
        );
        assert!(found.iter().any(|text| text.starts_with("groups_config.yaml:")), "{found:#?}");
        assert!(
            found.iter().any(|text| text.starts_with("external/rules/a/reason.md:1:4: error")),
            "{found:#?}"
        );
        assert!(!found.iter().any(|text| text.contains("not in config.yaml")), "{found:#?}");
    }

    #[test]
    fn unknown_key_of_a_group_is_reported_at_the_group() {
        let found = problems(&[(
            "groups_config.yaml",
            Some("a:\n  name: A\n  tags: [x]\nb:\n  name: B\n  tag: [y]\n"),
        )]);
        assert!(
            found.iter().any(|text| text.starts_with("groups_config.yaml:4:1: warning: unknown key tag")),
            "{found:#?}"
        );
        assert!(
            found.iter().any(|text| text.starts_with("groups_config.yaml:4:1: warning: missing key tags")),
            "{found:#?}"
        );
    }

    #[test]
    fn duplicate_and_rule_without_content_are_errors() {
        let found = problems(&[
            ("external/rules/b/plugin.yaml", Some("name: B\npython_module: acme.a\n")),
            ("external/rules/b/generic.md", Some("G")),
            ("external/rules/b/reason.md", Some("R")),
            ("external/rules/b/KEY/metadata.yaml", Some("description: D\n")),
            ("external/rules/c/plugin.yaml", Some("name: C\npython_module: acme.c\n")),
        ]);
        let is_error = |file: &str, message: &str| {
            found
                .iter()
                .any(|text| text.starts_with(file) && text.contains("error: ") && text.contains(message))
        };
        assert!(is_error("external/rules/b/KEY/metadata.yaml", "already has content"), "{found:#?}");
        assert!(is_error("external/rules/c", "has no error key"), "{found:#?}");
    }

    #[test]
    fn tree_without_a_rule_or_configuration_is_none() {
        let only_config: Files = [("config.yaml".to_owned(), "impact: {}\n")].into_iter().collect();
        assert!(check(&only_config).unwrap().problems[0].message.contains("no rule"));
        assert!(matches!(check(&files(&[("config.yaml", None)])), Err(LoadError::NoConfig)));
    }
}
