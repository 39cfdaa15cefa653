use super::*;
use crate::{Publication, Rating, Text, Texts};

/// Returns the files of one valid rule with one key. `Some` adds or replaces a file, `None` removes it.
fn files(changes: &[(&str, Option<&'static str>)]) -> Files {
    let mut files: BTreeMap<&str, &'static str> = BTreeMap::from([
        ("config.yaml", "impact: {Data Loss: 4}\nresolution_risk: {Pod Restart: 2}\n"),
        ("external/rules/a/plugin.yaml", "name: A\npython_module: acme.a\n"),
        ("external/rules/a/generic.md", "generic of the rule"),
        ("external/rules/a/reason.md", "reason of the rule"),
        (
            "external/rules/a/KEY/metadata.yaml",
            "description: D\nimpact: Data Loss\nlikelihood: 3\ntags: [x]\n",
        ),
    ]);
    for &(path, text) in changes {
        match text {
            Some(text) => files.insert(path, text),
            None => files.remove(path),
        };
    }
    files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect()
}

fn load(changes: &[(&str, Option<&'static str>)]) -> ContentTree {
    ContentTree::load(&files(changes)).unwrap()
}

fn find<'a>(tree: &'a ContentTree, selector: &str) -> Option<&'a Content> {
    tree.find(&selector.parse().unwrap())
}

/// Returns the problems of all rules in the form that a user reads.
fn problems(tree: &ContentTree) -> Vec<String> {
    tree.rules().iter().flat_map(|status| &status.problems).map(ToString::to_string).collect()
}

#[test]
fn key_has_the_values_of_its_files() {
    let tree = load(&[(
        "external/rules/a/KEY/metadata.yaml",
        Some(
            "description: D\nimpact: Data Loss\nlikelihood: 3\nresolution_risk: Pod Restart\nstatus: inactive\n\
              publish_date: '2020-04-08 00:42:00'\ntags:\n- x\n- y\nunknown: 1\n",
        ),
    )]);
    assert_eq!(problems(&tree), [] as [&str; 0]);
    let content = find(&tree, "acme.a|KEY").unwrap();
    assert_eq!(content.plugin.name, "A");
    assert_eq!(&*content.section, "external");
    assert_eq!(content.description.source(), "D");
    assert_eq!((content.impact.name.as_str(), content.impact.level), ("Data Loss", 4));
    assert_eq!((content.resolution_risk.name.as_str(), content.resolution_risk.level), ("Pod Restart", 2));
    assert_eq!(content.publication, Publication::Inactive);
    assert_eq!(content.publish_date, "2020-04-08 00:42:00");
    assert_eq!(content.tags, ["x", "y"]);
}

#[test]
fn total_risk_is_rounded_down() {
    let content = find(&load(&[]), "acme.a|KEY").unwrap().clone();
    assert_eq!(content.total_risk(), 3);
    let worst =
        Content { likelihood: 255, impact: Rating { level: 255, ..content.impact.clone() }, ..content };
    assert_eq!(worst.total_risk(), 255);
}

#[test]
fn empty_metadata_has_defaults() {
    let tree = load(&[("external/rules/a/KEY/metadata.yaml", Some("# later\n"))]);
    let content = find(&tree, "acme.a|KEY").unwrap();
    assert_eq!((content.impact.level, content.likelihood, content.total_risk()), (0, 0, 0));
    assert_eq!(content.publication, Publication::Active);
    assert_eq!(content.tags, [] as [&str; 0]);
}

#[test]
fn text_of_key_overrides_text_of_rule() {
    let tree = load(&[
        ("external/rules/a/KEY/generic.md", Some("generic of the key")),
        ("external/rules/a/KEY/reason.md", Some(" \n")),
    ]);
    let Texts { generic, reason, resolution, .. } = &find(&tree, "acme.a|KEY").unwrap().texts;
    assert_eq!((generic.source(), generic.file()), ("generic of the key", "external/rules/a/KEY/generic.md"));
    assert_eq!((reason.source(), reason.file()), ("reason of the rule", "external/rules/a/reason.md"));
    assert_eq!(resolution, &Text::default());
}

#[test]
fn mandatory_text_in_either_folder_is_accepted() {
    let tree = load(&[
        ("external/rules/a/generic.md", None),
        ("external/rules/a/reason.md", None),
        ("external/rules/a/KEY/generic.md", Some("generic")),
        ("external/rules/a/KEY/reason.md", Some("reason")),
    ]);
    assert_eq!(problems(&tree), [] as [&str; 0]);
}

#[test]
fn rule_at_any_depth_is_found() {
    let tree = load(&[
        ("ocs/deep/er/b/plugin.yaml", Some("python_module: acme.b")),
        ("ocs/deep/er/b/generic.md", Some("g")),
        ("ocs/deep/er/b/reason.md", Some("r")),
        ("ocs/deep/er/b/KEY/metadata.yaml", Some("description: B")),
    ]);
    let content = find(&tree, "acme.b|KEY").unwrap();
    assert_eq!((content.description.source(), &*content.section), ("B", "ocs"));
}

#[test]
fn rule_in_the_root_is_external() {
    let tree = load(&[
        ("b/plugin.yaml", Some("python_module: acme.b")),
        ("b/generic.md", Some("g")),
        ("b/reason.md", Some("r")),
        ("b/KEY/metadata.yaml", Some("description: B")),
    ]);
    assert_eq!(&*find(&tree, "acme.b|KEY").unwrap().section, "external");
}

#[test]
fn rule_within_a_rule_is_ignored() {
    let tree = load(&[("external/rules/a/KEY/plugin.yaml", Some("python_module: acme.other"))]);
    assert_eq!(tree.rules().len(), 1);
    assert_eq!(tree.contents().count(), 1);
}

#[test]
fn problem_of_any_kind_names_its_file() {
    let problem = |path: &'static str, text| problems(&load(&[(path, text)])).join("; ");
    assert_eq!(
        problem("external/rules/a/reason.md", None),
        "external/rules/a/KEY/reason.md: error: the file is missing, here and in the folder of the rule"
    );
    assert_eq!(
        problem("external/rules/a/plugin.yaml", None),
        "external/rules/a/plugin.yaml: error: the file is missing"
    );
    assert_eq!(
        problem("external/rules/a/KEY/metadata.yaml", None),
        "external/rules/a: error: the rule has no error key: a folder <ERROR_KEY> with a metadata.yaml is needed"
    );
    assert_eq!(
        problem("external/rules/a/images/legend.md", Some("no key")),
        "external/rules/a/images/metadata.yaml: error: the file is missing"
    );
    assert_eq!(
        problem("external/rules/a/MY-KEY/metadata.yaml", Some("")),
        "external/rules/a/MY-KEY: error: unable to use the folder's name as error key: \
         \"MY-KEY\" is not an error key (letters, digits and _)"
    );
    assert_eq!(
        problem("external/rules/a/plugin.yaml", Some("name: A")),
        "external/rules/a/plugin.yaml: error: python_module is missing: \
         the module of the rule, as it stands before .report in its findings"
    );
    assert_eq!(
        problem("external/rules/a/plugin.yaml", Some("python_module: a b")),
        "external/rules/a/plugin.yaml: error: unable to use it as python_module: \
         \"a b\" is not a rule name (letters, digits, _ and .)"
    );
}

#[test]
fn invalid_yaml_is_a_problem_with_position() {
    let metadata = "description: D\nstatus: bad-status\n";
    let tree = load(&[("external/rules/a/KEY/metadata.yaml", Some(metadata))]);
    let [problem] = &tree.rules()[0].problems[..] else { panic!("{:?}", tree.rules()) };
    assert_eq!(problem.position, Some(crate::Position { line: 2, column: 9 }));
    assert!(problem.to_string().contains("bad-status"), "{problem}");
}

#[test]
fn invalid_template_is_kept_and_is_a_problem_with_position() {
    let tree = load(&[
        ("external/rules/a/reason.md", Some("Found\n{{=pydata.names.map(f)}}\n")),
        ("external/rules/a/OTHER/metadata.yaml", Some("description: '{{=oops}}'\n")),
    ]);
    let [template, headline] = &problems(&tree)[..] else { panic!("{:?}", problems(&tree)) };
    assert!(
        template.starts_with("external/rules/a/reason.md:2:17: error: the method map can't be used"),
        "{template}"
    );
    assert!(
        headline.starts_with("external/rules/a/OTHER/metadata.yaml: error: unknown name \"oops\""),
        "{headline}"
    );
    let reason = &find(&tree, "acme.a|KEY").unwrap().texts.reason;
    assert!(reason.source().contains("map(f)") && reason.template().is_err());
    assert_eq!(tree.rules()[0].state(), RuleState::Broken);
}

#[test]
fn text_is_rendered_with_the_details_of_a_finding() {
    let tree = load(&[("external/rules/a/reason.md", Some("{{~pydata.nodes :node}}{{=node.name}} {{~}}"))]);
    let reason = &find(&tree, "acme.a|KEY").unwrap().texts.reason;
    assert_eq!(reason.render(&serde_json::json!({"nodes": [{"name": "a"}, {"name": "b"}]})).unwrap(), "a b ");
    let error = reason.render(&serde_json::json!({"nodes": [null]})).unwrap_err();
    assert_eq!(error.to_string(), "failed to render external/rules/a/reason.md with these details");
}

#[test]
fn broken_rule_does_not_affect_others() {
    let tree = load(&[
        ("external/rules/b/plugin.yaml", Some("@")),
        ("external/rules/a/OTHER/metadata.yaml", Some("likelihood: often")),
    ]);
    let states: Vec<_> = tree.rules().iter().map(|status| (status.folder.as_str(), status.state())).collect();
    assert_eq!(states, [("external/rules/a", RuleState::Broken), ("external/rules/b", RuleState::Broken)]);
    assert!(find(&tree, "acme.a|KEY").is_some());
}

#[test]
fn duplicate_key_is_a_problem_and_the_first_is_used() {
    let tree = load(&[
        ("external/rules/z/plugin.yaml", Some("python_module: acme.a")),
        ("external/rules/z/KEY/metadata.yaml", Some("description: Z")),
    ]);
    assert_eq!(find(&tree, "acme.a|KEY").unwrap().description.source(), "D");
    assert_eq!(
        problems(&tree),
        [
            "external/rules/z/KEY/metadata.yaml: error: acme.a|KEY already has content in external/rules/a, which is used"
        ]
    );
}

#[test]
fn tree_without_readable_configuration_is_rejected() {
    let load = |changes| ContentTree::load(&files(changes)).map(|_| ()).unwrap_err().to_string();
    assert!(load(&[("config.yaml", None)]).starts_with("config.yaml is missing"));
    assert!(load(&[("config.yaml", Some("impact: {Data Loss: high}"))]).starts_with("config.yaml:1:"));
    assert!(load(&[("groups_config.yaml", Some("a: {}"))]).starts_with("groups_config.yaml:1:"));
}

#[test]
fn empty_tree_is_loaded() {
    let tree = ContentTree::load(&[("config.yaml".to_owned(), "")].into_iter().collect()).unwrap();
    assert_eq!((tree.rules().len(), tree.contents().count(), tree.groups().len()), (0, 0, 0));
}

#[test]
fn upper_tree_takes_precedence_over_lower() {
    let below = load(&[
        ("external/rules/a/MORE/metadata.yaml", Some("description: only below")),
        ("groups_config.yaml", Some("a: {name: A}")),
    ]);
    let above = load(&[("external/rules/a/KEY/metadata.yaml", Some("description: above"))]);
    let digest = above.digest();
    let tree = above.over(&below);
    assert_eq!(find(&tree, "acme.a|KEY").unwrap().description.source(), "above");
    assert_eq!(find(&tree, "acme.a|MORE").unwrap().description.source(), "only below");
    assert_eq!(tree.groups(), below.groups());
    assert!(![digest, below.digest()].contains(&tree.digest()));
    assert_eq!(
        problems(&tree),
        [
            "external/rules/a/KEY/metadata.yaml: warning: acme.a|KEY has content in two trees; this one is used"
        ]
    );
    assert_eq!(tree.rules()[0].state(), RuleState::Loaded);
}

#[test]
fn builtin_tree_has_no_problem() {
    let tree = ContentTree::load(&Files::builtin()).unwrap();
    assert_eq!(problems(&tree), [] as [&str; 0]);
    assert_eq!(tree.contents().count(), 107);
    assert_eq!(tree.groups().len(), 5);
    assert_eq!(find(&tree, "ccx_rules.external.node_not_ready|NODE_NOT_READY").unwrap().total_risk(), 3);
}
