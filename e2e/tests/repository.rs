//! The repository itself: links in the documentation lead to files, its pages are in the book, and the commands
//! of its tutorials succeed.
//!
//! A block ` ```sh ` in a page of [`TUTORIALS`] is run as it is, in an empty folder with the programs in
//! `PATH`. The comment `<!-- file: NAME -->` before any other block writes that block to a file there. Blocks
//! without a language are not run.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::{collections::BTreeSet, env, fs, path::PathBuf, process::Command};

use ccx_e2e::{root, source_files};

/// Pages whose commands are run.
const TUTORIALS: [&str; 2] = ["docs/writing-rules.md", "docs/operator.md"];

/// Returns all Markdown files.
fn pages() -> Vec<String> {
    let pages = source_files("md");
    assert!(pages.contains(&"README.md".into()), "{pages:?}");
    pages
}

#[test]
fn relative_links_lead_to_files() {
    let mut broken = Vec::new();
    for page in pages() {
        let path = root().join(&page);
        let text = fs::read_to_string(&path).unwrap();
        for target in links(&text) {
            let file = target.split('#').next().unwrap_or_default();
            let is_external = target.contains("://") || target.starts_with("mailto:") || file.is_empty();
            // Pages of the book that are generated from files of the root.
            let is_made = page == "docs/SUMMARY.md" && ["architecture.md", "contributing.md"].contains(&file);
            if !is_external && !is_made && !path.parent().unwrap().join(file).exists() {
                broken.push(format!("{page}: {target}"));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

/// Returns the targets of `[text](target)`, outside of code blocks and templates.
fn links(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let mut links = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        for part in line.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            if !target.contains("{{") {
                links.push(target);
            }
        }
    }
    links
}

#[test]
fn every_page_is_in_the_book() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let listed: BTreeSet<&str> = links(&summary).into_iter().collect();
    let is_page = |page: &str| !page.contains('/') && page != "SUMMARY.md";
    let missing: Vec<String> = pages()
        .iter()
        .filter_map(|page| page.strip_prefix("docs/"))
        .filter(|page| is_page(page) && !listed.contains(page))
        .map(str::to_owned)
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// Minimal systems, like images of containers, lack the package procps.
#[test]
fn no_source_starts_a_program_of_procps() {
    let programs = ["free", "kill", "pgrep", "pkill", "ps", "pwdx", "sysctl", "top", "uptime", "watch"];
    let starts: Vec<String> = programs.map(|program| format!("Command::new(\"{program}\")")).into();
    let mut found = Vec::new();
    for file in source_files("rs") {
        let source = fs::read_to_string(root().join(&file)).unwrap();
        found.extend(
            starts.iter().filter(|start| source.contains(*start)).map(|start| format!("{file}: {start}")),
        );
    }
    assert_eq!(found, Vec::<String>::new(), "ccx_test_support::send_signal replaces kill");
}

#[test]
#[ignore = "needs built programs"]
fn commands_of_tutorials_succeed() {
    for page in TUTORIALS {
        let script = script(&fs::read_to_string(root().join(page)).unwrap());
        assert!(script.contains("ccx"), "{page} has no command that is run");
        let folder = tempfile::tempdir().unwrap();
        // Root runs the private PostgreSQL as another user, which needs access to this folder.
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", programs().display(), env::var("PATH").unwrap());
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-xc", &script])
            .current_dir(folder.path())
            .env("PATH", path)
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "{page}:\n{}", text.concat());
    }
}

#[test]
#[ignore = "needs built programs, insights-core"]
fn example_of_a_python_rule_finds_its_fault() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let page = fs::read_to_string(root().join("docs/python-rules.md")).unwrap();
    let example = blocks(&page, "python").next().expect("the page has an example");
    let package = folder.path().join("acme_rules");
    fs::create_dir(&package).unwrap();
    fs::write(package.join("__init__.py"), "").unwrap();
    fs::write(package.join("version_failing.py"), example).unwrap();

    let ccx = programs().join("ccx");
    let run = |arguments: &[&str]| {
        let output = Command::new(&ccx)
            .args(arguments)
            .current_dir(folder.path())
            .env("CCX__INSIGHTS_CORE__PACKAGES", "acme_rules")
            .env("CCX__INSIGHTS_CORE__PYTHON", ccx_test_support::needs::python())
            .env("PYTHONPATH", ".")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["sample-archive", "--fault", "cluster-version-failing", "-o", "archive.tar.gz"]);
    let found = run(&["local", "--once", "archive.tar.gz", "--output", "json"]);
    assert!(found.contains("ACME_VERSION_FAILING"), "{found}");
}

#[test]
#[ignore = "needs built programs"]
fn configurations_in_pages_have_known_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for page in pages().iter().filter(|page| page.starts_with("docs/")) {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for block in blocks(&text, "toml") {
            let file = folder.path().join("ccx.toml");
            fs::write(&file, block).unwrap();
            let output = Command::new(programs().join("ccx"))
                .arg("--config")
                .arg(&file)
                .args(["config", "print"])
                .output();
            let output = output.unwrap();
            assert!(output.status.success(), "{page}: {}", String::from_utf8_lossy(&output.stderr));
            count += 1;
        }
    }
    assert!(count > 2, "{count}");
}

/// Returns the code blocks of a page in a language.
fn blocks<'a>(page: &'a str, language: &str) -> impl Iterator<Item = &'a str> {
    let start = format!("\n```{language}\n");
    let parts: Vec<&str> = page.split(&start).skip(1).collect();
    parts.into_iter().filter_map(|part| part.split("\n```\n").next())
}

/// Returns the folder of the programs that were built with this test.
fn programs() -> PathBuf {
    let folder = env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned();
    for program in ["ccx", "ccx-operator"] {
        assert!(folder.join(program).exists(), "{program} is not built: run `make build`");
    }
    folder
}

/// Returns the commands of a page, with its files written by here-documents.
fn script(page: &str) -> String {
    let mut script = String::new();
    let mut file = None;
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("<!-- file: ") {
            file = name.strip_suffix(" -->");
        } else if let Some(language) = line.strip_prefix("```") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let text = block.join("\n");
            match file.take() {
                Some(name) => script.extend(["cat >", name, " <<'END OF FILE'\n", &text, "\nEND OF FILE\n"]),
                None if language == "sh" => script.extend([&*text, "\n"]),
                None => {}
            }
        }
    }
    script
}

#[test]
fn script_has_marked_files_and_shell_blocks_only() {
    let page = "Text.\n\n```sh\nccx a\n```\n\n```\nccx b\n```\n\n<!-- file: x.yaml -->\n```yaml\na: 1\n```\n";
    assert_eq!(script(page), "ccx a\ncat >x.yaml <<'END OF FILE'\na: 1\nEND OF FILE\n");
}
